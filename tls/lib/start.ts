/**
 * TLS over a connection, or over streams, that a program has already.
 *
 * @module
 */
import { Deadlines } from "../../common/base/deadline.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession, type TlsSessionOptions } from "../../common/openssl/session.ts";
import { replacesAuthorities } from "../../common/openssl/peer_settings.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../../common/openssl/settings.ts";
import {
  checkInContext,
  CLIENT_CONTEXT,
  contextPart,
  type ContextUse,
  SERVER_CONTEXT,
} from "../../common/openssl/settings_table.ts";
import { checkValue } from "../../common/settings/check.ts";
import { BYTE_STREAM, type ByteStream, type ByteStreams, taken } from "./byte_stream.ts";
import { TlsConn } from "./conn.ts";
import { tlsContext } from "./connect.ts";
import { ACCEPT_TLS, type AcceptTlsOptions, START_TLS, type StartTlsOptions } from "./settings.ts";

const CLIENT: ContextUse = {
  ...{ action: "start TLS", role: "client", datagram: false },
  contextTable: CLIENT_CONTEXT.tls,
};

const SERVER: ContextUse = {
  ...{ action: "accept TLS", role: "server", datagram: false },
  contextTable: SERVER_CONTEXT.tls,
};

/**
 * Begins TLS, as its client, on what a program is connected with already: a TCP connection on which
 * another protocol was spoken first (STARTTLS of RFC 3207 and its like), a Unix socket, a tunnel.
 * Nothing that the peer sends may have been read beyond what belongs to the protocol before.
 *
 * @param stream taken over: it is the connection's, and closed with it
 * @returns the connection, which the caller closes; await its `handshake()`, or just write
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind, missing or in the wrong
 * place, and where `stream` is none or is in use, or `context` or `session` is closed
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 *
 * @example
 * ```ts
 * import { acceptTls, startTls } from "../mod.ts";
 *
 * const [there, back] = [new TransformStream(), new TransformStream()];
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * const server = acceptTls({ readable: there.readable, writable: back.writable }, {
 *   pskLookup: () => psk.key,
 * });
 * const client = startTls({ readable: back.readable, writable: there.writable }, { psk });
 * await Promise.all([client.handshake(), server.handshake()]);
 * if (client.info.version !== "TLSv1.3") throw new Error(client.info.version);
 * await Promise.all([client.close(), server.close()]);
 * ```
 */
export function startTls(stream: ByteStreams, options: StartTlsOptions): TlsConn {
  const checked = checkValue(BYTE_STREAM, stream, "stream", CLIENT.action);
  const settings = checkInContext(START_TLS, options, CLIENT);
  const { serverName, session, unsafelySkipNameCheck } = settings;
  checkHasName(settings);
  const context = settings.context ?? tlsContext(contextPart(CLIENT_CONTEXT.tls, settings));
  return begin(checked, context, settings, { serverName, unsafelySkipNameCheck, session });
}

/**
 * Begins TLS, as its server, on what a program has accepted already; see {@linkcode startTls}.
 *
 * @param stream taken over: it is the connection's, and closed with it
 * @returns the connection, which the caller closes; await its `handshake()`, or just read
 * @throws as {@linkcode startTls}
 *
 * @example
 * ```ts
 * import { acceptTls, startTls } from "../mod.ts";
 * import { generateCertificates } from "../../certs/generate.ts";
 *
 * const { ca, server, client } = await generateCertificates();
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const accepted = listener.accept();
 * const connected = await Deno.connect({ port: listener.addr.port });
 * const clientCertificate = "require";
 * const serving = acceptTls(await accepted, { ...server, caCerts: [ca], clientCertificate });
 * const conn = startTls(connected, { ...client, caCerts: [ca], serverName: "localhost" });
 * await Promise.all([conn.handshake(), serving.handshake()]);
 * if (!serving.info.peerCertificate) throw new Error("the client has shown none");
 * await Promise.all([conn.close(), serving.close()]);
 * ```
 */
export function acceptTls(stream: ByteStreams, options: AcceptTlsOptions): TlsConn {
  const checked = checkValue(BYTE_STREAM, stream, "stream", SERVER.action);
  const settings = checkInContext(ACCEPT_TLS, options, SERVER);
  const context = settings.context ?? setupStep(
    "context",
    () =>
      new TlsContext({
        ...contextPart(SERVER_CONTEXT.tls, settings),
        role: "server",
        datagram: false,
      }),
  );
  return begin(checked, context, settings, {});
}

/** A certificate that is good for whatever name is a server's only where that was asked for. */
function checkHasName(options: StartTlsOptions): void {
  const { serverName, unsafelySkipNameCheck, unsafelySkipVerification, psk, context } = options;
  const isKnownOtherwise = context
    ? context.keyAlone || !context.verifies || context.peerCheck?.isAlone
    : psk !== undefined || unsafelySkipVerification || replacesAuthorities(options);
  if (serverName !== undefined || unsafelySkipNameCheck || isKnownOtherwise) return;
  throw new TypeError(
    "Cannot start TLS: serverName is missing; it must be the host name or the address that the " +
      "server's certificate has to be for",
  );
}

function begin(
  stream: ByteStream | ByteStreams,
  context: TlsContext,
  options: StartTlsOptions | AcceptTlsOptions,
  sessionOptions: TlsSessionOptions,
): TlsConn {
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, signal } = options;
  using made = new DisposableStack();
  // Connections live on when it is closed.
  if (!options.context) made.use(context);
  using owned = new DisposableStack();
  const deadlines = owned.use(new Deadlines());
  const session = owned.use(setupStep("session", () => new TlsSession(context, sessionOptions)));
  owned.move();
  const released = () => deadlines.close();
  return new TlsConn(session, taken(stream), deadlines, { handshakeTimeoutMs, signal, released });
}
