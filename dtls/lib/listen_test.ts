import { Deadlines } from "../../common/base/deadline.ts";
import { ReplacedError } from "../../common/base/errors.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { PemError } from "../../common/pem/errors.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { UdpSocket } from "../../common/deno/udp.ts";
import { DtlsConn } from "./conn.ts";
import { dtlsContext } from "./connect.ts";
import { type DtlsListener, listenDtls } from "./listen.ts";
import { PATIENCE_MS, within } from "../../common/testing/within.ts";
import { acceptFrom, connect, listen } from "../../common/testing/dtls.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** Echoes every message of every client, until the listener is closed. */
async function echo(listener: DtlsListener): Promise<void> {
  const serving: Promise<void>[] = [];
  for await (const conn of listener) {
    serving.push((async () => {
      for await (const message of conn) await conn.send(message);
      await conn.close();
    })());
  }
  await Promise.all(serving);
}

Deno.test("listenDtls() takes a free port where it is told 0", async () => {
  await using listener = await listen();
  assert(listener.addr.port > 0);
  assertEquals(listener.addr.hostname, "127.0.0.1");
});

Deno.test("listenDtls() refuses a port that is in use, and leaves nothing open", async () => {
  await using listener = await listen();
  await assertRejects(() => listen({ port: listener.addr.port }), Deno.errors.AddrInUse, "in use");
});

Deno.test("listenDtls() refuses a key that is not the certificate's", async () => {
  const { client } = await testCertificates();
  await assertRejects(
    () => listen({ key: client.key }),
    PemError,
    "it is not the private key of cert",
  );
});

Deno.test("listenDtls() refuses an MTU that is too short", async () => {
  await assertRejects(
    () => listen({ mtu: 100 }),
    RangeError,
    "mtu must be a whole number from 256 to 65507",
  );
});

Deno.test("listenDtls() serves 20 clients at once", async () => {
  const listener = await listen();
  const serving = echo(listener);
  await within(Promise.all(Array.from({ length: 20 }, async (_, i) => {
    await using client = await connect(listener);
    for (let j = 1; j <= 5; j++) {
      const message = new Uint8Array(100 * j).fill(i);
      await client.send(message);
      assertEquals(await client.receive(undefined, PATIENCE_MS), message);
    }
  })));
  await listener.close();
  await within(serving);
  assertEquals(listener.counters.sessions, 0);
});

Deno.test("sessions counts the connections that are open", async () => {
  await using listener = await listen();
  assertEquals(listener.counters.sessions, 0);
  const clients = [await connect(listener), await connect(listener)];
  const servers = [];
  for (const client of clients) servers.push(await acceptFrom(listener, client));
  assertEquals(listener.counters.sessions, 2);
  servers[0]!.abandon();
  assertEquals(listener.counters.sessions, 1);
  for (const conn of [...clients, ...servers]) conn.abandon();
});

Deno.test("accept() ends with null when the listener is closed", async () => {
  const listener = await listen();
  const waiting = listener.accept();
  await listener.close();
  assertEquals(await within(waiting), null);
  assertEquals(await listener.accept(), null);
});

Deno.test("accept() gives no connection that was closed with the listener", async () => {
  const listener = await listen();
  const client = await connect(listener);
  await within(client.handshake());
  await within(listener.close());
  assertEquals(await within(client.receive()), null);
  await client.close();
  assertEquals(await listener.accept(), null);
});

Deno.test("stopAccepting() ends accept() and lets connections live on", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  const server = await acceptFrom(listener, client);
  const waiting = listener.accept();
  listener.stopAccepting();
  assertEquals(await within(waiting), null);
  await client.send(new Uint8Array(3));
  assertEquals((await server.receive(undefined, PATIENCE_MS))?.length, 3);
});

Deno.test("stopAccepting() still gives the connections that came before", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  await within(client.handshake());
  listener.stopAccepting();
  assert(await listener.accept() !== null);
  assertEquals(await listener.accept(), null);
});

Deno.test("close() ends every connection in order", async () => {
  const listener = await listen();
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(listener)));
  for (const client of clients) await acceptFrom(listener, client);
  const waiting = clients.map((client) => client.receive());
  await within(listener.close());
  assertEquals(await within(Promise.all(waiting)), [null, null, null, null, null]);
  for (const client of clients) await client.close();
});

Deno.test("close() may be called twice, one call after the other or at once", async () => {
  const listener = await listen();
  await using client = await connect(listener);
  await acceptFrom(listener, client);
  await within(Promise.all([listener.close(), listener.close()]));
  await within(listener.close());
});

Deno.test("close() leaves no connection waiting that closes at the same time", async () => {
  const listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  const closing = server.close();
  await within(Promise.all([closing, listener.close()]));
  await client.close();
});

Deno.test("close() is bounded where clients have vanished", async () => {
  const listener = await listen();
  for (let i = 0; i < 3; i++) {
    const client = await connect(listener);
    await acceptFrom(listener, client);
    client.abandon();
  }
  await within(listener.close());
});

for (
  const [where, limits] of [["", {}], [", where no other has a place", { maxSessions: 1 }]] as const
) {
  Deno.test(`a client that begins anew from its port ends its old connection${where}`, async () => {
    const { ca } = await testCertificates();
    await using listener = await listen(limits);
    using context = dtlsContext({ caCerts: [ca] });
    using deadlines = new Deadlines();
    const socket = UdpSocket.toward("127.0.0.1");
    const remoteAddr = listener.addr;
    const transmit = (datagram: Uint8Array) => socket.send(datagram, remoteAddr);
    const begin = () =>
      new DtlsConn(
        new TlsSession(context, { serverName: "localhost" }),
        { remoteAddr, localAddr: socket.addr, transmit, release() {} },
        deadlines,
        { handshakeTimeoutMs: PATIENCE_MS, idleTimeoutMs: Infinity },
      );
    let client = begin();
    const running = socket.run((datagram) => {
      client.session.feed(datagram);
      client.advance();
    });
    client.advance();
    const old = await acceptFrom(listener, client);
    const waiting = assertRejects(() => old.receive(), ReplacedError, "begun a new session");
    client.abandon();
    client = begin();
    client.advance();
    const anew = await acceptFrom(listener, client);
    await within(waiting);
    assertEquals([listener.counters.sessions, listener.counters.refused], [1, 0]);
    await within(Promise.all([client.close(), anew.close()]));
    socket.close();
    await running;
  });
}

Deno.test("a server lives on after noise of every length", async () => {
  await using listener = await listen();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  for (const length of [0, 1, 13, 59, 1400, 16_397, 65_507]) {
    const noise = crypto.getRandomValues(new Uint8Array(Math.min(length, 60_000)));
    await socket.send(new Uint8Array(length).fill(22, 0, 1).fill(0xfe, 1, 3), listener.addr);
    await socket.send(noise, listener.addr);
  }
  socket.close();
  await using client = await connect(listener);
  await using _server = await acceptFrom(listener, client);
  assertEquals(listener.counters.sessions, 1);
});

Deno.test("listenDtls() throws at once, before anything is awaited", () => {
  const wrong = { hostname: "127.0.0.1", port: 0, cert: "none", key: "none" };
  assertThrows(() => listenDtls(wrong), PemError, "cert");
});

Deno.test("listenDtls() leaves nothing open where the library does not know a version", async () => {
  const { server } = await testCertificates();
  const settings = { hostname: "127.0.0.1", port: 0, ...server, minVersion: "DTLSv1.3" } as const;
  try {
    // A library may have it.
    await listenDtls(settings).close();
  } catch (error) {
    assertMatch(
      String(error),
      /^RangeError: Cannot use minVersion DTLSv1\.3: OpenSSL .* does not know it$/,
    );
  }
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

Deno.test("accept() serves as many callers as there are clients", async () => {
  await using listener = await listen();
  const accepting = [listener.accept(), listener.accept(), listener.accept()];
  const clients = await Promise.all([connect(listener), connect(listener), connect(listener)]);
  const shaking = clients.map((client) => client.handshake());
  const accepted = await Promise.all(accepting);
  await Promise.all(shaking);
  const ports = new Set(accepted.map((conn) => conn!.remoteAddr.port));
  assertEquals(ports.size, 3);
  for (const conn of [...clients, ...accepted]) conn!.abandon();
});
