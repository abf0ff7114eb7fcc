/**
 * TLS clients through OpenSSL.
 *
 * @module
 */
import { peerName } from "../common/addresses.ts";
import { Deadlines } from "../common/deadline.ts";
import { connectInTurn } from "../common/in_turn.ts";
import { serverAddresses } from "../common/lookup.ts";
import { bounded } from "../common/net.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { keyLogOf } from "../common/openssl/key_log.ts";
import { TlsSession } from "../common/openssl/session.ts";
import {
  type ConnectSettings,
  HANDSHAKE_TIMEOUT_MS,
  type TlsClientSettings,
} from "../common/openssl/settings.ts";
import { TlsConn } from "./conn.ts";

/**
 * Settings of {@linkcode connectTls}.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls, tlsContext } from "./mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const accepted = listener.accept();
 * using context = tlsContext({ psk, maxVersion: "TLSv1.2" });
 * const options: ConnectTlsOptions = { port: listener.addr.port, context };
 * await using conn = await connectTls(options);
 * await conn.handshake();
 * if (conn.info.version !== "TLSv1.2") throw new Error(conn.info.version);
 * (await accepted)?.abandon();
 * ```
 */
export interface ConnectTlsOptions extends ConnectSettings {
  /** Made once by {@linkcode tlsContext} for many connections; certificates here are not looked at. */
  context?: TlsContext;
}

/**
 * Connects to a TLS server. The server's certificate is verified, and its name checked (RFC 8446,
 * RFC 5246).
 *
 * @returns the connection, its TCP part established, which the caller closes; await its
 * `handshake()`, or just write
 * @throws {OpenSslError} where a certificate, a key or an algorithm cannot be used
 * @throws {RangeError} where another setting cannot be used
 * @throws {TypeError} where `context` or `session` is closed
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {RunError} where the host name is unknown
 * @throws {TimeoutError} where nobody answers within `handshakeTimeoutMs`
 * @throws {Deno.errors.ConnectionRefused} where nobody listens
 * @throws {Deno.errors.NotCapable} without `--allow-net` or `--allow-ffi`
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "./mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const accepted = listener.accept();
 * await using conn = await connectTls({ port: listener.addr.port, psk });
 * await conn.handshake();
 * if (conn.info.version !== "TLSv1.3") throw new Error(conn.info.version);
 * (await accepted)?.abandon();
 * ```
 */
export async function connectTls(options: ConnectTlsOptions): Promise<TlsConn> {
  const addresses = await serverAddresses(options.hostname);
  const context = options.context ?? tlsContext(options);
  try {
    return await openTls(context, addresses, options);
  } finally {
    if (!options.context) context.close();
  }
}

/**
 * Loads certificates and settings once, for many clients' connections.
 *
 * @returns the context, which the caller closes; connections made with it live on
 * @throws {OpenSslError} where a certificate, a key or an algorithm cannot be used
 * @throws {RangeError} where another setting cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 *
 * @example
 * ```ts
 * using context = tlsContext({ caCerts: [], alpnProtocols: ["h2", "http/1.1"] });
 * if (context.closed) throw new Error("it is open");
 * ```
 */
export function tlsContext(settings: TlsClientSettings): TlsContext {
  const keyLog = keyLogOf(settings.keyLog);
  return new TlsContext({ ...settings, keyLog, role: "client", datagram: false });
}

/**
 * As {@linkcode connectTls}, with the name looked up (see `connectInTurn`) and the certificates loaded.
 *
 * @param onConnected called between the TCP connection and the handshake
 */
export async function openTls(
  context: TlsContext,
  addresses: string[],
  options: ConnectTlsOptions,
  onConnected?: () => void,
): Promise<TlsConn> {
  const { port, session, signal } = options;
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const serverName = peerName(options);
  const checksName = !options.unsafelySkipNameCheck;
  using made = new DisposableStack();
  const deadlines = made.use(new Deadlines());
  const tcp = await bounded(
    deadlines,
    handshakeTimeoutMs,
    async (timeout) => {
      const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
      return await connectInTurn(
        addresses,
        (hostname) => Deno.connect({ hostname, port, signal: either }),
      );
    },
  );
  made.use(tcp);
  tcp.setNoDelay(true);
  onConnected?.();
  const core = made.use(new TlsSession(context, { serverName, checksName, session }));
  made.move();
  const released = () => deadlines.close();
  return new TlsConn(core, tcp, deadlines, { handshakeTimeoutMs, signal, released });
}
