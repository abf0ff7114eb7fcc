/**
 * TLS client: connects, completes a handshake in which both ends show certificates, sends a
 * message, receives the answer, ends the session in order; once for every message.
 *
 *     deno run --allow-net --allow-read tls/client.ts --help
 *
 * @module
 */
import {
  clientMain,
  clientSettings,
  type ClientTransport,
  connectSettings,
  lengthOf,
  loadOpenSsl,
  type Prepare,
  Server,
  SessionPool,
  toSecurity,
} from "../common/mod.ts";
import { blockingClient } from "./blocking.ts";
import { connectTls, type TlsConn, tlsContext } from "./mod.ts";
import { rustlsClient } from "./rustls/mod.ts";

/** OpenSSL on Deno's event loop; blocking.ts has `--io sync` and spin, rustls/ Deno's own TLS. */
const asyncClient: Prepare<ClientTransport<TlsConn>> = async (options, deadlines, trace) => {
  // Once for all connections: name, certificates and key are looked up, loaded and checked.
  const server = await Server.find(options);
  const context = tlsContext(await clientSettings(options, trace));
  const settings = connectSettings(options, deadlines);
  // With --resume every connection but the first offers the session of one before it.
  const sessions = new SessionPool(options.resume);
  return {
    library: loadOpenSsl().versionText,

    /** A TCP connection. */
    async connect() {
      using session = sessions.take();
      const conn = await connectTls({ ...server.name, ...settings, context, session });
      return sessions.offered(conn, session);
    },

    /** Certificates of both ends, keys: one round trip in TLS 1.3 (RFC 8446), two in 1.2. */
    async handshake(conn) {
      await conn.handshake();
      server.hasAnswered(conn);
    },

    /** All bytes, in records of 16384 at most. */
    send: (conn, message) => conn.write(message, options.timeoutMs),

    /** A part of the answer, or all of it: TLS is a stream and keeps no boundaries. */
    receive: (conn, into, timeoutMs) => lengthOf(conn.read(into, timeoutMs)),

    /** close_notify, and the server's; in TLS 1.3 the new session has come by then. */
    async shutdown(conn) {
      await conn.shutdown();
      sessions.keep(conn);
    },

    /** The session is freed, and the socket closed. */
    close: (conn) => conn.abandon(),

    security: (conn) => toSecurity(conn.info),
    resumed: (conn) => conn.resumed,
    sessionNumber: (conn) => conn.sessionNumber,
    refusesSession: (conn, error) => sessions.refuses(conn, error),
    end: () => context.close(),
  };
};

/** The client of the lane that the options say. */
export const prepare: Prepare<ClientTransport<unknown>> = (options, deadlines, trace) => {
  if (options.io !== "async") return blockingClient(options, deadlines, trace);
  return (options.engine === "openssl" ? asyncClient : rustlsClient)(options, deadlines, trace);
};

if (import.meta.main) Deno.exit(await clientMain("tls", prepare));
