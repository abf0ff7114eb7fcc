/**
 * The client on the system's own calls, blocking or spinning.
 *
 * @module
 */
import type { ClientConnection, ClientTransport } from "../common/client.ts";
import { STEP_INDEX } from "../common/clock.ts";
import type { Deadlines } from "../common/deadline.ts";
import type { PairOptions } from "../common/options.ts";
import { posixLoop, serverAddress } from "../common/posix_pair.ts";
import { PosixTcp } from "../common/posix/tcp.ts";
import type { MaybePromise } from "../common/protocol.ts";
import type { Prepared } from "../common/script.ts";

class TcpConnection implements ClientConnection {
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
      rest: () => loop.rest(),
      open(timer) {
        const connected = (tcp: PosixTcp) => {
          timer.mark(STEP_INDEX.connect);
          return new TcpConnection(tcp, timeoutMs);
        };
        const connecting = PosixTcp.connect(server, loop, timeoutMs);
        return connecting instanceof Promise ? connecting.then(connected) : connected(connecting);
      },
    },
  };
}
