/**
 * Both ends on the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { ClientConnection, ClientTransport } from "../common/exchange/client.ts";
import { STEP_INDEX } from "../common/measure/clock.ts";
import { connectInTurn } from "../common/base/in_turn.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { preparePosix } from "../common/blocking/prepare.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop } from "../common/posix/poll_loop.ts";
import { PosixTcp, PosixTcpListener } from "../common/posix/tcp.ts";
import type { MaybePromise } from "../common/base/maybe_promise.ts";
import type { ServerConnection, ServerTransport } from "../common/exchange/server_transport.ts";

class TcpClientConnection implements ClientConnection {
  readonly #tcp: PosixTcp;
  readonly #timeoutMs: number;

  constructor(tcp: PosixTcp, timeoutMs: number) {
    this.#tcp = tcp;
    this.#timeoutMs = timeoutMs;
  }

  send(message: Uint8Array): MaybePromise<void> {
    return this.#tcp.send(message);
  }

  receive(into: Uint8Array): MaybePromise<number> {
    return this.#tcp.receive(into, this.#timeoutMs);
  }

  close(): void {
    this.#tcp.close();
  }
}

class TcpServerConnection implements ServerConnection {
  readonly peer: string;
  readonly #tcp: PosixTcp;
  readonly #timeoutMs: number;
  readonly #idleTimeoutMs: number;

  constructor(tcp: PosixTcp, { timeoutMs, idleTimeoutMs }: PairOptions) {
    this.peer = tcp.peer.text;
    this.#tcp = tcp;
    this.#timeoutMs = timeoutMs;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  receive(into: Uint8Array, idle: boolean): MaybePromise<number> {
    return this.#tcp.receive(into, idle ? this.#idleTimeoutMs : this.#timeoutMs);
  }

  send(answer: Uint8Array): MaybePromise<void> {
    return this.#tcp.send(answer);
  }

  close(): void {
    this.#tcp.close();
  }
}

function client(
  { timeoutMs }: PairOptions,
  loop: PollLoop,
  servers: SocketAddress[],
): ClientTransport {
  return {
    rest: () => loop.rest(),
    open(timer) {
      const connected = (tcp: PosixTcp) => {
        timer.mark(STEP_INDEX.connect);
        return new TcpClientConnection(tcp, timeoutMs);
      };
      const connect = (server: SocketAddress) => PosixTcp.connect(server, loop, timeoutMs);
      const connecting = connectInTurn(servers, connect);
      return connecting instanceof Promise ? connecting.then(connected) : connected(connecting);
    },
  };
}

function server(options: PairOptions, loop: PollLoop, hostname: string): ServerTransport {
  const listener = new PosixTcpListener(hostname, options.port, loop, options.timeoutMs);
  return {
    hostname: listener.address.hostname,
    port: listener.address.port,
    accept: () => listener.accept((tcp) => new TcpServerConnection(tcp, options)),
    stopAccepting: () => listener.close(),
  };
}

/** Both ends. */
export const posixPair = { client, server };

export const { client: preparePosixClient, server: preparePosixServer } = preparePosix(posixPair);
