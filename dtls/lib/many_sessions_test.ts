/** Many sessions at once, each with messages under way. */
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { assertEquals } from "../../common/testing/assert.ts";
import { KEY } from "../../common/testing/psk.ts";
import { PATIENCE_MS } from "../../common/testing/within.ts";
import type { DtlsConn } from "./conn.ts";
import { connectDtls } from "./connect.ts";
import { listenDtls } from "./listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const SESSIONS = 50;
const UNDER_WAY = 8;
const MESSAGES = 24;

async function echo(conn: DtlsConn): Promise<void> {
  for await (const message of conn) await conn.send(message);
}

/** Sends its messages, so many ahead of their echoes; which echoes came, in their order. */
async function exchange(conn: DtlsConn): Promise<number[]> {
  const echoes: number[] = [];
  let sent = 0;
  while (echoes.length < MESSAGES) {
    for (; sent < MESSAGES && sent - echoes.length < UNDER_WAY; sent++) {
      await conn.send(new Uint8Array(1000).fill(sent));
    }
    const [first] = await conn.receive(undefined, PATIENCE_MS) ?? [];
    echoes.push(first!);
  }
  return echoes;
}

Deno.test(`${SESSIONS} sessions with ${UNDER_WAY} messages under way lose none over loopback`, async () => {
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => KEY });
  const echoing: Promise<void>[] = [];
  const serving = (async () => {
    for await (const conn of listener) echoing.push(echo(conn));
  })();
  const psk = { identity: "sensor-7", key: KEY };
  const { port } = listener.addr;
  const conns = await Promise.all(
    Array.from({ length: SESSIONS }, () => connectDtls({ port, hostname: "127.0.0.1", psk })),
  );
  const inOrder = Array.from({ length: MESSAGES }, (_, i) => i);
  assertEquals(await Promise.all(conns.map(exchange)), conns.map(() => inOrder));
  await Promise.all(conns.map((conn) => conn.close()));
  listener.stopAccepting();
  await Promise.all([serving, ...echoing]);
});
