/**
 * A check of a server's fingerprint, as WebRTC does it (RFC 8122 5, RFC 8827 6.5): no authority has
 * signed the certificate; its SHA-256 has come over another channel that is trusted, such as the
 * line `a=fingerprint:sha-256 ...` of a session description.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/fingerprint.ts
 *
 * The limits of it, with this library:
 *
 * - `unsafelySkipVerification` believes any server in the handshake. The check comes after it, and
 *   has to come before the first message is sent, and before one that was received is used.
 * - A listener has no such setting. It can verify clients by an authority or by a certificate in
 *   `caCerts`, not by a fingerprint alone; WebRTC has both ends checked.
 * - There is neither ICE nor SRTP here; `srtpProfiles` and `exportKeyingMaterial()` give the keys
 *   for SRTP (RFC 5764).
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { connectDtls, type DtlsConn, listenDtls } from "../dtls/mod.ts";

/** The only way to a connection in this program: one that has passed the check. */
async function connectByFingerprint(port: number, fingerprint: string): Promise<DtlsConn> {
  const conn = await connectDtls({ port, unsafelySkipVerification: true });
  try {
    await conn.handshake();
    const actual = conn.info.peerCertificate?.fingerprint256;
    // Hexadecimal, colon-separated; a session description may have it in small letters.
    if (actual !== fingerprint.toUpperCase()) throw new Error("the fingerprint is another one");
    return conn;
  } catch (error) {
    await conn.close();
    throw error;
  }
}

/** SHA-256 over a certificate's DER form, as RFC 8122 5 writes it. */
async function fingerprintOf(pem: string): Promise<string> {
  const der = Uint8Array.fromBase64(pem.replace(/-----[^-]+-----/g, ""));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(":").toUpperCase();
}

/** A server, a client that knows its fingerprint, and one that was told another. */
export async function main(): Promise<void> {
  const [{ server }, other] = await Promise.all([generateCertificates(), generateCertificates()]);
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...server });
  const { port } = listener.addr;

  const described = await fingerprintOf(server.cert);
  await using conn = await connectByFingerprint(port, described);
  await conn.send(new TextEncoder().encode("hello"));
  const accepted = await listener.accept();
  const message = new TextDecoder().decode(await accepted!.receive(undefined, 5000) ?? undefined);
  console.log(`the fingerprint is right, and the server receives: ${message}`);

  const wrong = await fingerprintOf(other.server.cert);
  const error = await connectByFingerprint(port, wrong).catch((error) => error);
  console.log(`a server with another certificate: ${error.message}`);
}

if (import.meta.main) await main();
