/**
 * Mutual authentication: server and client each show a certificate, and verify the other's.
 *
 *     deno run --allow-net=127.0.0.1 --allow-ffi examples/mutual_authentication.ts
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { connectTls, listenTls, type TlsConn } from "../tls/mod.ts";

/** Completes the handshake, says whose certificate has passed, and ends the connection. */
async function verify(end: string, conn: TlsConn): Promise<void> {
  await conn.handshake();
  console.log(`the ${end} has verified ${conn.info.peerCertificate!.subject}`);
  await conn.close();
}

/** A client with a certificate is served, one without is refused. DTLS works the same. */
export async function main(): Promise<void> {
  // They stand for PEM files of your own.
  const { ca, server, client } = await generateCertificates();
  await using listener = listenTls({
    hostname: "127.0.0.1",
    port: 0,
    ...server,
    caCerts: [ca],
    clientCertificate: "require",
    onError: (error) => console.log(`the server refuses a client: ${(error as Error).message}`),
  });
  const { port } = listener.addr;

  const serving = (async () => {
    // What fails here is what onError was told.
    for await (const conn of listener) verify("server", conn).catch(() => {});
  })();

  await verify("client", await connectTls({ port, caCerts: [ca], ...client }));

  const unknown = await connectTls({ port, caCerts: [ca] });
  // In TLS 1.3 a client's handshake is complete before the server has judged it: a read tells.
  const error = await unknown.read(new Uint8Array(1)).catch((error) => error);
  console.log(`a client without a certificate is told: ${error.message}`);
  unknown.abandon();

  listener.stopAccepting();
  await serving;
}

if (import.meta.main) await main();
