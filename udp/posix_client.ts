/**
 * The client on the system's own calls, blocking or spinning.
 *
 * @module
 */
import { type ClientConnection, type ClientTransport, LOST } from "../common/client.ts";
import type { Deadlines } from "../common/deadline.ts";
import type { PairOptions } from "../common/options.ts";
import { posixLoop, serverAddress } from "../common/posix_pair.ts";
import { NOT_YET } from "../common/posix/socket.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import type { MaybePromise } from "../common/protocol.ts";
import type { Prepared } from "../common/script.ts";

class UdpConnection implements ClientConnection {
  readonly #socket: PosixUdp;
  readonly #timeoutMs: number;

  constructor(socket: PosixUdp, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  send(message: Uint8Array): MaybePromise<void> {
    return this.#socket.send(message);
  }

  receive(into: Uint8Array): MaybePromise<number> {
    const receiving = this.#socket.receive(into, this.#timeoutMs);
    return receiving instanceof Promise ? receiving.then(orLost) : orLost(receiving);
  }

  close(): void {
    this.#socket.close();
  }
}

function orLost(received: number): number {
  return received === NOT_YET ? LOST : received;
}

/** Looks the name up, once for the run. */
export async function preparePosixClient(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { timeoutMs } = options;
  const server = await serverAddress(options);
  const loop = posixLoop(options, deadlines);
  return {
    transport: {
      connectionless: true,
      rest: () => loop.rest(),
      open: () => new UdpConnection(PosixUdp.toward(server, loop), timeoutMs),
    },
  };
}
