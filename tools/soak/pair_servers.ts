/**
 * Servers of the pairs that are no listeners of the library's: those that block, and Deno's own TLS.
 *
 * @module
 */
import { Deadlines } from "../../common/base/deadline.ts";
import type { ServerTransport } from "../../common/exchange/transport.ts";
import type { ListenerCounters } from "../../common/openssl/settings.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { PollLoop } from "../../common/posix/poll_loop.ts";
import { blockingPair as dtls } from "../../dtls/blocking.ts";
import { blockingPair as tls } from "../../tls/blocking.ts";
import { serverWith } from "../../tls/rustls/mod.ts";
import { MESSAGE_BYTES, PATIENCE_MS } from "./clients.ts";
import { ALPN, type ListenerOrder, type SecureProtocol } from "./listener_order.ts";
import { credentialsOf, endOptions } from "./pair_options.ts";

/** What is counted of a listener. */
export type Counts = Pick<ListenerCounters, "sessions" | "established" | "errors" | "displaced">;

/** What listens. */
export interface Served {
  readonly port: number;
  readonly counters: Readonly<Counts>;
  close(): Promise<void>;
}

/** A server that blocks, or turns to the next connection where there are several. */
export function serveBlocking(protocol: SecureProtocol, order: ListenerOrder): Served {
  const { ca, server, handshakeTimeoutMs } = order;
  const datagram = protocol === "dtls";
  const context = new TlsContext({
    ...{ role: "server", datagram, caCerts: [ca], clientCertificate: "require" },
    ...server,
    alpnProtocols: [ALPN],
  });
  const deadlines = new Deadlines();
  const options = endOptions(protocol, "server", "sync", 0, handshakeTimeoutMs);
  const pair = datagram ? dtls : tls;
  const loop = new PollLoop("block", deadlines.signal);
  return served(pair.server(options, loop, "127.0.0.1", context), order, () => {
    context.close();
    deadlines.close();
  });
}

/** A server on Deno's own TLS. */
export async function serveRustls(order: ListenerOrder): Promise<Served> {
  const deadlines = new Deadlines();
  const options = endOptions("tls", "server", "async", 0, order.handshakeTimeoutMs);
  const transport = await serverWith(credentialsOf(order.ca, order.server), options, deadlines);
  return served(transport, order, () => deadlines.close());
}

function served<C>(
  transport: ServerTransport<C>,
  { idleTimeoutMs = PATIENCE_MS }: ListenerOrder,
  close: () => void,
): Served {
  const counters = { sessions: 0, established: 0, errors: 0, displaced: 0 };
  const answer = async (connection: C) => {
    counters.sessions++;
    const into = new Uint8Array(MESSAGE_BYTES);
    try {
      await transport.handshake!(connection);
      counters.established++;
      for (let length; (length = await transport.receive(connection, into, idleTimeoutMs)) >= 0;) {
        await transport.send(connection, into.subarray(0, length));
      }
      await transport.shutdown!(connection);
    } catch {
      // It is seen at the client's end.
      counters.errors++;
    }
    await transport.close(connection);
    counters.sessions--;
  };
  const answerAll = async () => {
    for (let connection; (connection = await transport.accept());) void answer(connection);
  };
  const serving = answerAll();
  return {
    port: transport.port,
    counters,
    async close() {
      transport.stopAccepting();
      await serving;
      await transport.end?.();
      close();
    },
  };
}
