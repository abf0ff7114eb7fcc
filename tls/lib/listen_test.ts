import { TimeoutError } from "../../common/base/errors.ts";
import { OpenSslError } from "../../common/openssl/bindings/errors.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { PemError } from "../../common/pem/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { integerBetween, seededRandom } from "../../common/testing/fake_random.ts";
import { ResettingRelay } from "../../common/testing/resetting_relay.ts";
import type { TlsConn } from "./conn.ts";
import { connectTls } from "./connect.ts";
import { listenTls, type TlsListener } from "./listen.ts";
import type { ListenTlsOptions } from "./settings.ts";
import { saidIn } from "../../common/testing/stderr.ts";
import { within } from "../../common/testing/within.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

async function listen(options: Partial<ListenTlsOptions> = {}): Promise<TlsListener> {
  const { server } = await testCertificates();
  return listenTls({ hostname: "127.0.0.1", port: 0, ...server, ...options });
}

async function connect(listener: TlsListener): Promise<TlsConn> {
  const { ca } = await testCertificates();
  return connectTls({ port: listener.addr.port, caCerts: [ca] });
}

/** A server's end; `using` leaves its client without a word, so that no test waits for one. */
async function acceptFrom(listener: TlsListener, client: TlsConn): Promise<TlsConn & Disposable> {
  const [server] = await within(Promise.all([listener.accept(), client.handshake()]));
  await within(server!.handshake());
  return Object.assign(server!, { [Symbol.dispose]: () => server!.abandon() });
}

/** A good client connects, and is answered. */
async function assertServes(listener: TlsListener): Promise<void> {
  await using client = await connect(listener);
  const server = await acceptFrom(listener, client);
  await client.write(new Uint8Array(5));
  assertEquals(await within(server.read(new Uint8Array(8))), 5);
  await within(Promise.all([client.close(), server.close()]));
}

/** What a listener tells of a client that is none: its error, and where the client was. */
async function refusal(
  options: Partial<ListenTlsOptions>,
  act: (tcp: Deno.TcpConn) => Promise<unknown>,
): Promise<unknown> {
  const told = Promise.withResolvers<[unknown, Deno.NetAddr]>();
  await using listener = await listen({
    ...options,
    onError: (...told_) => told.resolve(told_),
  });
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  try {
    const conn = await within(listener.accept());
    const handshake = conn!.handshake().catch((error) => error);
    await act(tcp);
    const [error, remoteAddr] = await within(told.promise);
    assertEquals(remoteAddr, tcp.localAddr);
    assert(await handshake === error, "the connection says the same");
    assertEquals([listener.counters.errors, listener.counters.sessions], [1, 0]);
    await assertServes(listener);
    return error;
  } finally {
    tcp.close();
  }
}

Deno.test("listenTls() takes a free port where it is told 0", async () => {
  await using listener = await listen();
  assert(listener.addr.port > 0);
  assertEquals([listener.addr.transport, listener.addr.hostname], ["tcp", "127.0.0.1"]);
});

Deno.test("listenTls() refuses a port that is in use, and leaves nothing open", async () => {
  await using listener = await listen();
  await assertRejects(() => listen({ port: listener.addr.port }), Deno.errors.AddrInUse, "in use");
});

Deno.test("listenTls() throws at once, before anything is awaited", () => {
  const wrong = { hostname: "127.0.0.1", port: 0, cert: "none", key: "none" };
  assertThrows(() => listenTls(wrong), PemError, "cert");
});

for (const wrong of [0, -1, 1.5, NaN, Infinity]) {
  Deno.test(`listenTls() refuses maxSessions ${wrong}`, async () => {
    await assertRejects(
      () => listen({ maxSessions: wrong }),
      RangeError,
      "maxSessions must be a whole number",
    );
  });
}

Deno.test("listenTls() serves 20 clients at once", async () => {
  const listener = await listen();
  const serving = (async () => {
    const echoes: Promise<void>[] = [];
    for await (const conn of listener) {
      echoes.push(conn.readable.pipeTo(conn.writable).then(() => conn.close()));
    }
    await Promise.all(echoes);
  })();
  await within(Promise.all(Array.from({ length: 20 }, async (_, i) => {
    await using client = await connect(listener);
    const message = new Uint8Array(1000).fill(i);
    await client.write(message);
    await client.closeWrite();
    assertEquals(await new Response(client.readable).bytes(), message);
  })));
  await within(listener.close());
  await within(serving);
  const { sessions, established, refused, errors } = listener.counters;
  assertEquals([sessions, established, refused, errors], [0, 20, 0, 0]);
});

for (const limit of ["maxSessions", "maxSessionsPerAddress"] as const) {
  Deno.test(`${limit} turns away clients beyond, until one has gone`, async () => {
    await using listener = await listen({ [limit]: 1 });
    const first = await connect(listener);
    const server = await acceptFrom(listener, first);
    const second = await connect(listener);
    const accepting = listener.accept();
    await assertRejects(() => within(second.handshake()), Error);
    assertEquals([listener.counters.refused, listener.counters.sessions], [1, 1]);
    second.abandon();
    await within(Promise.all([first.close(), server.close()]));
    const third = await connect(listener);
    const [accepted] = await within(Promise.all([accepting, third.handshake()]));
    await within(accepted!.handshake());
    await within(Promise.all([third.close(), accepted!.close()]));
    assertEquals(listener.counters, {
      ...{ sessions: 0, established: 2, cookies: 0, refused: 1, displaced: 0, errors: 0 },
    });
  });
}

Deno.test("counters is a copy", async () => {
  await using listener = await listen();
  listener.counters.errors = 7;
  assertEquals(listener.counters.errors, 0);
});

Deno.test("a plain-text client is refused, and the listener serves on", async () => {
  const get = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  const error = await refusal({}, (tcp) => tcp.write(get));
  assert(error instanceof OpenSslError);
  assertEquals(error.message, "Cannot complete the handshake: http request");
});

Deno.test("a client that talks nonsense is refused, and the listener serves on", async () => {
  const error = await refusal({}, (tcp) => tcp.write(new Uint8Array(100).fill(99)));
  assert(error instanceof OpenSslError);
});

Deno.test("a silent client is given up, and the listener serves on", async () => {
  using clock = new FakeClock();
  const error = await refusal({ handshakeTimeoutMs: 1000 }, () => clock.advance(1000));
  assert(error instanceof TimeoutError);
  assertEquals(error.message, "the peer did not answer the handshake in time");
});

Deno.test("a client that leaves during the handshake is given up", async () => {
  const error = await refusal({}, (tcp) => tcp.closeWrite());
  assert(error instanceof Deno.errors.UnexpectedEof);
});

Deno.test("onError that throws, or whose promise rejects, ends no listener", async () => {
  const failures = [() => {
    throw new Error("own");
  }, () => Promise.reject(new Error("own"))];
  for (const onError of failures) {
    await using listener = await listen({ onError });
    const said = await saidIn(async () => {
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
      const conn = await within(listener.accept());
      await tcp.write(new Uint8Array(100).fill(99));
      await assertRejects(() => within(conn!.handshake()), OpenSslError);
      tcp.close();
      await assertServes(listener);
    });
    assertEquals(said, ["netpairs: onError failed: own"]);
  }
});

Deno.test("accept() ends with null when the listener is closed", async () => {
  const listener = await listen();
  const waiting = listener.accept();
  await listener.close();
  assertEquals(await within(waiting), null);
  assertEquals(await listener.accept(), null);
});

Deno.test("stopAccepting() ends accept() and lets connections live on", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  using server = await acceptFrom(listener, client);
  const waiting = listener.accept();
  listener.stopAccepting();
  assertEquals(await within(waiting), null);
  await client.write(new Uint8Array(3));
  assertEquals(await within(server.read(new Uint8Array(8))), 3);
});

Deno.test("close() ends every connection in order", async () => {
  const listener = await listen();
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(listener)));
  for (const client of clients) await acceptFrom(listener, client);
  const waiting = clients.map((client) => client.read(new Uint8Array(8)));
  const closing = listener.close();
  assertEquals(await within(Promise.all(waiting)), [null, null, null, null, null]);
  await within(Promise.all([closing, ...clients.map((client) => client.close())]));
  assertEquals(listener.counters.sessions, 0);
});

Deno.test("close() ends a handshake that runs", async () => {
  const errors: unknown[] = [];
  const listener = await listen({ onError: (error) => errors.push(error) });
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const conn = await within(listener.accept());
  const handshake = conn!.handshake();
  await within(Promise.all([
    assertRejects(() => handshake, Deno.errors.BadResource, "closed"),
    listener.close(),
  ]));
  tcp.close();
  assertEquals([errors, listener.counters.errors], [[], 0], "nothing has failed");
});

Deno.test("close() may be called twice, one call after the other or at once", async () => {
  const listener = await listen();
  const client = await connect(listener);
  await acceptFrom(listener, client);
  const closing = [listener.close(), listener.close(), client.close()];
  await within(Promise.all(closing));
  await within(listener.close());
});

Deno.test("a server's aborted signal ends what its connections wait for", async () => {
  const controller = new AbortController();
  await using listener = await listen({ signal: controller.signal });
  await using client = await connect(listener);
  using server = await acceptFrom(listener, client);
  const waiting = server.read(new Uint8Array(8));
  controller.abort();
  await assertRejects(() => within(waiting), DOMException, "aborted");
});

Deno.test("accept() of an aborted listener gives null, and takes no new client", async () => {
  const controller = new AbortController();
  await using listener = await listen({ signal: controller.signal });
  const waiting = listener.accept();
  controller.abort();
  assertEquals(await waiting, null);
  assertEquals(await listener.accept(), null);
});

Deno.test("listen takes no client where its signal was aborted before", async () => {
  await using listener = await listen({ signal: AbortSignal.abort() });
  assertEquals(await listener.accept(), null);
});

Deno.test("accept() refuses a second caller while the first one waits", async () => {
  await using listener = await listen();
  const accepting = listener.accept();
  await assertRejects(() => listener.accept(), Deno.errors.Busy);
  listener.stopAccepting();
  assertEquals(await accepting, null);
});

Deno.test("TlsListener.accept() goes on while connections are reset in the middle", async () => {
  await using listener = await listen({ onError() {} });
  const serving = (async () => {
    for await (const conn of listener) {
      const echo = conn.readable.pipeTo(conn.writable);
      echo.catch(() => {}).finally(() => conn.abandon());
    }
  })();
  const { ca } = await testCertificates();
  const random = seededRandom();
  {
    const after = () => integerBetween(random, 0, 4000);
    await using relay = await ResettingRelay.listen(listener.addr.port, after);
    const tear = async () => {
      const conn = await connectTls({ hostname: "127.0.0.1", port: relay.port, caCerts: [ca] });
      const bytes = new Uint8Array(1000);
      try {
        do await conn.write(bytes); while (await conn.read(bytes) !== null);
      } catch {
        // It was torn.
      }
      conn.abandon();
    };
    await within(Promise.all(Array.from({ length: 50 }, tear)));
    assertEquals(relay.resets, 50);
  }
  await using client = await connect(listener);
  await client.write(new Uint8Array(5));
  assertEquals(await within(client.read(new Uint8Array(8))), 5);
  await client.close();
  await listener.close();
  await serving;
});
