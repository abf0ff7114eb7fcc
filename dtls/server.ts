/**
 * DTLS server: one UDP socket, many clients, each authenticated by its certificate; answers every
 * message with `ack`.
 *
 *     deno run --unstable-net --allow-net --allow-read --allow-ffi dtls/server.ts --help
 *
 * @module
 */
import {
  lengthOf,
  listenSettings,
  loadOpenSsl,
  peerOf,
  type Prepare,
  serverMain,
  type ServerTransport,
  toSecurity,
} from "../common/mod.ts";
import { blockingServer } from "./blocking.ts";
import { type DtlsConn, listenDtls } from "./mod.ts";

/** On Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts. */
const asyncServer: Prepare<ServerTransport<DtlsConn>> = async (options, deadlines, trace) => {
  // Certificate and key are loaded, the socket is bound; a client has to show a certificate, too.
  const { idleTimeoutMs } = options;
  const listener = listenDtls({
    ...await listenSettings(options, deadlines, trace),
    idleTimeoutMs,
  });
  return {
    datagrams: true,
    library: loadOpenSsl().versionText,
    hostname: listener.addr.hostname,
    port: listener.addr.port,
    get receiveBuffer() {
      return listener.receiveBuffer;
    },

    /** The next client whose cookie has come back: it is where it says. */
    accept: () => listener.accept(),

    /** Certificates of both ends, keys; what gets lost is sent again (RFC 6347). */
    handshake: (conn) => conn.handshake(),

    /** One message is one record in one datagram. */
    receive: (conn, into, timeoutMs) => lengthOf(conn.receive(into, timeoutMs)),

    /** The answer. */
    send: (conn, answer) => conn.send(answer),

    /** The client's close_notify is answered. */
    shutdown: (conn) => conn.shutdown(),

    /** The session is freed; the socket lives on for the others. */
    close: (conn) => conn.abandon(),

    peer: peerOf,
    security: (conn) => toSecurity(conn.info),
    resumed: (conn) => conn.resumed,
    sessionNumber: (conn) => conn.sessionNumber,
    stopAccepting: () => listener.stopAccepting(),
    end: () => listener.close(),
  };
};

/** The server of the lane that the options say. */
export const prepare: Prepare<ServerTransport<unknown>> = (options, deadlines, trace) =>
  (options.io === "async" ? asyncServer : blockingServer)(options, deadlines, trace);

if (import.meta.main) Deno.exit(await serverMain("dtls", prepare));
