/**
 * One end of the library's DTLS for the benchmark: without an argument an echo server, which prints
 * its port; with a port a client. For each line "bytes underway count" of its stdin the client
 * exchanges so many messages, and prints how many were lost. The one on pion/dtls does the same.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";
import { MAX_PLAINTEXT_BYTES } from "../../common/base/tls_record.ts";
import { connectDtls, type DtlsConn, listenDtls } from "../../dtls/mod.ts";

const PSK = { identity: "bench", key: new Uint8Array(32) };
const CIPHERS = "PSK-AES128-GCM-SHA256";
const HOST = "127.0.0.1";

/** A message or its echo that has not come by then is lost. */
const PATIENCE_MS = 1000;

async function serve(): Promise<void> {
  await using listener = listenDtls({
    ...{ hostname: HOST, port: 0, ciphers: CIPHERS, idleTimeoutMs: Infinity },
    pskLookup: () => PSK.key,
  });
  print(`${listener.addr.port}\n`);
  for await (const conn of listener) echo(conn).catch(() => conn.abandon());
}

async function echo(conn: DtlsConn): Promise<void> {
  const into = new Uint8Array(MAX_PLAINTEXT_BYTES);
  for (let message; (message = await conn.receive(into));) await conn.send(message);
}

async function connect(port: number): Promise<void> {
  await using conn = await connectDtls({ hostname: HOST, port, psk: PSK, ciphers: CIPHERS });
  await conn.handshake();
  print("ready\n");
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const [bytes = 0, underway = 0, count = 0] = line.split(" ").map(Number);
      print(`${await exchange(conn, new Uint8Array(bytes), underway, count)}\n`);
    }
  }
}

/** @returns how many were lost */
async function exchange(
  conn: DtlsConn,
  message: Uint8Array,
  underway: number,
  count: number,
): Promise<number> {
  const into = new Uint8Array(MAX_PLAINTEXT_BYTES);
  let sent = 0;
  let lost = 0;
  for (let got = 0; got + lost < count;) {
    for (; sent < count && sent - got - lost < underway; sent++) await conn.send(message);
    try {
      await conn.receive(into, PATIENCE_MS);
      got++;
    } catch {
      lost = sent - got;
    }
  }
  return lost;
}

const [port] = Deno.args;
if (port === undefined) await serve();
else await connect(Number(port));
