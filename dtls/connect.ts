/**
 * DTLS clients.
 *
 * @module
 */
import { Deadlines } from "../common/deadline.ts";
import { resolveHost } from "../common/net.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { TlsSession } from "../common/openssl/session.ts";
import { UdpSocket } from "../common/udp.ts";
import { DtlsConn } from "./conn.ts";

/** Longest handshake in milliseconds, where nothing else is said. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Settings of {@linkcode connectDtls}. */
export interface ConnectDtlsOptions {
  /** Name or address of the server (default "127.0.0.1"). */
  hostname?: string;
  /** UDP port of the server. */
  port: number;
  /** Name or address the server's certificate has to be for (default `hostname`). */
  serverName?: string;
  /** Authorities the server's certificate may come from, PEM. */
  caCerts?: readonly string[];
  /** Own certificate, with the chain below the authority, PEM. */
  cert?: string;
  /** Own private key, PEM, not encrypted. */
  key?: string;
  /** Made once and used for many connections instead of the three above; it stays the caller's. */
  context?: TlsContext;
  /** Longest UDP payload of handshake datagrams in bytes, from 256 (default 1400). */
  mtu?: number;
  /** Longest handshake in milliseconds (default 10000). */
  handshakeTimeoutMs?: number;
  /** Ends every wait of the connection when it is aborted. */
  signal?: AbortSignal;
}

/**
 * Connects to a DTLS server: binds a UDP socket and begins the handshake. The server's certificate
 * is verified, and its name checked.
 *
 * @returns the connection; await its `handshake()`, or just send
 * @throws {OpenSslError} where a certificate or key cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 */
export async function connectDtls(options: ConnectDtlsOptions): Promise<DtlsConn> {
  const hostname = options.hostname ?? "127.0.0.1";
  const address = await resolveHost(hostname);
  const context = options.context ?? clientContext(options);
  try {
    return openDtls(context, address, { ...options, serverName: options.serverName ?? hostname });
  } finally {
    // C keeps it for as long as the session lives.
    if (!options.context) context.close();
  }
}

/** Makes the context of a client. */
export function clientContext(
  options: Pick<ConnectDtlsOptions, "caCerts" | "cert" | "key">,
): TlsContext {
  const { caCerts = [], cert, key } = options;
  return new TlsContext({ role: "client", datagram: true, caCerts, cert, key });
}

/** As {@linkcode connectDtls}, with the name looked up and the certificates loaded. */
export function openDtls(
  context: TlsContext,
  address: string,
  options: ConnectDtlsOptions & { serverName: string },
): DtlsConn {
  const { port, serverName, mtu, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, signal } = options;
  const remoteAddr: Deno.NetAddr = { transport: "udp", hostname: address, port };
  const session = new TlsSession(context, { serverName, mtu });
  const deadlines = new Deadlines();
  let socket: UdpSocket;
  try {
    socket = UdpSocket.toward(address);
  } catch (error) {
    session.close();
    throw error;
  }
  const carrier = {
    remoteAddr,
    transmit: (datagram: Uint8Array) => socket.send(datagram, remoteAddr),
    release() {
      deadlines.close();
      socket.close();
    },
  };
  const conn = new DtlsConn(session, carrier, deadlines, { handshakeTimeoutMs, signal });
  const spelled = spelling(address);
  const isPeer = ({ port: fromPort, hostname }: Deno.NetAddr) =>
    fromPort === port && (hostname === address || spelling(hostname) === spelled);
  socket.run((datagram, from) => {
    if (!isPeer(from)) return;
    session.feed(datagram);
    conn.advance();
  }).catch(() => conn.abandon());
  conn.advance();
  return conn;
}

/** An address the one way in which URL spells it: IPv6 ones are written in many (RFC 4291 2.2). */
function spelling(address: string): string {
  return URL.parse(`udp://[${address}]`)?.hostname ?? address;
}
