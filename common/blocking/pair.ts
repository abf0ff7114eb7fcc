/**
 * What the pairs on the system's own calls share: how their words say to wait, and how their secure
 * connections begin.
 *
 * @module
 */
import { peerName } from "../base/addresses.ts";
import type { Deadlines } from "../base/deadline.ts";
import { DrivenClient } from "./driven_pair.ts";
import { serverAddresses } from "../deno/lookup.ts";
import type { TlsContext } from "../openssl/context.ts";
import { TlsSession } from "../openssl/session.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { SocketAddress } from "../posix/address.ts";
import { PollLoop } from "../posix/poll_loop.ts";
import type { PosixTcp } from "../posix/tcp.ts";
import type { PosixUdp } from "../posix/udp.ts";
import { PosixSessionSocket } from "./session_socket.ts";
import type { SessionPool } from "../exchange/secure_pair.ts";

/** Where an end waits, as `--io` says: the one decision between blocking and spinning. */
export function posixLoop(options: PairOptions, deadlines: Deadlines): PollLoop {
  const { io, role, clients } = options;
  const loop = new PollLoop(io === "spin" ? "spin" : "block", deadlines.signal);
  // A server counts its connections as they come.
  if (role === "client") loop.users = clients;
  return loop;
}

/** The server's addresses, looked up once for the run. */
export async function socketAddresses({ hostname, port }: PairOptions): Promise<SocketAddress[]> {
  return (await serverAddresses(hostname)).map((address) => SocketAddress.of(address, port));
}

/**
 * A client's connection over a socket, its handshake still to be done.
 *
 * @param socket taken over, also where no session can be made
 * @param sessions has the session to resume, where there is one
 */
export function secureClient(
  socket: PosixTcp | PosixUdp,
  context: TlsContext,
  options: PairOptions,
  sessions: SessionPool,
): DrivenClient {
  const saved = sessions.take();
  try {
    const serverName = peerName(options);
    const session = new TlsSession(context, { serverName, session: saved });
    return new DrivenClient(session, new PosixSessionSocket(socket, session), options, sessions);
  } catch (error) {
    socket.close();
    throw error;
  } finally {
    saved?.close();
  }
}
