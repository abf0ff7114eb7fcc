/**
 * Both ends on Deno's own TLS, through node:tls.
 *
 * @module
 */
import { createSecureContext } from "node:tls";
import { formatAddress } from "../../common/base/addresses.ts";
import type { Deadlines } from "../../common/base/deadline.ts";
import { describe, InterruptedError, RunError } from "../../common/base/errors.ts";
import { connectInTurn } from "../../common/base/in_turn.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import { listenAddress, serverAddresses } from "../../common/deno/lookup.ts";
import { bounded } from "../../common/deno/tcp.ts";
import { sayWithoutKeys } from "../../common/exchange/key_log.ts";
import { wantedName } from "../../common/exchange/library_verbs.ts";
import type {
  ClientTransport,
  ConnectionVerbs,
  Prepare,
  ServerTransport,
} from "../../common/exchange/transport.ts";
import type { PairOptions } from "../../common/model/pair_options.ts";
import { beginHandshake, explainRefusal, openTcp } from "./client.ts";
import { type Credentials, loadCredentials } from "./credentials.ts";
import { refuseZone } from "./errors.ts";
import { PeerCheck, securityOf } from "./security.ts";
import { Handshakes, NodeTcpListener } from "./server.ts";
import { NodeTlsStream } from "./stream.ts";

function verbs(timeoutMs: number): ConnectionVerbs<NodeTlsStream> {
  return {
    send: (stream, bytes) => stream.write(bytes, timeoutMs),
    receive: (stream, into, timeoutMs) => stream.read(into, timeoutMs),
    shutdown: (stream) => stream.shutdown(timeoutMs),
    close: (stream) => stream.close(),
    security: ({ socket }) => securityOf(socket),
    resumed: ({ socket }) => socket.isSessionReused(),
  };
}

/** A client. */
export const rustlsClient: Prepare<ClientTransport<NodeTlsStream>> = async (options, deadlines) => {
  sayWithoutKeys();
  return await clientWith(await loadCredentials(options, "client"), options, deadlines);
};

/** A client whose certificates are there. */
export async function clientWith(
  credentials: Credentials,
  options: PairOptions,
  deadlines: Deadlines,
): Promise<ClientTransport<NodeTlsStream>> {
  const { port, timeoutMs } = options;
  const context = setupStep("context", () => createSecureContext(credentials));
  const servers = new PeerCheck(credentials.ca, "server");
  const addresses = await serverAddresses(options.hostname);
  addresses.forEach(refuseZone);
  const hostname = wantedName(options);
  const checksName = !options.unsafelySkipNameCheck;
  return {
    ...verbs(timeoutMs),
    async connect() {
      const raw = await bounded(
        deadlines,
        timeoutMs,
        async (signal) =>
          await connectInTurn(addresses, (address) => openTcp({ address, port }, signal)),
      );
      return new NodeTlsStream(raw, "server", deadlines);
    },
    async handshake(stream) {
      const server = { address: addresses[0]!, port, hostname, checksName };
      stream.secure(beginHandshake(stream.raw, server, context, servers));
      try {
        await stream.handshake(timeoutMs);
      } catch (error) {
        await stream.close();
        const explain = (signal: AbortSignal) =>
          explainRefusal(error, server, credentials.ca, signal);
        throw await bounded(deadlines, timeoutMs, explain);
      }
    },
  };
}

/** A server. */
export const rustlsServer: Prepare<ServerTransport<NodeTlsStream>> = async (options, deadlines) => {
  sayWithoutKeys();
  return await serverWith(await loadCredentials(options, "server"), options, deadlines);
};

/** A server whose certificates are there. */
export async function serverWith(
  credentials: Credentials,
  options: PairOptions,
  deadlines: Deadlines,
): Promise<ServerTransport<NodeTlsStream>> {
  const handshakes = new Handshakes(credentials, options.timeoutMs);
  const listener = await NodeTcpListener.listen(
    await listenAddress(options.hostname),
    options.port,
  );
  return {
    ...verbs(options.timeoutMs),
    ...listener.addr,
    async accept() {
      const raw = await listener.accept();
      return raw && new NodeTlsStream(raw, "client", deadlines);
    },
    async handshake(stream) {
      try {
        await bounded(
          deadlines,
          options.timeoutMs,
          (signal) => handshakes.run(stream.raw, (socket) => stream.secure(socket), signal),
        );
      } catch (cause) {
        if (cause instanceof InterruptedError) throw cause;
        throw new RunError(`handshake failed: ${describe(cause)}`, { cause });
      }
    },
    peer({ raw: { remoteAddress, remotePort } }) {
      // It may be gone since it was accepted.
      return remoteAddress ? formatAddress(remoteAddress, remotePort!) : "a client that is gone";
    },
    stopAccepting: () => listener.stop(),
  };
}
