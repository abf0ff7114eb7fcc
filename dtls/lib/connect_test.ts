import { CertificateError } from "../../common/openssl/bindings/errors.ts";
import { TimeoutError } from "../../common/base/errors.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { PemError } from "../../common/pem/errors.ts";
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import type { DtlsConn } from "./conn.ts";
import { connectDtls, dtlsContext } from "./connect.ts";
import type { ConnectDtlsOptions } from "./settings.ts";
import { type DtlsListener, listenDtls } from "./listen.ts";
import type { ListenDtlsOptions } from "./settings.ts";
import { acceptFrom } from "../../common/testing/dtls.ts";
import { PATIENCE_MS } from "../../common/testing/within.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** A server with the good certificates, which wants the clients' as well. */
async function listen(options: Partial<ListenDtlsOptions> = {}): Promise<DtlsListener> {
  const { ca, server } = await testCertificates();
  return listenDtls({
    ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
    ...server,
    ...options,
  });
}

/** A client with the good certificates. */
async function connect(
  listener: DtlsListener,
  options: Partial<ConnectDtlsOptions> = {},
): Promise<DtlsConn> {
  const { ca, client } = await testCertificates();
  return connectDtls({ port: listener.addr.port, caCerts: [ca], ...client, ...options });
}

/** Completes both handshakes; what the server's end says of the client. */

/** Why the handshake failed, at the client and at the server. */
async function refusals(listener: DtlsListener, client: DtlsConn): Promise<[unknown, unknown]> {
  const server = await listener.accept();
  const outcome = (conn: DtlsConn) => conn.handshake().then(() => "complete", (error) => error);
  const both = await Promise.all([outcome(client), outcome(server!)]);
  await Promise.all([client.close(), server!.close()]);
  return both;
}

function text(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

Deno.test("connectDtls() authenticates both ends", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  await using server = await acceptFrom(listener, client);
  assertEquals(client.info.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
  assertEquals(server.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
  assertEquals([client.info.version, server.info.version], ["DTLSv1.2", "DTLSv1.2"]);
});

Deno.test("connectDtls() tells where the server is", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  assertEquals(client.remoteAddr, listener.addr);
  assertThrows(() => client.info, TypeError, "no handshake yet");
});

const ADDRESSES = [
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.1", "localhost"],
  ["::1", "::1"],
  // RFC 4291 2.2: the same address, written out.
  ["::1", "0:0:0:0:0:0:0:1"],
  ["::", "::1"],
  ["0.0.0.0", "127.0.0.1"],
] as const;

for (const [hostname, target] of ADDRESSES) {
  Deno.test(`connectDtls() reaches a server on ${hostname} as ${target}`, async () => {
    await using listener = await listen({ hostname });
    const options = { hostname: target, handshakeTimeoutMs: PATIENCE_MS };
    await using client = await connect(listener, options);
    await using server = await acceptFrom(listener, client);
    await client.send(new Uint8Array(7));
    assertEquals((await server.receive(undefined, PATIENCE_MS))?.length, 7);
  });
}

Deno.test("connectDtls() checks another name than the one it looks up", async () => {
  await using listener = await listen();
  await using client = await connect(listener, { serverName: "localhost" });
  await using server = await acceptFrom(listener, client);
  assertEquals(server.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
});

Deno.test("connectDtls() refuses a certificate for another name", async () => {
  await using listener = await listen();
  const client = await connect(listener, { serverName: "other.example" });
  const [atClient, atServer] = (await refusals(listener, client)).map(text);
  assertMatch(atClient!, /^CertificateError: .+ the peer's certificate is not for other\.example$/);
  assertMatch(atServer!, /^OpenSslError: .+ the peer refused: bad certificate$/);
});

Deno.test("connectDtls() refuses a name that would not be checked, and leaves nothing open", async () => {
  await using listener = await listen();
  await assertRejects(
    () => connect(listener, { serverName: "" }),
    RangeError,
    'serverName "" is empty',
  );
});

Deno.test("connectDtls() refuses an MTU that is too short, and leaves nothing open", async () => {
  await using listener = await listen();
  await assertRejects(
    () => connect(listener, { mtu: 255 }),
    RangeError,
    "mtu must be a whole number from 256 to 65507",
  );
});

Deno.test("connectDtls() refuses a server of another authority", async () => {
  await using listener = await listen((await testCertificates("stranger")).server);
  const [error] = await refusals(listener, await connect(listener));
  assertMatch(text(error), /^CertificateError: .+ unable to get local issuer certificate$/);
});

Deno.test("connectDtls() refuses every server where no authority is trusted", async () => {
  await using listener = await listen();
  const [error] = await refusals(listener, await connect(listener, { caCerts: undefined }));
  assertMatch(text(error), /^CertificateError: /);
});

Deno.test("connectDtls() refuses a server that has expired", async () => {
  const { ca, server } = await testCertificates("expired");
  await using listener = await listen(server);
  const [error] = await refusals(listener, await connect(listener, { caCerts: [ca] }));
  assertMatch(text(error), /^CertificateError: .+ certificate has expired$/);
});

Deno.test("listenDtls() refuses a client without a certificate", async () => {
  await using listener = await listen();
  const client = await connect(listener, { cert: undefined, key: undefined });
  const [atClient, atServer] = (await refusals(listener, client)).map(text);
  assertMatch(atClient!, /^OpenSslError: .+ the peer refused: handshake failure$/);
  assertMatch(atServer!, /^OpenSslError: .+ peer did not return a certificate$/);
});

Deno.test("listenDtls() refuses a client of another authority", async () => {
  await using listener = await listen();
  const client = await connect(listener, (await testCertificates("stranger")).client);
  const [atClient, atServer] = (await refusals(listener, client)).map(text);
  assertMatch(atClient!, /^OpenSslError: .+ the peer refused: unknown ca$/);
  assertMatch(atServer!, /^CertificateError: /);
});

Deno.test("listenDtls() takes clients without a certificate where none is asked for", async () => {
  await using listener = await listen({ clientCertificate: undefined, caCerts: undefined });
  await using client = await connect(listener, { cert: undefined, key: undefined });
  await using server = await acceptFrom(listener, client);
  assertEquals(server.info.peerCertificate, null);
});

Deno.test("connectDtls() gives up where nobody answers", async () => {
  const silence = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = silence.addr as Deno.NetAddr;
  await using client = await connectDtls({ port, handshakeTimeoutMs: 30 });
  await assertRejects(() => client.handshake(), TimeoutError, "did not answer");
  await assertRejects(() => client.send(new Uint8Array(1)), TimeoutError);
  await assertRejects(() => client.receive(), TimeoutError);
  silence.close();
});

Deno.test("connectDtls() takes a context that stays its caller's", async () => {
  const { ca, client: credentials } = await testCertificates();
  await using listener = await listen();
  using context = dtlsContext({ caCerts: [ca], ...credentials });
  for (let i = 0; i < 3; i++) {
    await using client = await connectDtls({ port: listener.addr.port, context });
    await using _server = await acceptFrom(listener, client);
  }
});

Deno.test("connectDtls() refuses a key that is not the certificate's", async () => {
  const { server } = await testCertificates();
  await using listener = await listen();
  await assertRejects(
    () => connect(listener, { key: server.key }),
    PemError,
    "it is not the private key of cert",
  );
});

Deno.test("connectDtls() tells certificates that fail from peers that refuse", async () => {
  await using listener = await listen();
  const [error] = await refusals(listener, await connect(listener, { serverName: "::2" }));
  assertEquals(error instanceof CertificateError, true);
  assertStringIncludes(text(error), "is not for ::2");
});
