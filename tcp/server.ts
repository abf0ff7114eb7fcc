/**
 * TCP server: accepts connections, receives messages, answers each with `ack`.
 *
 *     deno run --allow-net tcp/server.ts --help
 *
 * @module
 */
import { formatAddress } from "../common/base/addresses.ts";
import type { Deadlines } from "../common/base/deadline.ts";
import { listenAddress } from "../common/deno/lookup.ts";
import { BoundedTcp, BoundedTcpListener } from "../common/deno/tcp.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { serverMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import type { ServerConnection, ServerTransport } from "../common/exchange/server_transport.ts";
import { preparePosixServer } from "./blocking.ts";

class TcpConnection implements ServerConnection {
  readonly peer: string;
  readonly #tcp: BoundedTcp;
  readonly #options: PairOptions;

  constructor(conn: Deno.TcpConn, options: PairOptions, deadlines: Deadlines) {
    this.peer = formatAddress(conn.remoteAddr.hostname, conn.remoteAddr.port);
    this.#tcp = new BoundedTcp(conn, deadlines);
    this.#options = options;
  }

  receive(into: Uint8Array, idle: boolean): Promise<number> {
    const { idleTimeoutMs, timeoutMs } = this.#options;
    return this.#tcp.read(into, idle ? idleTimeoutMs : timeoutMs);
  }

  send(answer: Uint8Array): Promise<void> {
    return this.#tcp.write(answer, this.#options.timeoutMs);
  }

  close(): void {
    this.#tcp.close();
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const listener = new BoundedTcpListener(await listenAddress(options.hostname), options.port);
  return {
    transport: {
      hostname: listener.hostname,
      port: listener.port,
      async accept() {
        const conn = await listener.accept();
        return conn && new TcpConnection(conn, options, deadlines);
      },
      stopAccepting: () => listener.close(),
    },
  };
}

const prepareLane: Prepare<ServerTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixServer)(options, deadlines);

if (import.meta.main) Deno.exit(await serverMain("tcp", prepareLane));
