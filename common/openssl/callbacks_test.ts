import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "../testing/assert.ts";
import { connectedNet, memoryNet } from "../testing/memory_net.ts";
import { KEY, pskOptions } from "../testing/psk.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions } from "./settings.ts";
import { CallbackError } from "./bindings/calls.ts";
import { OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

function refused(role: "client" | "server", options: object, words: string): void {
  const whole = { role, datagram: true, ...options } as TlsContextOptions;
  assertThrows(() => new TlsContext(whole), RangeError, words);
}

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";

  Deno.test(`alpnProtocols: the server's first that the client offers wins (${protocol})`, async () => {
    using net = await connectedNet({
      datagram,
      client: { alpnProtocols: ["a", "b", "c"] },
      server: { alpnProtocols: ["x", "c", "b"] },
    });
    assertEquals(net.client.session!.info().alpnProtocol, "c");
    assertEquals(net.server.session!.info().alpnProtocol, "c");
  });

  Deno.test(`alpnProtocols: a client that offers only others is refused (${protocol})`, async () => {
    using net = await memoryNet({
      datagram,
      client: { alpnProtocols: ["a"] },
      server: { alpnProtocols: ["b"] },
    });
    net.run();
    assertInstanceOf(net.client.error, OpenSslError);
    assert(net.client.error.message.endsWith("the peer refused: no application protocol"));
    assertInstanceOf(net.server.error, OpenSslError);
  });

  for (const end of ["client", "server"]) {
    Deno.test(`alpnProtocols at the ${end} alone agree on nothing (${protocol})`, async () => {
      using net = await connectedNet({ datagram, [end]: { alpnProtocols: ["a"] } });
      assertEquals(net.client.session!.info().alpnProtocol, null);
      assertEquals(net.server.session!.info().alpnProtocol, null);
    });
  }

  Deno.test(`psk authenticates both ends, and the server learns who it is (${protocol})`, async () => {
    const asked: string[] = [];
    const lookUp = (identity: string) => {
      asked.push(identity);
      return KEY;
    };
    using net = await connectedNet(pskOptions(datagram, lookUp, { identity: "Gerät 7" }));
    assertEquals([...new Set(asked)], ["Gerät 7"]);
    assertEquals(net.client.session!.info().peerCertificate, null);
    net.client.send(new Uint8Array(4));
    net.settle();
    assertEquals(net.server.inbox.map((message) => message.length), [4]);
  });

  Deno.test(`pskLookup refuses an identity with null (${protocol})`, async () => {
    using net = await memoryNet(pskOptions(datagram, () => null));
    net.run();
    assertInstanceOf(net.server.error, OpenSslError);
    assertInstanceOf(net.client.error, OpenSslError);
    assert(net.client.error.message.includes("the peer refused: "), net.client.error.message);
  });

  Deno.test(`pskLookup with another key lets nobody in (${protocol})`, async () => {
    using net = await memoryNet(pskOptions(datagram, () => new Uint8Array(32)));
    net.run();
    assertEquals([net.client.established, net.server.established], [false, false]);
  });

  Deno.test(`pskLookup that throws refuses the client, and is reported (${protocol})`, async () => {
    const thrown = new Error("own");
    using net = await memoryNet(pskOptions(datagram, () => {
      throw thrown;
    }));
    net.run();
    assertInstanceOf(net.server.error, CallbackError);
    assertEquals(net.server.error.cause, thrown);
    assertEquals(net.client.established, false);
  });

  for (const length of [0, 65]) {
    Deno.test(`pskLookup with a key of ${length} bytes is reported (${protocol})`, async () => {
      using net = await memoryNet(pskOptions(datagram, () => new Uint8Array(length)));
      net.run();
      assertEquals(net.server.established, false);
      assertInstanceOf(net.server.error, CallbackError);
      assertInstanceOf(net.server.error.cause, RangeError);
    });
  }
}

Deno.test("pskHint does not get in the way", async () => {
  using net = await connectedNet(pskOptions(true, () => KEY, { hint: "plant 3" }));
  assert(net.server.established);
});

for (const length of [1, 64]) {
  Deno.test(`psk takes a key of ${length} bytes`, async () => {
    const key = new Uint8Array(length).fill(9);
    using net = await connectedNet(pskOptions(true, () => key, { key }));
    assert(net.server.established);
  });
}

Deno.test("psk takes an identity of 128 bytes", async () => {
  const identity = "é".repeat(64);
  using net = await connectedNet(
    pskOptions(true, (name) => name === identity ? KEY : null, { identity }),
  );
  assert(net.server.established);
});

Deno.test("psk keeps a copy of its key", async () => {
  const key = KEY.slice();
  const options = pskOptions(true, () => KEY, { key });
  using net = await memoryNet(options);
  key.fill(0);
  net.run();
  assert(net.server.established);
});

const WRONG_PSK: [string, Uint8Array, string][] = [
  ["", KEY, "psk.identity must be a text of 1 to 128 bytes, not 0 bytes"],
  ["é".repeat(65), KEY, "psk.identity must be a text of 1 to 128 bytes, not 130 bytes"],
  [
    "a",
    new Uint8Array(0),
    "psk.key must be an ArrayBuffer or a view of one with 1 to 64 bytes, not 0 bytes",
  ],
  ["a", new Uint8Array(65), "with 1 to 64 bytes, not 65 bytes"],
];

for (const [identity, key, words] of WRONG_PSK) {
  Deno.test(`psk is refused with: ${words}`, () => {
    refused("client", { psk: { identity, key } }, words);
  });
}

for (const pskHint of ["", "a".repeat(129)]) {
  Deno.test(`pskHint of ${pskHint.length} bytes is refused`, () => {
    refused(
      "server",
      { pskLookup: () => null, pskHint },
      "pskHint must be a text of 1 to 128 bytes",
    );
  });
}

for (const name of ["", "a".repeat(256)]) {
  for (const role of ["client", "server"] as const) {
    Deno.test(`alpnProtocols of ${name.length} bytes are refused (${role})`, () => {
      refused(
        role,
        { alpnProtocols: ["a", name] },
        "alpnProtocols[1] must be a text of 1 to 255 bytes",
      );
    });
  }
}

Deno.test("retransmitAfterMs that throws fails the handshake", async () => {
  const thrown = new Error("own");
  const retransmitAfterMs = () => {
    throw thrown;
  };
  using net = await memoryNet({ client: { retransmitAfterMs } });
  net.client.advance();
  assertInstanceOf(net.client.error, CallbackError);
  assertEquals(net.client.error.cause, thrown);
});

for (const wrong of [undefined, null, NaN, -1, 0, 15, "1000", Promise.resolve(1000)]) {
  Deno.test(`retransmitAfterMs that returns ${String(wrong)} fails the handshake`, async () => {
    using net = await memoryNet({ client: { retransmitAfterMs: () => wrong as number } });
    net.client.advance();
    assertInstanceOf(net.client.error, CallbackError);
    assertMatch(net.client.error.message, /^retransmitAfterMs failed: .*its result must be/);
  });
}

for (const wrong of [0, 16, "secret", true, [1, 2], {}, () => KEY]) {
  const { name } = wrong.constructor;
  Deno.test(`pskLookup that returns a ${name} refuses the client, and is reported`, async () => {
    using net = await memoryNet(pskOptions(true, () => wrong as Uint8Array));
    net.run();
    assertInstanceOf(net.server.error, CallbackError);
    assertInstanceOf(net.server.error.cause, TypeError);
    assertEquals(net.client.established, false);
  });
}

Deno.test("pskLookup takes every view of a key, and undefined for none", async () => {
  const views = [KEY.buffer, new DataView(KEY.buffer), new Uint16Array(KEY.buffer)];
  for (const view of views) {
    using net = await connectedNet(pskOptions(true, () => view));
    assertEquals(net.server.session!.info().pskIdentity, net.client.session!.info().pskIdentity);
  }
  using net = await memoryNet(pskOptions(true, () => undefined));
  net.run();
  assertEquals(net.server.established, false);
});
