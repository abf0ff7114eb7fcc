/**
 * TLS as a stream: web streams over a connection, application protocols (ALPN), and a half-close.
 *
 *     deno run --allow-net=127.0.0.1 --allow-ffi examples/tls_stream.ts
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { connectTls, listenTls, type TlsConn, type TlsListener } from "../tls/mod.ts";

/** Serves every client beside the others: one that fails, or takes its time, is no other's trouble. */
async function serve(listener: TlsListener): Promise<void> {
  for await (const conn of listener) {
    answer(conn).finally(() => conn.close())
      .catch((error) => console.error("a client failed:", error));
  }
}

/** Reads a client's text to its end, and answers with it in capitals. */
async function answer(conn: TlsConn): Promise<void> {
  const text = await new Response(conn.readable).text();
  await conn.write(new TextEncoder().encode(text.toUpperCase()));
}

/** Server and client in one program. */
export async function main(): Promise<void> {
  // They stand for PEM files of your own.
  const { ca, server } = await generateCertificates();
  const alpnProtocols = ["capitals/1"];
  await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server, alpnProtocols });
  const serving = serve(listener);

  const { port } = listener.addr;
  await using conn = await connectTls({ port, caCerts: [ca], alpnProtocols });
  // The stream's end is closeWrite(): the server sees the end, and can still answer.
  await ReadableStream.from(["one ", "two ", "three"])
    .pipeThrough(new TextEncoderStream())
    .pipeTo(conn.writable);
  console.log("the server answers:", await new Response(conn.readable).text());
  const { version, cipher, alpnProtocol } = conn.info;
  console.log(`${version}, ${cipher}, ${alpnProtocol}`);

  listener.stopAccepting();
  await serving;
}

if (import.meta.main) await main();
