/** What a DTLS listener counts, tells, limits and forgets. */
import { ReplacedError, TimeoutError } from "../common/base/errors.ts";
import { OpenSslError } from "../common/openssl/bindings/errors.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { liveSessions, TlsSession } from "../common/openssl/session.ts";
import { assert, assertEquals, assertRejects } from "../common/testing/assert.ts";
import { FakeClock } from "../common/testing/fake_clock.ts";
import { dtlsContext } from "./lib/connect.ts";
import type { DtlsListener } from "./lib/listen.ts";
import { saidIn } from "../common/testing/stderr.ts";
import { PATIENCE_MS, within } from "../common/testing/within.ts";
import { acceptFrom, connect, listen } from "../common/testing/dtls.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** A good client connects, is answered, and closes. */
async function assertServes(listener: DtlsListener): Promise<void> {
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  await client.send(new Uint8Array(5));
  assertEquals((await within(server.receive()))?.length, 5);
  await within(Promise.all([client.close(), server.close()]));
}

/** A client that does not believe the server, at both ends. */
async function failHandshake(listener: DtlsListener): Promise<unknown> {
  const client = await connect(listener, { caCerts: [] });
  const server = await within(listener.accept());
  await assertRejects(() => within(client.handshake()), OpenSslError);
  const error = await within(server!.handshake().then(() => null, (error) => error));
  await within(Promise.all([client.close(), server!.close()]));
  return error;
}

for (const limit of ["maxSessions", "maxSessionsPerAddress"] as const) {
  Deno.test(`${limit} turns away clients beyond, until one has gone`, async () => {
    using clock = new FakeClock();
    await using listener = await listen({ [limit]: 1 });
    const first = await connect(listener);
    const server = await acceptFrom(listener, first);
    await using second = await connect(listener, { handshakeTimeoutMs: 50 });
    while (listener.counters.refused === 0) await clock.settle();
    await Promise.all([
      assertRejects(() => second.handshake(), TimeoutError),
      clock.advance(50),
    ]);
    assertEquals(listener.counters, {
      ...{ sessions: 1, established: 1, cookies: 1, refused: 1, displaced: 0, errors: 0 },
    });
    // Who is inside does not notice.
    await first.send(new Uint8Array(4));
    assertEquals((await within(server.receive()))?.length, 4);
    await within(Promise.all([first.close(), server.close()]));
    await assertServes(listener);
  });
}

for (const wrong of [0, -1, 1.5, NaN, Infinity]) {
  Deno.test(`listenDtls() refuses maxSessions ${wrong}`, async () => {
    await assertRejects(
      () => listen({ maxSessions: wrong }),
      RangeError,
      "maxSessions must be a whole number",
    );
  });
}

Deno.test("counters count what has happened, and are a copy", async () => {
  await using listener = await listen();
  for (let i = 0; i < 3; i++) await assertServes(listener);
  await failHandshake(listener);
  listener.counters.errors = 7;
  assertEquals(listener.counters, {
    ...{ sessions: 0, established: 3, cookies: 4, refused: 0, displaced: 0, errors: 1 },
  });
});

Deno.test("onError is told of each failed handshake, and of no other client", async () => {
  const told: [unknown, Deno.NetAddr][] = [];
  await using listener = await listen({ onError: (...both) => told.push(both) });
  await assertServes(listener);
  assertEquals(told.length, 0);
  const errors = [await failHandshake(listener), await failHandshake(listener)];
  await assertServes(listener);
  assertEquals(told.map(([error]) => error), errors);
  for (const [error, { transport, hostname, port }] of told) {
    assert(error instanceof OpenSslError && error.message.includes("the peer refused: "));
    assert(transport === "udp" && hostname === "127.0.0.1" && port !== listener.addr.port);
  }
});

Deno.test("onError is not told of a session that fails later", async () => {
  const told: unknown[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  await using listener = await listen({ signal, onError: (error) => told.push(error) });
  await using client = await connect(listener);
  const server = await acceptFrom(listener, client);
  const waiting = server.receive();
  controller.abort();
  await assertRejects(() => within(waiting), DOMException);
  assertEquals([told, listener.counters.errors], [[], 0]);
});

Deno.test("onError that throws, or whose promise rejects, ends no listener", async () => {
  const failures = [() => {
    throw new Error("own");
  }, () => Promise.reject(new Error("own"))];
  for (const onError of failures) {
    await using listener = await listen({ onError });
    const said = await saidIn(async () => {
      await failHandshake(listener);
      await assertServes(listener);
    });
    assertEquals(said, ["netpairs: onError failed: own"]);
  }
});

Deno.test("handshakeTimeoutMs gives up a client that vanishes in the handshake", async () => {
  using clock = new FakeClock();
  await using listener = await listen({ handshakeTimeoutMs: 1000 });
  const client = await connect(listener);
  const server = await listener.accept();
  client.abandon();
  const [error] = await Promise.all([
    assertRejects(() => server!.handshake(), TimeoutError),
    clock.advance(1000),
  ]);
  assertEquals(error.message, "the peer did not answer the handshake in time");
  await clock.settle();
  assertEquals([listener.counters.sessions, listener.counters.errors], [0, 1]);
  await assertServes(listener);
});

Deno.test("idleTimeoutMs frees a client that has fallen silent", async () => {
  using clock = new FakeClock();
  await using listener = await listen({ idleTimeoutMs: 60_000 });
  const live = liveSessions();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  client.abandon();
  const waiting = server.receive();
  await clock.advance(59_000);
  assertEquals(listener.counters.sessions, 1);
  await Promise.all([
    assertRejects(() => waiting, TimeoutError, "the peer was silent too long"),
    clock.advance(1000),
  ]);
  await clock.settle();
  assertEquals([listener.counters.sessions, liveSessions()], [0, live]);
  await assertServes(listener);
});

Deno.test("idleTimeoutMs begins anew with everything that comes", async () => {
  using clock = new FakeClock();
  await using listener = await listen({ idleTimeoutMs: 60_000 });
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  for (let i = 0; i < 3; i++) {
    await clock.advance(50_000);
    await client.send(new Uint8Array(1));
    assertEquals((await server.receive())?.length, 1);
  }
  assertEquals(listener.counters.sessions, 1);
  await Promise.all([client.close(), server.close()]);
});

Deno.test("idleTimeoutMs ends a client's wait for a server that has vanished", async () => {
  using clock = new FakeClock();
  await using listener = await listen();
  const client = await connect(listener, { idleTimeoutMs: 60_000 });
  const server = await acceptFrom(listener, client);
  server.abandon();
  const waiting = client.receive();
  await Promise.all([assertRejects(() => waiting, TimeoutError), clock.advance(60_000)]);
});

Deno.test("a client that begins anew in the midst of its handshake is served at once", async () => {
  const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
  const none = { cert: undefined, key: undefined };
  await using listener = await listen({ ...none, pskLookup: () => psk.key });
  using context = dtlsContext({ psk });
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const step = async (session: TlsSession) => {
    session.handshake();
    const sent: Uint8Array[] = [];
    session.drain((bytes) => sent.push(bytes.slice()));
    for (const bytes of sent) await socket.send(bytes, listener.addr);
    // With keys for certificates, each flight of the server's is one datagram.
    session.feed((await within(socket.receive(new Uint8Array(65_535))))[0]);
  };
  using old = new TlsSession(context);
  for (let steps = 0; steps < 2; steps++) await step(old);
  const first = await within(listener.accept());
  using anew = new TlsSession(context);
  for (let steps = 0; steps < 3; steps++) await step(anew);
  assert(anew.handshake());
  const second = await within(listener.accept());
  await within(second!.handshake());
  await assertRejects(() => first!.handshake(), ReplacedError, "begun a new");
  assertEquals([listener.counters.sessions, listener.counters.errors], [1, 0]);
  second!.abandon();
  socket.close();
});

Deno.test("info tells how long a round trip took", async () => {
  // Nothing is sent again, however long the machine takes.
  const retransmitAfterMs = () => PATIENCE_MS;
  await using listener = await listen({ retransmitAfterMs });
  await using client = await connect(listener, { retransmitAfterMs });
  await using server = await acceptFrom(listener, client);
  for (const { handshake } of [client.info, server.info]) {
    assert(handshake.roundTripMs! > 0 && handshake.retransmissions === 0);
    assert(handshake.datagramsSent > 1 && handshake.datagramsReceived > 1);
  }
});

Deno.test("srtpProfiles agree on the server's first, and both ends have the same keys for it", async () => {
  const srtpProfiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
  await using listener = await listen({ srtpProfiles });
  await using client = await connect(listener, { srtpProfiles: "SRTP_AES128_CM_SHA1_80" });
  await using server = await acceptFrom(listener, client);
  for (const { info } of [client, server]) assertEquals(info.srtpProfile, "SRTP_AES128_CM_SHA1_80");
  const [ours, theirs] = [client, server].map((conn) =>
    conn.exportKeyingMaterial("EXTRACTOR-dtls_srtp", 60)
  );
  assertEquals(ours, theirs);
});

Deno.test("srtpProfile is null where nobody asked for one, and an unknown one is refused", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  await using _server = await acceptFrom(listener, client);
  assertEquals(client.info.srtpProfile, null);
  const unknown = listen({ srtpProfiles: "SRTP_ROT13" });
  await assertRejects(() => unknown, OpenSslError, "Cannot use the srtpProfiles");
});
