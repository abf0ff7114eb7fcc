/**
 * Session resumption: the second handshake takes up the first one's session, and needs one round
 * trip less and no certificates.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/resumption.ts
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { connectDtls, listenDtls, SavedSession } from "../dtls/mod.ts";

/** Two connections, of which the second resumes the first one's session. */
export async function main(): Promise<void> {
  // They stand for PEM files of your own.
  const { ca, server } = await generateCertificates();
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...server });
  const target = { port: listener.addr.port, caCerts: [ca] };

  const first = await connectDtls(target);
  await first.handshake();
  using saved = first.saveSession();
  // Text, for a file that only its owner can read: it holds the session's secret.
  const text = saved!.serialize();
  const full = first.info.handshake;
  await first.close();

  using session = SavedSession.parse(text);
  await using second = await connectDtls({ ...target, session });
  await second.handshake();
  const short = second.info.handshake;
  console.log(`first: resumed ${first.resumed}, ${full.bytesReceived} bytes from the server`);
  console.log(`second: resumed ${second.resumed}, ${short.bytesReceived} bytes from the server`);
}

if (import.meta.main) await main();
