/**
 * TLS client: connects, completes a handshake in which both ends show certificates, sends a
 * message, receives the answer, ends the session in order; once for every message.
 *
 *     deno run --allow-net --allow-read tls/client.ts --help
 *
 * @module
 */
import { createSecureContext, type TLSSocket } from "node:tls";
import { peerName } from "../common/base/addresses.ts";
import type { ClientConnection, ClientTransport } from "../common/exchange/client.ts";
import { STEP_INDEX } from "../common/measure/clock.ts";
import type { Deadlines } from "../common/base/deadline.ts";
import { connectInTurn } from "../common/base/in_turn.ts";
import { serverAddresses } from "../common/deno/lookup.ts";
import { bounded } from "../common/deno/tcp.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import type { Security } from "../common/model/protocol.ts";
import type { MaybePromise } from "../common/base/maybe_promise.ts";
import { clientMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import { beginHandshake, explainRefusal, openTcp } from "./rustls/client.ts";
import { loadCredentials } from "./rustls/credentials.ts";
import { refuseZone } from "./rustls/errors.ts";
import { PeerCheck, securityOf } from "./rustls/security.ts";
import { NodeTlsStream } from "./rustls/stream.ts";
import { prepareOpenSslClient } from "./openssl/client.ts";
import { preparePosixClient } from "./blocking.ts";

class TlsConnection implements ClientConnection {
  readonly #stream: NodeTlsStream;
  readonly #socket: TLSSocket;
  readonly #timeoutMs: number;

  constructor(stream: NodeTlsStream, socket: TLSSocket, timeoutMs: number) {
    this.#stream = stream;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  get security(): Security {
    return securityOf(this.#socket);
  }

  get resumed(): boolean {
    return this.#socket.isSessionReused();
  }

  send(message: Uint8Array): Promise<void> {
    return this.#stream.write(message, this.#timeoutMs);
  }

  receive(into: Uint8Array): MaybePromise<number> {
    return this.#stream.read(into, this.#timeoutMs);
  }

  shutdown(): Promise<void> {
    return this.#stream.shutdown(this.#timeoutMs);
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { port, timeoutMs } = options;
  const credentials = await loadCredentials(options, "client");
  const context = createSecureContext(credentials);
  const servers = new PeerCheck(credentials.ca, "server");
  const addresses = await serverAddresses(options.hostname);
  addresses.forEach(refuseZone);
  const hostname = peerName(options);
  const transport: ClientTransport = {
    async open(timer) {
      const raw = await bounded(
        deadlines,
        timeoutMs,
        async (signal) =>
          await connectInTurn(addresses, (address) => openTcp({ address, port }, signal)),
      );
      timer.mark(STEP_INDEX.connect);
      const server = { address: addresses[0]!, port, hostname };
      const socket = beginHandshake(raw, server, context, servers);
      const stream = new NodeTlsStream(socket, raw, "server", deadlines);
      try {
        await stream.handshake(timeoutMs);
      } catch (error) {
        await stream.close();
        const explain = (signal: AbortSignal) =>
          explainRefusal(error, server, credentials.ca, signal);
        throw await bounded(deadlines, timeoutMs, explain);
      }
      timer.mark(STEP_INDEX.handshake);
      return new TlsConnection(stream, socket, timeoutMs);
    },
  };
  return { transport };
}

export const prepareLane: Prepare<ClientTransport> = (options, deadlines) => {
  if (options.io !== "async") return preparePosixClient(options, deadlines);
  return (options.engine === "openssl" ? prepareOpenSslClient : prepare)(options, deadlines);
};

if (import.meta.main) Deno.exit(await clientMain("tls", prepareLane));
