/**
 * Two peers that know each other by the fingerprints of their certificates, as WebRTC does it (RFC
 * 8122, RFC 8827 6.5): no authority has signed them. The fingerprints come over another channel that
 * is trusted, such as the line `a=fingerprint:sha-256 ...` of a session description.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/fingerprint.ts
 *
 * There is neither ICE nor SRTP here; `srtpProfiles` and `exportKeyingMaterial()` give the keys for
 * SRTP (RFC 5764).
 *
 * @module
 */
import { connectDtls, listenDtls, SelfSignedCertificate } from "../dtls/mod.ts";

/** Two peers that were told the right fingerprints, and one that was told another. */
export async function main(): Promise<void> {
  const generate = () => SelfSignedCertificate.generate();
  const [mine, yours, other] = await Promise.all([generate(), generate(), generate()]);
  const listening = { hostname: "127.0.0.1", port: 0, ...mine };
  await using listener = listenDtls({ ...listening, peerFingerprints: [yours.fingerprint] });
  const { port } = listener.addr;

  const right = { port, ...yours, peerFingerprints: [mine.fingerprint] };
  await using conn = await connectDtls(right);
  await conn.send(new TextEncoder().encode("hello"));
  const accepted = await listener.accept();
  const message = new TextDecoder().decode(await accepted!.receive(undefined, 5000) ?? undefined);
  console.log(`both fingerprints are right, and the server receives: ${message}`);

  const wrong = { ...right, peerFingerprints: [other.fingerprint] };
  await using refusing = await connectDtls(wrong);
  const error = await refusing.handshake().catch((error) => error);
  console.log(error.message);
}

if (import.meta.main) await main();
