/**
 * TCP client: connects, sends a message, receives the answer, closes; once for every message.
 *
 *     deno run --allow-net tcp/client.ts --help
 *
 * @module
 */
import type { ClientConnection, ClientTransport } from "../common/exchange/client.ts";
import { STEP_INDEX } from "../common/measure/clock.ts";
import type { Deadlines } from "../common/base/deadline.ts";
import { connectInTurn } from "../common/base/in_turn.ts";
import { serverAddresses } from "../common/deno/lookup.ts";
import { bounded, BoundedTcp } from "../common/deno/tcp.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { clientMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import { preparePosixClient } from "./blocking.ts";

class TcpConnection implements ClientConnection {
  readonly #tcp: BoundedTcp;
  readonly #timeoutMs: number;

  constructor(tcp: BoundedTcp, timeoutMs: number) {
    this.#tcp = tcp;
    this.#timeoutMs = timeoutMs;
  }

  send(message: Uint8Array): Promise<void> {
    return this.#tcp.write(message, this.#timeoutMs);
  }

  receive(into: Uint8Array): Promise<number> {
    return this.#tcp.read(into, this.#timeoutMs);
  }

  close(): void {
    this.#tcp.close();
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { port, timeoutMs } = options;
  const addresses = await serverAddresses(options.hostname);
  const transport: ClientTransport = {
    async open(timer) {
      const conn = await bounded(
        deadlines,
        timeoutMs,
        async (signal) =>
          await connectInTurn(addresses, (hostname) => Deno.connect({ hostname, port, signal })),
      );
      conn.setNoDelay(true);
      timer.mark(STEP_INDEX.connect);
      return new TcpConnection(new BoundedTcp(conn, deadlines), timeoutMs);
    },
  };
  return { transport };
}

export const prepareLane: Prepare<ClientTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixClient)(options, deadlines);

if (import.meta.main) Deno.exit(await clientMain("tcp", prepareLane));
