import { OpenSslError } from "../../common/openssl/bindings/errors.ts";
import { TimeoutError } from "../../common/base/errors.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { liveSessions } from "../../common/openssl/session.ts";
import { PemError } from "../../common/pem/errors.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { freePort } from "../../common/testing/free_port.ts";
import type { TlsConn } from "./conn.ts";
import { connectTls, tlsContext } from "./connect.ts";
import type { ConnectTlsOptions } from "./settings.ts";
import { listenTls, type TlsListener } from "./listen.ts";
import type { ListenTlsOptions } from "./settings.ts";
import { within } from "../../common/testing/within.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** A server with the good certificates, which wants the clients' as well. */
async function listen(options: Partial<ListenTlsOptions> = {}): Promise<TlsListener> {
  const { ca, server } = await testCertificates();
  return listenTls({
    ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
    ...server,
    ...options,
  });
}

/** A client with the good certificates. */
async function connect(
  listener: TlsListener,
  options: Partial<ConnectTlsOptions> = {},
): Promise<TlsConn> {
  const { ca, client } = await testCertificates();
  return connectTls({ port: listener.addr.port, caCerts: [ca], ...client, ...options });
}

/** A server's end; `using` leaves its client without a word, so that no test waits for one. */
async function acceptFrom(listener: TlsListener, client: TlsConn): Promise<TlsConn & Disposable> {
  const [server] = await within(Promise.all([listener.accept(), client.handshake()]));
  await within(server!.handshake());
  return Object.assign(server!, { [Symbol.dispose]: () => server!.abandon() });
}

/** The client sends, the server answers, and both end in order. */
async function exchange(client: TlsConn, server: TlsConn): Promise<void> {
  await client.write(new Uint8Array(4));
  assertEquals(await within(server.read(new Uint8Array(8))), 4);
  await server.write(new Uint8Array(5));
  assertEquals(await within(client.read(new Uint8Array(8))), 5);
}

/** Why it failed, at the client, at its first read at the latest, and at the server. */
async function refusals(listener: TlsListener, client: TlsConn): Promise<[string, string]> {
  const atClient = client.handshake().then(() => client.read(new Uint8Array(8)));
  const server = await within(listener.accept());
  const why = (step: Promise<unknown>) =>
    within(step).then(() => "complete", (error) => `${error.name}: ${error.message}`);
  const both = await Promise.all([why(atClient), why(server!.handshake())]);
  await within(Promise.all([client.close(), server!.close()]));
  return both;
}

Deno.test("connectTls() authenticates both ends", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  using server = await acceptFrom(listener, client);
  assertEquals(client.info.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
  assertEquals(server.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
  assertEquals([client.info.version, server.info.version], ["TLSv1.3", "TLSv1.3"]);
});

const ADDRESSES = [
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.1", "localhost"],
  ["::1", "::1"],
  ["0.0.0.0", "127.0.0.1"],
] as const;

for (const [hostname, target] of ADDRESSES) {
  Deno.test(`connectTls() reaches a server on ${hostname} as ${target}`, async () => {
    await using listener = await listen({ hostname });
    await using client = await connect(listener, { hostname: target });
    using server = await acceptFrom(listener, client);
    await exchange(client, server);
    assertEquals(server.info.serverName, target === "localhost" ? "localhost" : null);
  });
}

Deno.test("connectTls() rejects where nobody listens", async () => {
  const connecting = () => connectTls({ port: freePort("tcp") });
  await assertRejects(connecting, Deno.errors.ConnectionRefused);
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  const versions = { minVersion: version, maxVersion: version };

  Deno.test(`connectTls() refuses a certificate for another name (${version})`, async () => {
    await using listener = await listen(versions);
    const client = await connect(listener, { serverName: "other.example" });
    const [atClient, atServer] = await refusals(listener, client);
    assertMatch(atClient, /^CertificateError: .+ certificate is not for other\.example$/);
    assertMatch(atServer, /^OpenSslError: .+ the peer refused: bad certificate$/);
  });

  Deno.test(`connectTls() refuses a server of another authority (${version})`, async () => {
    const { server } = await testCertificates("stranger");
    await using listener = await listen({ ...versions, ...server });
    const [atClient, atServer] = await refusals(listener, await connect(listener));
    assertMatch(atClient, /^CertificateError: .+ unable to get local issuer certificate$/);
    assertMatch(atServer, /^OpenSslError: .+ the peer refused: unknown ca$/);
  });

  Deno.test(`connectTls() refuses a server that has expired (${version})`, async () => {
    const { ca, server } = await testCertificates("expired");
    await using listener = await listen({ ...versions, ...server });
    const [atClient] = await refusals(listener, await connect(listener, { caCerts: [ca] }));
    assertMatch(atClient, /^CertificateError: .+ certificate has expired$/);
  });

  Deno.test(`listenTls() refuses a client without a certificate (${version})`, async () => {
    await using listener = await listen(versions);
    const client = await connect(listener, { cert: undefined, key: undefined });
    const [atClient, atServer] = await refusals(listener, client);
    assertMatch(atClient, /^OpenSslError: .+ the peer refused: /);
    assertMatch(atServer, /^OpenSslError: .+ peer did not return a certificate$/);
  });

  Deno.test(`listenTls() refuses a client of another authority (${version})`, async () => {
    await using listener = await listen(versions);
    const client = await connect(listener, (await testCertificates("stranger")).client);
    const [atClient, atServer] = await refusals(listener, client);
    assertMatch(atClient, /^OpenSslError: .+ the peer refused: unknown ca$/);
    assertMatch(atServer, /^CertificateError: /);
  });

  Deno.test(`connectTls() resumes a session, certificates and all (${version})`, async () => {
    await using listener = await listen(versions);
    const first = await connect(listener);
    const server = await acceptFrom(listener, first);
    assertEquals([first.resumed, server.resumed], [false, false]);
    await exchange(first, server);
    using session = first.saveSession();
    assert(session !== null, "the server gave a slot");
    await within(Promise.all([first.close(), server.close()]));
    await using second = await connect(listener, { session });
    using resumed = await acceptFrom(listener, second);
    assertEquals([second.resumed, resumed.resumed], [true, true]);
    assertEquals(resumed.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
    await exchange(second, resumed);
  });

  Deno.test(`connectTls() loses nothing where the server forgot the session (${version})`, async () => {
    const first = await listen(versions);
    const client = await connect(first);
    await exchange(client, await acceptFrom(first, client));
    using session = client.saveSession();
    await within(Promise.all([client.close(), first.close()]));
    await using other = await listen(versions);
    await using second = await connect(other, { session: session! });
    using server = await acceptFrom(other, second);
    assertEquals([second.resumed, server.resumed], [false, false]);
    await exchange(second, server);
  });
}

Deno.test("connectTls() fails against a server that speaks no TLS", async () => {
  const plain = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = plain.addr;
  await using client = await connectTls({ port });
  const tcp = await plain.accept();
  await tcp.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await assertRejects(() => within(client.handshake()), OpenSslError, "wrong version number");
  tcp.close();
  plain.close();
});

Deno.test("connectTls() gives up a server that is silent", async () => {
  // The time is that of connecting, too: none of it passes before that is done.
  using clock = new FakeClock();
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr;
  await using client = await connectTls({ port, handshakeTimeoutMs: 30 });
  await Promise.all([
    assertRejects(() => client.handshake(), TimeoutError, "did not answer"),
    clock.advance(30),
  ]);
  await assertRejects(() => client.write(new Uint8Array(1)), TimeoutError);
  await assertRejects(() => client.read(new Uint8Array(1)), TimeoutError);
  silent.close();
});

Deno.test("connectTls() refuses what cannot be used, and leaves nothing open", async () => {
  await using listener = await listen();
  const live = liveSessions();
  await assertRejects(
    () => connect(listener, { serverName: "" }),
    RangeError,
    'serverName "" is empty',
  );
  const { server } = await testCertificates();
  const { key } = server;
  await assertRejects(
    () => connect(listener, { key }),
    PemError,
    "it is not the private key of cert",
  );
  assertThrows(() => tlsContext({ minVersion: "DTLSv1.2" }), RangeError, "minVersion must be");
  assertEquals(liveSessions(), live);
});

Deno.test("connectTls() takes a context that stays its caller's", async () => {
  const { ca, client: credentials } = await testCertificates();
  await using listener = await listen();
  using context = tlsContext({ caCerts: [ca], ...credentials });
  for (let i = 0; i < 3; i++) {
    await using client = await connectTls({ port: listener.addr.port, context });
    using server = await acceptFrom(listener, client);
    await exchange(client, server);
  }
});

Deno.test("unsafelySkipNameCheck believes a good certificate for whatever name", async () => {
  const { ca, server } = await testCertificates("wrongName");
  await using listener = await listen(server);
  const options = { caCerts: [ca], unsafelySkipNameCheck: true };
  await using client = await connect(listener, options);
  using _server = await acceptFrom(listener, client);
});

Deno.test("unsafelySkipVerification believes any server", async () => {
  await using listener = await listen((await testCertificates("stranger")).server);
  await using client = await connect(listener, { unsafelySkipVerification: true });
  using _server = await acceptFrom(listener, client);
});

Deno.test("an aborted signal ends what waits, with its reason", async () => {
  await using listener = await listen();
  const controller = new AbortController();
  await using client = await connect(listener, { signal: controller.signal });
  using _server = await acceptFrom(listener, client);
  const waiting = client.read(new Uint8Array(8));
  const reason = new Error("enough");
  controller.abort(reason);
  assert(await assertRejects(() => within(waiting), Error) === reason);
  await assertRejects(() => client.write(new Uint8Array(1)), Error, "enough");
});

Deno.test("an aborted signal ends a handshake that runs", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  await using client = await connectTls({ port: silent.addr.port, signal: controller.signal });
  const handshake = client.handshake();
  controller.abort();
  await assertRejects(() => within(handshake), DOMException, "aborted");
  silent.close();
});

Deno.test("a signal that was aborted before lets nothing begin", async () => {
  await using listener = await listen();
  const live = liveSessions();
  await assertRejects(() => connect(listener, { signal: AbortSignal.abort() }), DOMException);
  assertEquals(liveSessions(), live);
});

Deno.test("close() ends both ends when both call it, and may be called again", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  await within(Promise.all([client.close(), server.close(), client.close(), client.close()]));
  await within(client.close());
  await assertRejects(() => client.read(new Uint8Array(1)), Deno.errors.BadResource, "closed");
  await assertRejects(() => client.write(new Uint8Array(1)), Deno.errors.BadResource, "closed");
  assertEquals(listener.counters.sessions, 0);
});

Deno.test("close() lets a read() that waits end in order", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  const waiting = client.read(new Uint8Array(8));
  const closing = [client.close(), client.close(), client.close()];
  assertEquals(await within(server.read(new Uint8Array(8))), null);
  await within(Promise.all([...closing, server.close()]));
  assertEquals(await waiting, null);
});

Deno.test("close() ends a handshake that runs", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await connectTls({ port: silent.addr.port });
  const handshake = client.handshake();
  await client.close();
  await assertRejects(() => within(handshake), Deno.errors.BadResource, "closed");
  silent.close();
});
