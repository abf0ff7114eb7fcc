/**
 * The server on the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { Deadlines } from "../common/deadline.ts";
import { resolveHost } from "../common/net.ts";
import type { PairOptions } from "../common/options.ts";
import { posixLoop } from "../common/posix_pair.ts";
import { type PosixTcp, PosixTcpAcceptor } from "../common/posix/tcp.ts";
import type { MaybePromise } from "../common/protocol.ts";
import type { Prepared } from "../common/script.ts";
import type { ServerConnection, ServerTransport } from "../common/server_transport.ts";

class TcpConnection implements ServerConnection {
  readonly peer: string;
  readonly #tcp: PosixTcp;
  readonly #options: PairOptions;

  constructor(tcp: PosixTcp, options: PairOptions) {
    this.peer = tcp.peer.text;
    this.#tcp = tcp;
    this.#options = options;
  }

  receive(into: Uint8Array, idle: boolean): MaybePromise<number> {
    const { idleTimeoutMs, timeoutMs } = this.#options;
    return this.#tcp.receive(into, idle ? idleTimeoutMs : timeoutMs);
  }

  send(answer: Uint8Array): MaybePromise<void> {
    return this.#tcp.send(answer);
  }

  close(): void {
    this.#tcp.close();
  }
}

/** Listens. */
export async function preparePosixServer(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const hostname = await resolveHost(options.hostname);
  const loop = posixLoop(options, deadlines);
  const acceptor = new PosixTcpAcceptor(hostname, options.port, loop, options.timeoutMs);
  return {
    transport: {
      hostname: acceptor.address.hostname,
      port: acceptor.address.port,
      accept: () => acceptor.accept((tcp) => new TcpConnection(tcp, options)),
      stopAccepting: () => acceptor.close(),
    },
  };
}
