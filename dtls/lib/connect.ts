/**
 * DTLS clients.
 *
 * @module
 */
import { peerName } from "../../common/base/addresses.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import { serverAddresses } from "../../common/deno/lookup.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import {
  type DtlsSettings,
  HANDSHAKE_TIMEOUT_MS,
  type TlsClientSettings,
} from "../../common/openssl/settings.ts";
import { checkConnect, CLIENT_CONTEXT, contextPart } from "../../common/openssl/settings_table.ts";
import { checkSettings } from "../../common/settings/check.ts";
import { afterWoken } from "../../common/deno/udp.ts";
import { UdpClient } from "../../common/deno/udp_client.ts";
import { BorrowedUdpClient } from "./borrowed_client.ts";
import { DtlsConn } from "./conn.ts";
import { checkSocket, CONNECT_DTLS, type ConnectDtlsOptions, OWN_SOCKET } from "./settings.ts";

/**
 * Connects to a DTLS server: binds a UDP socket and begins the handshake. The server's certificate
 * is verified, and its name checked (RFC 6347).
 *
 * A name's addresses are tried in turn. Where nothing listens at any of them, the handshake rejects
 * with `Deno.errors.ConnectionRefused`; once the server has answered, a refusal ends nothing, as
 * any host on the way could send one.
 *
 * @returns the connection, which the caller closes; await its `handshake()`, or just send
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind or in the wrong place, or that
 * the socket cannot be set to, and where `context` or `session` is closed
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {AddressError} where the host name is unknown, or has no address of `localAddr`'s family
 * @throws {Deno.errors.AddrInUse} where the port of `localAddr` is taken
 * @throws {Deno.errors.AddrNotAvailable} where its address is none of this machine's
 * @throws {Deno.errors.NotCapable} without `--allow-net` or `--allow-ffi`
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../mod.ts";
 *
 * const key = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => key.key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk: key });
 * await conn.handshake();
 * if (conn.info.version !== "DTLSv1.2") throw new Error(conn.info.version);
 * ```
 */
export async function connectDtls(options: ConnectDtlsOptions): Promise<DtlsConn> {
  const checked = checkConnect(CONNECT_DTLS, options, true);
  const settings = checkSocket(checked, [...OWN_SOCKET, "localAddr"], "connect");
  const addresses = await serverAddresses(settings.hostname);
  const context = settings.context ?? dtlsContext(contextPart(CLIENT_CONTEXT.dtls, settings));
  try {
    return openDtls(context, addresses, settings);
  } finally {
    if (!settings.context) context.close();
  }
}

/**
 * Loads certificates and settings once, for many clients' connections.
 *
 * @returns the context, which the caller closes; connections made with it live on
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown or of the wrong kind
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 *
 * @example
 * ```ts
 * using context = dtlsContext({ caCerts: [], ciphers: "ECDHE+AESGCM" });
 * if (context.closed) throw new Error("it is open");
 * ```
 */
export function dtlsContext(settings: TlsClientSettings & DtlsSettings): TlsContext {
  const checked = checkSettings(CLIENT_CONTEXT.dtls, settings, "make a DTLS context");
  return setupStep("context", () => new TlsContext({ ...checked, role: "client", datagram: true }));
}

/**
 * As {@linkcode connectDtls}, with settings checked, name looked up (see {@linkcode UdpClient}) and
 * certificates loaded.
 */
function openDtls(
  context: TlsContext,
  addresses: string[],
  options: ConnectDtlsOptions,
): DtlsConn {
  const { port, mtu, session: saved, signal } = options;
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, idleTimeoutMs = Infinity } = options;
  const serverName = peerName(options);
  const { unsafelySkipNameCheck } = options;
  using made = new DisposableStack();
  const session = made.use(
    setupStep(
      "session",
      () => new TlsSession(context, { serverName, unsafelySkipNameCheck, mtu, session: saved }),
    ),
  );
  const deadlines = made.use(new Deadlines());
  const events = {
    received(datagram: Uint8Array<ArrayBuffer>) {
      session.feed(datagram);
      conn.advance();
      return afterWoken();
    },
    failed: (error: unknown) => conn.fail(error),
  };
  const udp = options.socket
    ? new BorrowedUdpClient(addresses, port, events, options.socket, options.onOtherDatagram)
    : new UdpClient(addresses, port, events, deadlines, options);
  made.move();
  const socket = {
    get remoteAddr() {
      return udp.remoteAddr;
    },
    get localAddr() {
      return udp.localAddr;
    },
    transmit: (datagram: Uint8Array) => udp.send(datagram),
    release() {
      deadlines.close();
      udp.close();
    },
  };
  const conn = new DtlsConn(session, socket, deadlines, {
    handshakeTimeoutMs,
    idleTimeoutMs,
    inboxBytes: options.inboxBytes,
    signal,
  });
  conn.advance();
  return conn;
}
