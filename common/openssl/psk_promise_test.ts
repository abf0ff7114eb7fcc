import { assert, assertEquals, assertInstanceOf, assertMatch } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { type MemoryNet, memoryNet } from "../testing/memory_net.ts";
import { KEY, pskOptions } from "../testing/psk.ts";
import { type ProtocolName, PROTOCOLS } from "../testing/resumption.ts";
import { saidIn } from "../testing/stderr.ts";
import { CallbackError } from "./bindings/calls.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { PskKey } from "./psk_settings.ts";
import type { TlsServerSettings } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

type LookUp = NonNullable<TlsServerSettings["pskLookup"]>;

/** A promise that a test settles, and the network whose server waits for it. */
async function waitingNet(
  protocol: ProtocolName,
  more: { mtu?: number; identity?: string } = {},
): Promise<{ net: MemoryNet; asked: string[] } & PromiseWithResolvers<PskKey>> {
  const promised = Promise.withResolvers<PskKey>();
  const asked: string[] = [];
  const lookUp: LookUp = (identity) => (asked.push(identity), promised.promise);
  const net = await protocolNet(protocol, lookUp, more);
  net.run();
  return { net, asked, ...promised };
}

function protocolNet(
  protocol: ProtocolName,
  lookUp: LookUp,
  { mtu, identity }: { mtu?: number; identity?: string } = {},
): Promise<MemoryNet> {
  const options = pskOptions(protocol === "DTLS", lookUp, { identity });
  const maxVersion = PROTOCOLS[protocol];
  return memoryNet({
    ...options,
    mtu,
    client: { ...options.client, maxVersion },
    server: { ...options.server, maxVersion },
  });
}

/** Lets the server go on when it may. */
async function goOn(net: MemoryNet): Promise<void> {
  await net.server.session!.waiting;
  net.server.advance();
  net.settle();
}

for (const protocol of NAMES) {
  Deno.test(`a key that is promised is waited for, and asked for once (${protocol})`, async () => {
    const { net, asked, resolve } = await waitingNet(protocol);
    using _net = net;
    assertEquals([net.server.established, net.server.session!.timeoutMs()], [false, null]);
    const { waiting } = net.server.session!;
    net.server.advance();
    assert(waiting !== null && waiting === net.server.session!.waiting);
    resolve(KEY);
    await goOn(net);
    assertEquals([net.server.error, net.client.established, net.server.established], [
      null,
      true,
      true,
    ]);
    assertEquals(asked, ["sensor-7"]);
    assertEquals(net.server.session!.info().pskIdentity, "sensor-7");
    assertEquals(net.server.session!.waiting, null);
  });

  Deno.test(`a promise of no key refuses the client (${protocol})`, async () => {
    const { net, resolve } = await waitingNet(protocol);
    using _net = net;
    resolve(null);
    await goOn(net);
    assertEquals(net.server.established, false);
    assert(net.server.error instanceof Error && !(net.server.error instanceof CallbackError));
  });

  for (const wrong of ["secret", new Uint8Array(65), 7] as unknown as PskKey[]) {
    Deno.test(`a promise of ${typeof wrong} fails the handshake (${protocol})`, async () => {
      const { net, resolve } = await waitingNet(protocol);
      using _net = net;
      resolve(wrong);
      await goOn(net);
      assertInstanceOf(net.server.error, CallbackError);
      assertMatch(net.server.error.message, /^pskLookup failed: .*its result must be/);
      assertEquals(net.client.established, false);
    });
  }

  Deno.test(`a promise that rejects fails the handshake with its reason (${protocol})`, async () => {
    const { net, reject } = await waitingNet(protocol);
    using _net = net;
    const reason = new Error("the database is away");
    reject(reason);
    await goOn(net);
    assertInstanceOf(net.server.error, CallbackError);
    assertEquals(net.server.error.cause, reason);
    assertEquals(net.client.established, false);
  });

  for (const end of ["close", "fail"] as const) {
    Deno.test(`${end}() ends the wait, and a late answer is disregarded (${protocol})`, async () => {
      const { net, resolve } = await waitingNet(protocol);
      using _net = net;
      const session = net.server.session!;
      const { waiting } = session;
      session[end]();
      await waiting;
      resolve(KEY);
      await Promise.resolve();
      assertEquals([session.waiting, session.established], [null, false]);
    });

    Deno.test(`what rejects after ${end}() is written to stderr (${protocol})`, async () => {
      const { net, reject } = await waitingNet(protocol);
      using _net = net;
      const said = await saidIn(async () => {
        net.server.session![end]();
        reject(new Error("too late"));
        await new Promise((go) => setTimeout(go));
      });
      assertEquals(said, ["netpairs: pskLookup failed: too late"]);
    });
  }

  Deno.test(`an identity of 128 bytes is read ahead from short datagrams (${protocol})`, async () => {
    const identity = "é".repeat(64);
    const mtu = protocol === "DTLS" ? 256 : undefined;
    const { net, asked, resolve } = await waitingNet(protocol, { mtu, identity });
    using _net = net;
    resolve(KEY);
    await goOn(net);
    assertEquals([net.server.established, asked], [true, [identity]]);
  });

  Deno.test(`a client without a key is not waited for (${protocol})`, async () => {
    const { ca, server, client } = await testCertificates();
    const asked: string[] = [];
    const pskLookup: LookUp = (identity) => (asked.push(identity), new Promise(() => {}));
    const maxVersion = PROTOCOLS[protocol];
    using net = await memoryNet({
      datagram: protocol === "DTLS",
      client: { ...client, caCerts: [ca], maxVersion },
      server: { ...server, caCerts: [ca], pskLookup, maxVersion },
    });
    net.run();
    assertEquals([net.server.established, asked], [true, []]);
  });
}

Deno.test("TLS that comes byte by byte is read ahead, too", async () => {
  for (const protocol of ["TLS 1.2", "TLS 1.3"] as const) {
    using net = await protocolNet(protocol, () => Promise.resolve(KEY));
    const { server, client } = net;
    net.passes = ({ from }) => from === "server";
    const deliver = async () => {
      for (const { from, bytes } of net.sent.splice(0)) {
        for (const byte of from === "client" ? bytes : []) {
          server.session!.feed(Uint8Array.of(byte));
          server.advance();
          await server.session!.waiting;
        }
        server.advance();
      }
      net.settle();
    };
    client.advance();
    for (let i = 0; i < 5; i++) await deliver();
    assertEquals([server.error, server.established], [null, true], protocol);
  }
});

Deno.test("datagrams that come while a DTLS server waits are used, as far as they are few", async () => {
  const promised = Promise.withResolvers<PskKey>();
  using net = await protocolNet("DTLS", () => promised.promise);
  net.run();
  const flight = net.sent.filter(({ from }) => from === "client").at(-1)!;
  for (let i = 0; i < 100; i++) net.deliver({ from: "client", bytes: flight.bytes.slice() });
  promised.resolve(KEY);
  await goOn(net);
  assertEquals([net.server.error, net.server.established], [null, true]);
});
