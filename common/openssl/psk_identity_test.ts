import { TimeoutError } from "../base/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { memoryNet } from "../testing/memory_net.ts";
import { KEY, pskOptions } from "../testing/psk.ts";
import { type ProtocolName, PROTOCOLS, ResumptionBench } from "../testing/resumption.ts";
import { CallbackError } from "./bindings/calls.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { TlsContext } from "./context.ts";
import type { PskChoice } from "./psk_settings.ts";
import { identityBytes, identityText, isIdentity } from "./identity.ts";
import { numberAt } from "./session/client_messages.ts";
import type { TlsClientSettings, TlsContextOptions, TlsServerSettings } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

function ends(
  protocol: ProtocolName,
  psk: TlsClientSettings["psk"],
  server: TlsServerSettings,
): ResumptionBench {
  const shared = { datagram: protocol === "DTLS", maxVersion: PROTOCOLS[protocol] };
  return new ResumptionBench(
    { role: "client", ...shared, psk } as TlsContextOptions,
    { role: "server", ...shared, ...server } as TlsContextOptions,
  );
}

Deno.test("identityText() stands for one identity alone, and gives it back", () => {
  const identities = [
    [0x61],
    [0xff],
    [0xc3, 0xa9],
    [0xc3, 0xa9, 0xff],
    [0xef, 0xbb, 0xbf, 0x61],
    [0xef, 0xbf, 0xbd],
    [0xed, 0xb3, 0xbf],
    [0x5c, 0x75, 0x64, 0x63, 0x66, 0x66],
    Array.from({ length: 127 }, (_, i) => i + 1),
    Array.from({ length: 128 }, (_, i) => i + 0x80),
  ].map((bytes) => Uint8Array.from(bytes));
  const texts = identities.map(identityText);
  assertEquals(new Set(texts).size, identities.length);
  assertEquals(texts.map(identityBytes), identities);
  assertEquals(texts.slice(0, 3), ["a", "\udcff", "é"]);
});

Deno.test("isIdentity() refuses a zero byte, none and too many", () => {
  const sizes = [0, 1, 128, 129].map((size) => isIdentity(new Uint8Array(size).fill(1)));
  assertEquals([...sizes, isIdentity(Uint8Array.of(1, 0))], [false, true, true, false, false]);
});

for (const protocol of NAMES) {
  Deno.test(`an identity may be bytes that are no text (${protocol})`, () => {
    const bytes = Uint8Array.from({ length: 128 }, (_, i) => i + 0x80);
    const asked: [string, Uint8Array][] = [];
    const pskLookup: TlsServerSettings["pskLookup"] = (identity, bytes) => {
      asked.push([identity, bytes]);
      return KEY;
    };
    using it = ends(protocol, { identity: bytes, key: KEY }, { pskLookup });
    using session = it.connect().saved!;
    const text = identityText(bytes);
    const second = it.tell({ session });
    assertEquals([second.resumed, second.identities], [true, [text, text]]);
    assertEquals(asked, [[text, bytes], [text, bytes]]);
    assertEquals(second.identityBytes, [bytes, bytes]);
  });

  Deno.test(`an identity of bytes is the text that they are (${protocol})`, () => {
    const pskLookup = (identity: string) => identity === "sensor é" ? KEY : null;
    const identity = new TextEncoder().encode("sensor é");
    for (const form of [identity, identity.buffer, new DataView(identity.buffer)]) {
      using it = ends(protocol, { identity: form, key: KEY }, { pskLookup });
      assertEquals(it.tell().identities, ["sensor é", "sensor é"]);
    }
  });

  Deno.test(`psk is chosen by the server's hint (${protocol})`, () => {
    const hints: (string | null)[] = [];
    const psk: PskChoice = (hint) => {
      hints.push(hint);
      return { identity: `of ${hint}`, key: KEY };
    };
    using it = ends(protocol, psk, { pskLookup: () => KEY, pskHint: "plant 2" });
    const hint = protocol === "TLS 1.3" ? null : "plant 2";
    assertEquals(it.tell().identities, [`of ${hint}`, `of ${hint}`]);
    assertEquals(hints, [hint]);
    using without = ends(protocol, psk, { pskLookup: () => KEY });
    assertEquals(without.tell().identities, ["of null", "of null"]);
  });

  Deno.test(`psk that chooses none for the hint refuses the server (${protocol})`, () => {
    for (const none of [null, undefined]) {
      using it = ends(protocol, () => none, { pskLookup: () => KEY });
      const { established, error } = it.tell();
      assertEquals([established, error instanceof CallbackError], [false, false]);
      if (protocol !== "TLS 1.3") {
        assertEquals(
          (error as Error).message,
          "Cannot complete the handshake: psk has chosen no identity for the server's hint",
        );
      }
    }
  });

  Deno.test(`psk that throws, or returns what is none, fails the handshake (${protocol})`, () => {
    const thrown = new Error("own");
    const throwing = () => {
      throw thrown;
    };
    using it = ends(protocol, throwing, { pskLookup: () => KEY });
    const { error, established } = it.tell();
    assertInstanceOf(error, CallbackError);
    assertEquals([error.cause, established], [thrown, false]);
    const wrong = [
      1,
      "secret",
      KEY,
      { identity: "a" },
      { identity: 1, key: KEY },
      Promise.resolve(),
    ];
    for (const result of [...wrong, { identity: "a\0", key: KEY }, { identity: "a", key: "" }]) {
      using it = ends(protocol, (() => result) as unknown as PskChoice, { pskLookup: () => KEY });
      const { error } = it.tell();
      assertInstanceOf(error, CallbackError);
      assert(error.cause instanceof TypeError || error.cause instanceof RangeError);
    }
  });

  Deno.test(`a session of a psk that was chosen is resumed in its own context alone (${protocol})`, () => {
    let identity = "first";
    const psk: PskChoice = () => ({ identity, key: KEY });
    using it = ends(protocol, psk, { pskLookup: () => KEY });
    using session = it.connect().saved!;
    identity = "second";
    const again = it.tell({ session });
    assertEquals([again.resumed, again.identities], [true, ["first", "first"]]);
    assertEquals(it.tell({ session, context: it.client({ psk }) }).resumed, false);
  });

  Deno.test(`a wrong key is what either end says (${protocol})`, async () => {
    const options = pskOptions(protocol === "DTLS", () => new Uint8Array(16), {
      identity: "sensor\u20287",
    });
    const maxVersion = PROTOCOLS[protocol];
    using net = await memoryNet({
      ...options,
      client: { ...options.client, maxVersion },
      server: { ...options.server, maxVersion },
    });
    net.run();
    const words =
      'the client\'s key for the identity "sensor\\u20287" is not the one that is known here';
    if (protocol === "DTLS") {
      // Anybody can have sent what cannot be read: it ends nothing.
      assertEquals([net.server.error, net.client.error], [null, null]);
      const error = net.server.session!.timeoutError();
      assertInstanceOf(error, TimeoutError);
      assertEquals(
        error.message,
        `the peer did not answer the handshake in time: what it sent could not be deciphered; ${words}`,
      );
      return;
    }
    const errors = [net.server.error, net.client.error].map((error) => (error as Error).message);
    assertEquals(errors[0], `Cannot complete the handshake: ${words}`);
    assert(
      errors[1]!.endsWith('; the server may have another key for the identity "sensor\\u20287"'),
      errors[1],
    );
  });
}

Deno.test("DTLS whose Finished is lost is not said to have a wrong key", async () => {
  using net = await memoryNet(pskOptions(true, () => KEY));
  net.passes = ({ from, bytes }) => from === "server" || bytes.length < 60 || bytes[13] === 1;
  net.run();
  const { message } = net.server.session!.timeoutError();
  assert(!message.includes("deciphered"), message);
});

Deno.test("psk.identity is refused with a zero byte, of any kind, and where it is too long", () => {
  const make = (identity: unknown) => () =>
    new TlsContext({
      role: "client",
      datagram: true,
      psk: { identity: identity as string, key: KEY },
    });
  const wrong = [Uint8Array.of(1, 0), new Uint8Array(0), new Uint8Array(129).fill(1), "a\0", ""];
  for (const identity of wrong) assertThrows(make(identity), RangeError, "psk.identity must");
  for (const identity of [1, null, () => "a", [1]]) {
    assertThrows(make(identity), TypeError, "psk.identity must be a text of 1 to 128 bytes, or");
  }
});

/** A ClientHello's record whose last extension, pre_shared_key, has other identities, of 3 bytes each. */
function withIdentities(hello: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const bodyAt = 9;
  const suitesAt = bodyAt + 35 + hello[bodyAt + 34]!;
  const methodsAt = suitesAt + 2 + numberAt(hello, suitesAt, 2);
  const extensionsAt = methodsAt + 1 + hello[methodsAt]!;
  let at = extensionsAt + 2;
  while (numberAt(hello, at, 2) !== 41) at += 4 + numberAt(hello, at + 2, 2);
  const two = (value: number) => [value >> 8, value & 0xff];
  const identities = Array.from({ length: count }, (_, i) => {
    const name = [33 + i % 90, 33 + Math.floor(i / 90), 33];
    return [...two(name.length), ...name, 0, 0, 0, 0];
  }).flat();
  const extension = [...two(41), ...two(2 + identities.length), ...two(identities.length)];
  const changed = [...hello.subarray(0, at), ...extension, ...identities];
  changed.splice(3, 2, ...two(changed.length - 5));
  changed.splice(6, 3, 0, ...two(changed.length - 9));
  changed.splice(extensionsAt, 2, ...two(changed.length - extensionsAt - 2));
  return Uint8Array.from(changed);
}

Deno.test("pskLookup is asked for few of the identities that a hello has room for", async () => {
  const asked: string[] = [];
  const pskLookup = (identity: string) => (asked.push(identity), null);
  using net = await memoryNet(pskOptions(false, pskLookup));
  net.passes = () => false;
  net.run();
  net.deliver({ from: "client", bytes: withIdentities(net.sent[0]!.bytes, 1500) });
  assertEquals([asked.length, asked.at(-1)], [16, "0!!"]);
  assert(net.server.error !== null);
});
