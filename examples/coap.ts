/**
 * CoAP over DTLS (coaps, RFC 7252) with a pre-shared key, also with devices that know no suite but
 * the one that 9.1.3.1 asks for. It shows how such a protocol sits on a DTLS connection, and is no CoAP library: no blocks,
 * no observe, no option but Uri-Path.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/coap.ts
 *
 * @module
 */
import { connectDtls, type DtlsConn, listenDtls } from "../dtls/mod.ts";

/** Devices may know no other suites; where both ends know a better one, that is what they agree on. */
export const ccm8Ciphers = true;

/** Codes of answers: 2.05 and 4.04 (RFC 7252 12.1.2). */
const CONTENT = 0x45, NOT_FOUND = 0x84;

/** A confirmable GET of a path with one part of up to 12 bytes (3); null where nothing is there. */
export async function get(conn: DtlsConn, path: string, id: number): Promise<string | null> {
  const name = new TextEncoder().encode(path);
  await conn.send(Uint8Array.of(0x40, 0x01, id >> 8, id & 255, 0xb0 | name.length, ...name));
  // A program that lives on sends its request again while no acknowledgement comes (4.2).
  const answer = await conn.receive(undefined, 2000);
  return answer?.[1] === CONTENT ? parse(answer).payload : null;
}

/** Answers one client with what stands in a table. */
export async function serve(conn: DtlsConn, resources: Record<string, string>): Promise<void> {
  for await (const request of conn) {
    const { path, idAndToken } = parse(request);
    const text = new TextEncoder().encode(resources[path] ?? "");
    // An acknowledgement that carries the answer (5.2.1).
    const header = [0x60 | request[0]! & 15, text.length ? CONTENT : NOT_FOUND];
    await conn.send(Uint8Array.of(...header, ...idAndToken, ...text.length ? [0xff, ...text] : []));
  }
}

/** Header, token, options of which the last Uri-Path counts here, 0xff, payload (3). */
function parse(message: Uint8Array) {
  let path = "", at = 4 + (message[0]! & 15);
  const idAndToken = message.subarray(2, at);
  // Numbers and lengths from 13 have a byte of their own (3.1).
  const extended = (nibble: number) => nibble < 13 ? nibble : 13 + message[at++]!;
  for (let option = 0; at < message.length && message[at] !== 0xff;) {
    const head = message[at++]!;
    option += extended(head >> 4);
    const end = extended(head & 15) + at;
    if (option === 11) path = new TextDecoder().decode(message.subarray(at, end));
    at = end;
  }
  return { idAndToken, path, payload: new TextDecoder().decode(message.subarray(at + 1)) };
}

/** A sensor, and a client that reads it. */
export async function main(): Promise<void> {
  const psk = { identity: "client-1", key: crypto.getRandomValues(new Uint8Array(16)) };
  // A real one listens on port 5684 (6.2).
  await using listener = listenDtls({ port: 0, pskLookup: () => psk.key, ccm8Ciphers });
  await using conn = await connectDtls({ port: listener.addr.port, psk, ccm8Ciphers });
  void listener.accept().then((client) => serve(client!, { temperature: "21.5" }));
  console.log(`temperature: ${await get(conn, "temperature", 1)}`);
  console.log(`humidity: ${await get(conn, "humidity", 2) ?? "not found"}`);
}

if (import.meta.main) await main();
