/**
 * CoAP over DTLS (coaps, RFC 7252) with a pre-shared key: one confirmable GET and its answer. It
 * shows how such a protocol sits on a DTLS connection. It is no CoAP library: no observe, no
 * blocks, no options but Uri-Path. A device that knows no suite but the one that RFC 7252 9.1.3.1
 * asks for needs `ccm8Ciphers: true` besides; it has no forward secrecy.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/coap.ts
 *
 * @module
 */
import {
  connectDtls,
  type DtlsConn,
  type DtlsListener,
  listenDtls,
  TimeoutError,
} from "../dtls/mod.ts";

/** Codes and types of RFC 7252: class * 32 + detail (3), confirmable and acknowledgement (3). */
const GET = 0x01, CONTENT = 0x45, NOT_FOUND = 0x84, CON = 0, ACK = 2;
const URI_PATH = 11;
/** First wait for an acknowledgement in milliseconds, and how often to send again: RFC 7252 4.8. */
const ACK_TIMEOUT_MS = 2000, MAX_RETRANSMIT = 4;

interface Message {
  type: number;
  code: number;
  id: number;
  token: Uint8Array;
  path: string[];
  payload: string;
}

/** RFC 7252 3: header, token, options, 0xff, payload. */
function encode({ type, code, id, token, path, payload }: Message): Uint8Array {
  const bytes = [0x40 | type << 4 | token.length, code, id >> 8, id & 255, ...token];
  path.map((part) => new TextEncoder().encode(part)).forEach((part, i) => {
    if (part.length > 12) throw new RangeError("this example knows short paths alone");
    bytes.push((i === 0 ? URI_PATH : 0) << 4 | part.length, ...part);
  });
  if (payload) bytes.push(0xff, ...new TextEncoder().encode(payload));
  return Uint8Array.from(bytes);
}

/** @throws {RangeError} where it is no message that this example knows */
function decode(bytes: Uint8Array): Message {
  const [first = 0, code = 0, high = 0, low = 0] = bytes;
  let at = 4 + (first & 15);
  if (first >> 6 !== 1 || bytes.length < at || at > 12) throw new RangeError("no CoAP message");
  const token = bytes.slice(4, at);
  const path: string[] = [];
  for (let option = 0; at < bytes.length && bytes[at] !== 0xff;) {
    const [delta, length] = [bytes[at]! >> 4, bytes[at]! & 15];
    option += delta;
    if (delta > 12 || length > 12 || option !== URI_PATH) throw new RangeError("unknown option");
    path.push(new TextDecoder().decode(bytes.subarray(at + 1, at += 1 + length)));
  }
  const payload = new TextDecoder().decode(bytes.subarray(at + 1));
  return { type: first >> 4 & 3, code, id: high << 8 | low, token, path, payload };
}

/** Asks for a path until the acknowledgement comes, which carries the answer (RFC 7252 4.2, 5.2.1). */
async function get(conn: DtlsConn, path: string[]): Promise<Message> {
  const [id] = crypto.getRandomValues(new Uint16Array(1));
  const token = crypto.getRandomValues(new Uint8Array(4));
  const request = encode({ type: CON, code: GET, id: id!, token, path, payload: "" });
  let waitMs = ACK_TIMEOUT_MS * (1 + Math.random() / 2);
  for (let sent = 0; sent <= MAX_RETRANSMIT; sent++, waitMs *= 2) {
    await conn.send(request);
    try {
      const bytes = await conn.receive(undefined, waitMs);
      if (bytes === null) throw new Error("the server has ended the session");
      const answer = decode(bytes);
      if (answer.type === ACK && answer.id === id) return answer;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
  throw new TimeoutError("no acknowledgement came");
}

/** Serves one client: what it asks for stands in a table. */
async function serve(listener: DtlsListener, resources: Record<string, string>): Promise<void> {
  const conn = await listener.accept();
  for await (const bytes of conn!) {
    const { id, token, path } = decode(bytes);
    const payload = resources[path.join("/")] ?? "";
    const code = payload ? CONTENT : NOT_FOUND;
    await conn!.send(encode({ type: ACK, code, id, token, path: [], payload }));
  }
}

/** A sensor, and a client that reads it. */
export async function main(): Promise<void> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  await using listener = listenDtls({
    hostname: "127.0.0.1",
    port: 0, // A real one listens on 5684 (RFC 7252 6.2).
    pskLookup: (identity) => identity === "client-1" ? key : null,
  });
  const serving = serve(listener, { "sensors/temperature": "21.5" });
  const conn = await connectDtls({ port: listener.addr.port, psk: { identity: "client-1", key } });
  for (const path of ["sensors/temperature", "sensors/humidity"]) {
    const { code, payload } = await get(conn, path.split("/"));
    const status = `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
    console.log(`GET /${path}: ${status} ${payload}`.trimEnd());
  }
  await conn.close();
  await serving;
}

if (import.meta.main) await main();
