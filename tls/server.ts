/**
 * TLS server: accepts connections from clients that show a certificate of the authority's,
 * receives messages, answers each with `ack`, and answers the end of the session.
 *
 *     deno run --allow-net --allow-read tls/server.ts --help
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
import { listenTls, type TlsConn } from "./mod.ts";
import { rustlsServer } from "./rustls/mod.ts";

/**
 * OpenSSL on Deno's event loop; `--io sync` and `--io spin` stand in blocking.ts, Deno's own TLS
 * (`--engine rustls`) in rustls/.
 */
const asyncServer: Prepare<ServerTransport<TlsConn>> = async (options, deadlines, trace) => {
  // Certificate and key are loaded, the socket listens; a client has to show a certificate, too.
  const listener = listenTls(await listenSettings(options, deadlines, trace));
  return {
    library: loadOpenSsl().versionText,
    hostname: listener.addr.hostname,
    port: listener.addr.port,

    /** The next client that has connected; all of them are served at once. */
    accept: () => listener.accept(),

    /** Certificates of both ends, keys: one round trip in TLS 1.3 (RFC 8446), two in 1.2. */
    handshake: (conn) => conn.handshake(),

    /** A part of a message, a whole one or several: its header says how long it is. */
    receive: (conn, into, timeoutMs) => lengthOf(conn.read(into, timeoutMs)),

    /** The answer. */
    send: (conn, answer) => conn.write(answer, options.timeoutMs),

    /** The client's close_notify is answered. */
    shutdown: (conn) => conn.shutdown(),

    /** The session is freed, and the socket closed. */
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
export const prepare: Prepare<ServerTransport<unknown>> = (options, deadlines, trace) => {
  if (options.io !== "async") return blockingServer(options, deadlines, trace);
  return (options.engine === "openssl" ? asyncServer : rustlsServer)(options, deadlines, trace);
};

if (import.meta.main) Deno.exit(await serverMain("tls", prepare));
