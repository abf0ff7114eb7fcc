/**
 * What each function of the DTLS library may be told.
 *
 * @module
 */
import type {
  ConnectSettings,
  DtlsSettings,
  ListenSettings,
} from "../../common/openssl/settings.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import {
  CLIENT_CONTEXT,
  CONNECT,
  idleTimeoutMs,
  LISTEN,
  MTU,
  SERVER_CONTEXT,
} from "../../common/openssl/settings_table.ts";
import { group, type Setting, setting, type SettingsTable } from "../../common/settings/check.ts";
import {
  callback,
  instance,
  ipAddress,
  refused,
  wholeNumber,
} from "../../common/settings/kinds.ts";
import type { LocalAddress } from "../../common/deno/udp.ts";
import type { SocketOptions } from "../../common/posix/socket_options.ts";
import { PROGRAM_SOCKET, type ProgramSocket } from "./program_socket.ts";
import { INBOX_BYTES } from "./socket.ts";
import { LISTENER_BUFFER_BYTES } from "../../common/posix/receive_buffer.ts";

/** A client that vanished is forgotten after that long, where nothing else is said. */
export const IDLE_TIMEOUT_MS = 300_000;

const inboxBytes = setting(
  wholeNumber(1, Number.MAX_SAFE_INTEGER, "bytes"),
  "what a connection keeps of messages that are not received",
  `${INBOX_BYTES}`,
);

/** As C's int has it; Linux doubles it. */
const bufferBytes = wholeNumber(1, 2 ** 30 - 1, "bytes");

function receiveBufferBytes(absent: string) {
  return setting(
    bufferBytes,
    "size of the socket's receive buffer that the system is asked for",
    absent,
  );
}

const SOCKET_OPTIONS: SettingsTable<SocketOptions> = {
  sendBufferBytes: setting(
    bufferBytes,
    "size of the socket's send buffer that the system is asked for",
    "the system's",
  ),
  ttl: setting(
    wholeNumber(1, 255),
    "routers that a datagram may pass and be delivered",
    "the system's",
  ),
  tos: setting(
    wholeNumber(0, 255),
    "traffic class of the IP header; its upper six bits are the DSCP",
    "0",
  ),
};

/** Deno has it for TCP, and nothing can be set before Deno binds a UDP socket. */
const REFUSED: Readonly<Record<string, Setting<never>>> = {
  reusePort: setting(
    refused("cannot be had on UDP: Deno.listenDatagram() has no setting for it"),
    "lets several sockets have one port",
    "no other socket can have it",
  ),
};

const localAddr = setting(
  group<LocalAddress>({
    hostname: setting(ipAddress(), "address of this machine", "the system's choice"),
    port: setting(wholeNumber(0, 65_535), "port; 0 takes a free one", "0"),
  }, { hostname: "127.0.0.1", port: 0 }),
  "this end's own address",
  "the system's choice",
);

/**
 * Told of a datagram that is not DTLS, or not the server's; see RFC 7983. What it throws is written to
 * stderr.
 *
 * @example
 * ```ts
 * const seen: number[] = [];
 * const onStun: OnOtherDatagram = (datagram) => seen.push(datagram[0]!);
 * onStun(new Uint8Array(20), { transport: "udp", hostname: "192.0.2.1", port: 3478 });
 * if (seen.length !== 1) throw new Error("one has come");
 * ```
 */
export type OnOtherDatagram = (datagram: Uint8Array, from: Deno.NetAddr) => unknown;

const SHARED = {
  socket: setting(
    PROGRAM_SOCKET,
    "a datagram socket that the program has, and keeps",
    "one of its own",
  ),
  onOtherDatagram: setting(
    callback<OnOtherDatagram>(),
    "with `socket`: told of what comes and is not DTLS",
    "dropped",
  ),
};

/** Settings of `connectDtls()`. */
export const CONNECT_DTLS: SettingsTable<ConnectDtlsOptions> = {
  ...CONNECT,
  ...CLIENT_CONTEXT.dtls,
  context: setting(
    instance("TlsContext", TlsContext, ({ closed }) => !closed),
    "made once by `dtlsContext()`",
    "none",
  ),
  mtu: MTU,
  idleTimeoutMs: idleTimeoutMs("Infinity"),
  inboxBytes,
  receiveBufferBytes: receiveBufferBytes("the system's"),
  ...SOCKET_OPTIONS,
  localAddr,
  ...REFUSED,
  ...SHARED,
};

/** Settings of `listenDtls()`. */
export const LISTEN_DTLS: SettingsTable<ListenDtlsOptions> = {
  ...LISTEN,
  ...SERVER_CONTEXT.dtls,
  mtu: MTU,
  idleTimeoutMs: idleTimeoutMs(`${IDLE_TIMEOUT_MS}`),
  inboxBytes,
  receiveBufferBytes: receiveBufferBytes(`${LISTENER_BUFFER_BYTES}`),
  ...SOCKET_OPTIONS,
  ...REFUSED,
  ...SHARED,
  port: { ...LISTEN.port, absent: "has to be there without `socket`" },
};

/** What is said of a socket that the library makes, and not of one that the program has. */
export const OWN_SOCKET = ["receiveBufferBytes", "sendBufferBytes", "ttl", "tos"] as const;

/**
 * Checks what is said of a socket.
 *
 * @param own settings of a socket that the library makes
 * @throws {TypeError} where one does not go with another
 */
export function checkSocket<T extends ConnectDtlsOptions | ListenDtlsOptions>(
  settings: T,
  own: readonly (keyof T & string)[],
  action: string,
): T {
  const { socket, onOtherDatagram } = settings;
  const refuse = (why: string) => {
    throw new TypeError(`Cannot ${action}: ${why}`);
  };
  if (!socket && onOtherDatagram) refuse("onOtherDatagram goes with socket");
  const beside = own.find((name) => Object.hasOwn(settings, name));
  if (socket && beside) refuse(`${beside} goes without socket, which the program has made`);
  return settings;
}

/**
 * Settings of `connectDtls()`.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const options: ConnectDtlsOptions = { port: listener.addr.port, psk, mtu: 512 };
 * await using conn = await connectDtls(options);
 * await conn.handshake();
 * const { bytesSent, datagramsSent } = conn.info.handshake;
 * if (bytesSent > 512 * datagramsSent) throw new Error("a datagram was too long");
 * ```
 */
export interface ConnectDtlsOptions extends ConnectSettings, DtlsSettings, SocketOptions {
  /**
   * Made once by {@linkcode dtlsContext} for many connections; certificates, keys and algorithms are
   * its settings then, and refused here.
   */
  context?: TlsContext | undefined;
  /** Longest UDP payload of handshake datagrams in bytes, 256 to 65507 (default 1400). */
  mtu?: number | undefined;
  /** Longest silence of the server in milliseconds (default none). */
  idleTimeoutMs?: number | undefined;
  /**
   * What each connection keeps of messages that are not received, in bytes and with 128 more for each
   * (default 262144); what comes then is lost.
   */
  inboxBytes?: number | undefined;
  /** Size of the socket's receive buffer asked of the system, in bytes (default the system's own). */
  receiveBufferBytes?: number | undefined;
  /**
   * This end's own address; where it cannot be had, connecting fails as the system says, such as
   * `Deno.errors.AddrInUse`. Addresses of the server that are of the other family are passed over.
   */
  localAddr?: LocalAddress | undefined;
  /**
   * A datagram socket that the program has, instead of one of the connection's own: it is not closed
   * with the connection. A `Deno.DatagramConn` is read until the connection ends, and one of the
   * datagrams that come next is lost then; several connections on one socket each want an object of their own
   * with `subscribe`. Of a name's addresses the first of the socket's family is used, and what the
   * system refuses is not heard: a server that is not there is a timeout.
   */
  socket?: ProgramSocket | undefined;
  /** With `socket`: told of what comes and is not DTLS (RFC 7983), or not the server's; copies. */
  onOtherDatagram?: OnOtherDatagram | undefined;
}

/**
 * Settings of `listenDtls()`.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls, TimeoutError } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * const options: ListenDtlsOptions = { port: 0, pskLookup: () => psk.key, idleTimeoutMs: 50 };
 * await using listener = listenDtls({ hostname: "127.0.0.1", ...options });
 * const client = await connectDtls({ port: listener.addr.port, psk });
 * const server = await listener.accept();
 * const error = await server!.receive().catch((error) => error);
 * client.abandon();
 * if (!(error instanceof TimeoutError)) throw new Error("the client was silent");
 * ```
 */
export interface ListenDtlsOptions
  extends Omit<ListenSettings, "port">, DtlsSettings, SocketOptions {
  /** Port; 0 takes a free one. It has to be there without `socket`. */
  port?: number | undefined;
  /** Longest UDP payload of handshake datagrams in bytes, 256 to 65507 (default 1400). */
  mtu?: number | undefined;
  /** Longest silence of a client in milliseconds, after which it is freed (default 300000). */
  idleTimeoutMs?: number | undefined;
  /**
   * What each connection keeps of messages that are not received, in bytes and with 128 more for each
   * (default 262144); what comes then is lost.
   */
  inboxBytes?: number | undefined;
  /**
   * Size of the socket's receive buffer asked of the system, in bytes (default 4194304): all sessions
   * share it, and what does not fit is lost. What it came to says
   * {@linkcode DtlsListener.receiveBuffer}.
   */
  receiveBufferBytes?: number | undefined;
  /**
   * A datagram socket that the program has, instead of one of the listener's own, with `hostname` and
   * `port` as they are there: it is not closed with the listener. A `Deno.DatagramConn` is read until
   * the listener is closed, and one of the datagrams that come next is lost then.
   */
  socket?: ProgramSocket | undefined;
  /** With `socket`: told of what comes and is not DTLS (RFC 7983), such as STUN and RTP; copies. */
  onOtherDatagram?: OnOtherDatagram | undefined;
}
