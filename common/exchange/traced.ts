/**
 * Transports whose handshakes are collected. Without `--trace` there are none.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe_promise.ts";
import { parseNo } from "../model/message.ts";
import { HEADER_BYTES } from "../model/protocol.ts";
import type { HandshakeLog } from "./handshake_log.ts";
import type { ClientTransport, ConnectionVerbs, ServerTransport } from "./transport.ts";

/** The verbs that a log has to know of, for both ends. */
function tracedVerbs<Connection>(
  transport: ConnectionVerbs<Connection>,
  log: HandshakeLog,
  client: number | null,
): Pick<ConnectionVerbs<Connection>, "handshake" | "close"> {
  const numberOf = (connection: Connection) => transport.sessionNumber?.(connection) ?? 0;
  const completed = (connection: Connection) =>
    log.completed(numberOf(connection), transport.resumed?.(connection) ?? false);
  return {
    handshake(connection) {
      log.begins(numberOf(connection), client);
      const handshaking = transport.handshake?.(connection);
      if (handshaking instanceof Promise) return handshaking.then(() => completed(connection));
      completed(connection);
    },
    close(connection) {
      const session = numberOf(connection);
      const closing = transport.close(connection);
      if (closing instanceof Promise) return closing.finally(() => log.ended(session));
      log.ended(session);
    },
  };
}

/** The same transport; what it does not say anew it still is, the facts that change included. */
function derived<T extends object>(transport: T, more: Partial<T>): T {
  return Object.assign(Object.create(transport), more);
}

/** A client whose handshakes go into a log. */
export function tracedClient<Connection>(
  transport: ClientTransport<Connection>,
  log: HandshakeLog,
  client: number,
): ClientTransport<Connection> {
  return derived(transport, {
    ...tracedVerbs(transport, log, client),
    send(connection, message) {
      log.carries(transport.sessionNumber?.(connection) ?? 0, parseNo(message));
      return transport.send(connection, message);
    },
  });
}

/** A server whose handshakes go into a log. */
export function tracedServer<Connection>(
  transport: ServerTransport<Connection>,
  log: HandshakeLog,
): ServerTransport<Connection> {
  const carries = (connection: Connection, bytes: Uint8Array, received: number) => {
    if (received < HEADER_BYTES) return received;
    log.carries(transport.sessionNumber?.(connection) ?? 0, parseNo(bytes));
    return received;
  };
  return derived(transport, {
    ...tracedVerbs(transport, log, null),
    receive(connection, into, timeoutMs): MaybePromise<number> {
      const receiving = transport.receive(connection, into, timeoutMs);
      return receiving instanceof Promise
        ? receiving.then((received) => carries(connection, into, received))
        : carries(connection, into, receiving);
    },
  });
}
