/**
 * TLS clients through OpenSSL.
 *
 * @module
 */
import { peerName } from "../../common/base/addresses.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import { serverAddresses } from "../../common/deno/lookup.ts";
import { connectTcp } from "../../common/deno/tcp.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { HANDSHAKE_TIMEOUT_MS, type TlsClientSettings } from "../../common/openssl/settings.ts";
import { checkConnect, CLIENT_CONTEXT, contextPart } from "../../common/openssl/settings_table.ts";
import { checkSettings } from "../../common/settings/check.ts";
import { TlsConn } from "./conn.ts";
import { CONNECT_TLS, type ConnectTlsOptions } from "./settings.ts";

/**
 * Connects to a TLS server. The server's certificate is verified, and its name checked (RFC 8446,
 * RFC 5246).
 *
 * @returns the connection, its TCP part established, which the caller closes; await its
 * `handshake()`, or just write
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind or in the wrong place, and
 * where `context` or `session` is closed
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {AddressError} where the host name is unknown
 * @throws {TimeoutError} where no answer comes within `handshakeTimeoutMs`
 * @throws {Deno.errors.ConnectionRefused} where nothing listens
 * @throws {Deno.errors.NotCapable} without `--allow-net` or `--allow-ffi`
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "../mod.ts";
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
  const settings = checkConnect(CONNECT_TLS, options, false);
  const addresses = await serverAddresses(settings.hostname);
  const context = settings.context ?? tlsContext(contextPart(CLIENT_CONTEXT.tls, settings));
  try {
    return await openTls(context, addresses, settings);
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
 * using context = tlsContext({ caCerts: [], alpnProtocols: ["h2", "http/1.1"] });
 * if (context.closed) throw new Error("it is open");
 * ```
 */
export function tlsContext(settings: TlsClientSettings): TlsContext {
  const checked = checkSettings(CLIENT_CONTEXT.tls, settings, "make a TLS context");
  return setupStep(
    "context",
    () => new TlsContext({ ...checked, role: "client", datagram: false }),
  );
}

/**
 * As {@linkcode connectTls}, with settings checked, name looked up (see `connectInTurn`) and
 * certificates loaded.
 */
async function openTls(
  context: TlsContext,
  addresses: string[],
  options: ConnectTlsOptions,
): Promise<TlsConn> {
  const { port, session: saved, signal } = options;
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const serverName = peerName(options);
  const { unsafelySkipNameCheck } = options;
  using made = new DisposableStack();
  const deadlines = made.use(new Deadlines());
  const tcp = made.use(
    await connectTcp(addresses, port, handshakeTimeoutMs, deadlines, signal),
  );
  const session = made.use(
    setupStep(
      "session",
      () => new TlsSession(context, { serverName, unsafelySkipNameCheck, session: saved }),
    ),
  );
  made.move();
  const released = () => deadlines.close();
  return new TlsConn(session, tcp, deadlines, {
    ...{ handshakeTimeoutMs, signal, released },
    isOwn: true,
  });
}
