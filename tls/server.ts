/**
 * TLS server: accepts connections from clients that show a certificate of the authority's,
 * receives messages, answers each with `ack`, and answers the end of the session.
 *
 *     deno run --allow-net --allow-read tls/server.ts --help
 *
 * @module
 */
import { formatAddress } from "../common/base/addresses.ts";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Deadlines } from "../common/base/deadline.ts";
import { describe, InterruptedError, RunError } from "../common/base/errors.ts";
import { listenAddress } from "../common/deno/lookup.ts";
import { bounded } from "../common/deno/tcp.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import type { Security } from "../common/model/protocol.ts";
import type { MaybePromise } from "../common/base/maybe_promise.ts";
import { serverMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import type { ServerConnection, ServerTransport } from "../common/exchange/server_transport.ts";
import { loadCredentials } from "./rustls/credentials.ts";
import { securityOf } from "./rustls/security.ts";
import { Handshakes, NodeTcpListener } from "./rustls/server.ts";
import { NodeTlsStream } from "./rustls/stream.ts";
import { prepareOpenSslServer } from "./openssl/server.ts";
import { preparePosixServer } from "./blocking.ts";

/** What all connections of a run share. */
interface Shared {
  readonly handshakes: Handshakes;
  readonly options: PairOptions;
  readonly deadlines: Deadlines;
}

class TlsConnection implements ServerConnection {
  readonly peer: string;
  readonly #raw: Socket;
  readonly #shared: Shared;
  #socket: TLSSocket | null = null;
  #stream: NodeTlsStream | null = null;

  constructor(raw: Socket, shared: Shared) {
    const { remoteAddress, remotePort } = raw;
    // It may be gone since it was accepted.
    this.peer = remoteAddress ? formatAddress(remoteAddress, remotePort!) : "a client that is gone";
    this.#raw = raw;
    this.#shared = shared;
  }

  get security(): Security | undefined {
    return this.#socket ? securityOf(this.#socket) : undefined;
  }

  get resumed(): boolean {
    return this.#socket?.isSessionReused() ?? false;
  }

  async handshake(): Promise<void> {
    const { handshakes, options, deadlines } = this.#shared;
    const takeOver = (socket: TLSSocket) => {
      this.#socket = socket;
      this.#stream = new NodeTlsStream(socket, this.#raw, "client", deadlines);
    };
    try {
      await bounded(
        deadlines,
        options.timeoutMs,
        (signal) => handshakes.run(this.#raw, takeOver, signal),
      );
    } catch (cause) {
      if (cause instanceof InterruptedError) throw cause;
      throw new RunError(`handshake failed: ${describe(cause)}`, { cause });
    }
  }

  receive(into: Uint8Array, idle: boolean): MaybePromise<number> {
    const { idleTimeoutMs, timeoutMs } = this.#shared.options;
    return this.#stream!.read(into, idle ? idleTimeoutMs : timeoutMs);
  }

  send(answer: Uint8Array): Promise<void> {
    return this.#stream!.write(answer, this.#shared.options.timeoutMs);
  }

  shutdown(): Promise<void> {
    return this.#stream!.shutdown(this.#shared.options.timeoutMs);
  }

  async close(): Promise<void> {
    if (this.#stream) await this.#stream.close();
    else this.#raw.destroy();
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const handshakes = new Handshakes(await loadCredentials(options, "server"));
  const hostname = await listenAddress(options.hostname);
  const listener = await NodeTcpListener.listen(hostname, options.port);
  const shared = { handshakes, options, deadlines };
  return {
    transport: {
      ...listener.addr,
      async accept() {
        const raw = await listener.accept();
        return raw && new TlsConnection(raw, shared);
      },
      stopAccepting: () => listener.stop(),
    },
  };
}

const prepareLane: Prepare<ServerTransport> = (options, deadlines) => {
  if (options.io !== "async") return preparePosixServer(options, deadlines);
  return (options.engine === "openssl" ? prepareOpenSslServer : prepare)(options, deadlines);
};

if (import.meta.main) Deno.exit(await serverMain("tls", prepareLane));
