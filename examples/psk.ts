/**
 * Pre-shared keys (PSK): both ends know a secret, and no certificates are needed.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/psk.ts
 *
 * @module
 */
import { connectDtls, listenDtls } from "../dtls/mod.ts";

/** A server that knows one device, that device, and one that it does not know. */
export async function main(): Promise<void> {
  // 32 random bytes, given to both ends before: never a password, which an attacker can guess.
  const key = crypto.getRandomValues(new Uint8Array(32));
  const keys = new Map([["sensor-7", key]]);
  await using listener = listenDtls({
    hostname: "127.0.0.1",
    port: 0,
    pskLookup: (identity) => keys.get(identity) ?? null,
    onError: (error) => console.log(`the server refuses a client: ${(error as Error).message}`),
  });
  const { port } = listener.addr;

  await using device = await connectDtls({ port, psk: { identity: "sensor-7", key } });
  await device.send(new TextEncoder().encode("21.5"));
  const conn = await listener.accept();
  const reading = new TextDecoder().decode(await conn!.receive(undefined, 5000) ?? undefined);
  console.log(`${conn!.info.pskIdentity} reports ${reading} (${conn!.info.cipher})`);

  // A wrong key for a known identity is met with silence instead: DTLS drops what it cannot decrypt,
  // and the handshake ends with a TimeoutError.
  await using unknown = await connectDtls({ port, psk: { identity: "sensor-8", key } });
  const error = await unknown.handshake().catch((error) => error);
  console.log(`a client with an unknown identity is told: ${error.message}`);
}

if (import.meta.main) await main();
