/**
 * DTLS client: a handshake with a cookie round trip, a message, its answer, an orderly shutdown;
 * once for every message.
 *
 *     deno run --unstable-net --allow-net --allow-read --allow-ffi dtls/client.ts --help
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
import { connectDtls, type DtlsConn, dtlsContext } from "./mod.ts";

/** On Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts. */
const asyncClient: Prepare<ClientTransport<DtlsConn>> = async (options, deadlines, trace) => {
  // Once for all connections: name, certificates and key are looked up, loaded and checked.
  const server = await Server.find(options);
  const context = dtlsContext(await clientSettings(options, trace));
  const settings = connectSettings(options, deadlines);
  // With --resume every connection but the first offers the session of one before it.
  const sessions = new SessionPool(options.resume);
  return {
    datagrams: true,
    library: loadOpenSsl().versionText,

    /** A UDP socket, and the ClientHello on its way. */
    async connect() {
      using session = sessions.take();
      const conn = await connectDtls({ ...server.name, ...settings, context, session });
      return sessions.offered(conn, session);
    },

    /** Cookie, certificates of both ends, keys; what gets lost is sent again (RFC 6347). */
    async handshake(conn) {
      await conn.handshake();
      server.hasAnswered(conn);
    },

    /** One message is one record in one datagram. */
    send: (conn, message) => conn.send(message),

    /** The answer; where none comes in time, the message or its answer was lost. */
    receive: (conn, into, timeoutMs) => lengthOf(conn.receive(into, timeoutMs)),

    /** close_notify, and the server's; only then can the session be resumed. */
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
export const prepare: Prepare<ClientTransport<unknown>> = (options, deadlines, trace) =>
  (options.io === "async" ? asyncClient : blockingClient)(options, deadlines, trace);

if (import.meta.main) Deno.exit(await clientMain("dtls", prepare));
