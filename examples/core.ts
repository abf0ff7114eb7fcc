/**
 * DTLS over any transport, here one in memory that loses every third datagram: the sessions are free of
 * I/O, and the program feeds, drains and wakes them. A flight of the handshake that gets lost is sent
 * again when the session's time is over; a message that gets lost stays lost, as on UDP.
 *
 *     deno run --allow-ffi examples/core.ts
 *
 * @module
 */
import { TlsContext, TlsSession } from "../common/secure/core.ts";

/** One end: its session, and the datagrams on their way to it. */
class End {
  constructor(readonly session: TlsSession, readonly wire: Uint8Array[] = []) {}
}

let sent = 0;

/** Goes on when a datagram has come, time has passed, or the program has written a message. */
function advance({ session }: End, peer: End, datagram?: Uint8Array): void {
  if (datagram) session.feed(datagram);
  else session.handleTimeout(); // Does nothing as long as timeoutMs() is not over.
  const into = new Uint8Array(16_384);
  for (let length; session.handshake() && (length = session.read(into)) >= 0;) {
    console.log(`arrived: ${new TextDecoder().decode(into.subarray(0, length))}`);
  }
  session.drain((bytes) => sent++ % 3 > 0 && peer.wire.push(bytes.slice()));
}

/** Delivers what is on its way; where nothing is, waits until a session wants to send again. */
async function step(ends: [End, End]): Promise<void> {
  const isSilent = ends.every(({ wire }) => wire.length === 0);
  const waitMs = Math.min(...ends.map(({ session }) => session.timeoutMs() ?? Infinity));
  if (isSilent) await new Promise((resolve) => setTimeout(resolve, waitMs));
  for (const [i, end] of ends.entries()) {
    for (const datagram of [...end.wire.splice(0), undefined]) advance(end, ends[1 - i]!, datagram);
  }
}

/** Two ends that share a key; one sends the other six messages. */
export async function main(): Promise<void> {
  const psk = { identity: "sensor-7", key: crypto.getRandomValues(new Uint8Array(32)) };
  const both = { datagram: true, retransmitAfterMs: () => 20 };
  using clients = new TlsContext({ role: "client", ...both, psk });
  using servers = new TlsContext({ role: "server", ...both, pskLookup: () => psk.key });
  using one = new TlsSession(clients), other = new TlsSession(servers);
  const [client, server] = [new End(one), new End(other)];
  advance(client, server);
  while (!one.established || !other.established) await step([client, server]);
  console.log(`${one.info().version}, sent again: ${one.statistics.retransmissions > 0}`);
  for (let reading = 1; reading <= 6; reading++) {
    one.write(new TextEncoder().encode(`reading ${reading}`));
    advance(client, server);
  }
  await step([client, server]);
}

if (import.meta.main) await main();
