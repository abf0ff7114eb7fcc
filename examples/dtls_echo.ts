/**
 * DTLS echo: a server with a certificate, and a client that verifies it.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/dtls_echo.ts
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { connectDtls, type DtlsListener, listenDtls } from "../dtls/mod.ts";

/** Sends every message back to the client that it came from. */
async function serve(listener: DtlsListener): Promise<void> {
  for await (const conn of listener) {
    // Not awaited: every client is served beside the others.
    (async () => {
      for await (const message of conn) await conn.send(message);
    })().catch((error) => console.error("a client failed:", error)).finally(() => conn.close());
  }
}

/** Server and client in one program. */
export async function main(): Promise<void> {
  // They stand for PEM files of your own.
  const { ca, server } = await generateCertificates();
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...server });
  const serving = serve(listener);

  // The certificate has to be for 127.0.0.1, and signed by an authority in caCerts.
  const { port } = listener.addr;
  const conn = await connectDtls({ hostname: "127.0.0.1", port, caCerts: [ca] });
  for (const text of ["hello", "again"]) {
    await conn.send(new TextEncoder().encode(text));
    // A datagram may get lost: a program that needs the answer waits for a bounded time.
    const answer = await conn.receive(undefined, 5000);
    console.log("the server answers:", new TextDecoder().decode(answer ?? undefined));
  }
  const { version, cipher, peerCertificate } = conn.info;
  console.log(`${version}, ${cipher}, certificate of ${peerCertificate?.subject}`);

  await conn.close();
  listener.stopAccepting();
  await serving;
}

if (import.meta.main) await main();
