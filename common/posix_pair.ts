/**
 * What the pairs on the system's own calls share: how their words say to wait.
 *
 * @module
 */
import type { Deadlines } from "./deadline.ts";
import { resolveHost } from "./net.ts";
import type { PairOptions } from "./options.ts";
import { SocketAddress } from "./posix/address.ts";
import { PollLoop } from "./posix/poll_loop.ts";

/** Where an end waits, as `--io` says: the one decision between blocking and spinning. */
export function posixLoop(options: PairOptions, deadlines: Deadlines): PollLoop {
  const { io, role, clients } = options;
  const loop = new PollLoop(io === "spin" ? "spin" : "sleep", deadlines.signal);
  // A server counts its connections as they come.
  if (role === "client") loop.users = clients;
  return loop;
}

/** The server's address, looked up once for the run. */
export async function serverAddress({ hostname, port }: PairOptions): Promise<SocketAddress> {
  return SocketAddress.of(await resolveHost(hostname), port);
}
