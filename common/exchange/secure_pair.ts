/**
 * What the secure pairs on OpenSSL share: their words as settings, and their connections but for
 * how bytes or messages are sent and received.
 *
 * @module
 */
import { formatAddress } from "../base/addresses.ts";
import { loadCertificates } from "../pem/certificate_files.ts";
import type { Deadlines } from "../base/deadline.ts";
import { listenAddress } from "../deno/lookup.ts";
import { toSecurity } from "../openssl/info.ts";
import type { SavedSession } from "../openssl/saved_session.ts";
import type { SecureConn } from "../secure/secure_conn.ts";
import type { TlsSession } from "../openssl/session.ts";
import {
  type ListenSettings,
  MAX_HANDSHAKES,
  type TlsServerSettings,
  type TlsSettings,
  type TlsVersion,
} from "../openssl/settings.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { ReceiveBufferState } from "../posix/receive_buffer.ts";
import type { Security } from "../model/protocol.ts";
import type { ServerConnection, ServerTransport } from "./server_transport.ts";

/** The settings that `--tls-version` and `--ciphers` stand for. */
export function pairSettings(options: PairOptions): TlsSettings {
  const { protocol, tlsVersion, ciphers } = options;
  const version = tlsVersion === null
    ? undefined
    : `${protocol === "dtls" ? "DTLSv" : "TLSv"}${tlsVersion}` as TlsVersion;
  // A list of version 1.3 suites has names of its own: RFC 8446 B.4.
  const is13 = ciphers?.startsWith("TLS_") === true;
  return {
    minVersion: version,
    maxVersion: version,
    ciphers: is13 ? undefined : ciphers ?? undefined,
    cipherSuites: is13 ? ciphers : undefined,
  };
}

/** What a pair's server shows its clients and wants of them. */
export async function pairServerSettings(options: PairOptions): Promise<TlsServerSettings> {
  return {
    ...await loadCertificates(options, "server"),
    ...pairSettings(options),
    clientCertificate: "require",
  };
}

/** What a pair's server says to its listener. */
export async function pairListenSettings(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<ListenSettings> {
  return {
    ...await pairServerSettings(options),
    hostname: await listenAddress(options.hostname),
    port: options.port,
    handshakeTimeoutMs: options.timeoutMs,
    // All of a pair's clients are on one machine, and may begin at once.
    maxHandshakesPerAddress: MAX_HANDSHAKES,
    signal: deadlines.signal,
  };
}

/** What a `TlsListener` and a `DtlsListener` have in common. */
interface SecureListener<Conn> {
  readonly addr: Deno.NetAddr;
  readonly receiveBuffer?: ReceiveBufferState;
  accept(): Promise<Conn | null>;
  stopAccepting(): void;
  close(): Promise<void>;
}

/**
 * A listener as the exchange sees it.
 *
 * @param newConnection what the exchange sees of a connection
 */
export function listenerTransport<Conn>(
  listener: SecureListener<Conn>,
  newConnection: (conn: Conn) => ServerConnection,
): ServerTransport {
  return {
    hostname: listener.addr.hostname,
    port: listener.addr.port,
    get receiveBuffer() {
      return listener.receiveBuffer ?? null;
    },
    // Datagrams get lost.
    lossy: listener.addr.transport === "udp",
    async accept() {
      const conn = await listener.accept();
      return conn && newConnection(conn);
    },
    stopAccepting: () => listener.stopAccepting(),
    close: () => listener.close(),
  };
}

/**
 * The sessions that a run's clients resume: each is used once (RFC 8446 C.4), and every connection
 * brings a new one.
 */
export class SessionPool {
  readonly #resumes: boolean;
  readonly #sessions: SavedSession[] = [];

  /** @param resumes false keeps none */
  constructor(resumes: boolean) {
    this.#resumes = resumes;
  }

  /** A session for the next connection, which the caller closes; none for the first one. */
  take(): SavedSession | undefined {
    return this.#sessions.pop();
  }

  /** Keeps the session of a connection that has ended in order. */
  keep(session: TlsSession): void {
    const saved = this.#resumes ? session.save() : null;
    if (saved) this.#sessions.push(saved);
  }
}

/** A connection as the exchange sees it; the protocol's own script adds `send` and `receive`. */
export abstract class SecureConnection<Conn extends SecureConn> {
  /** The library's connection. */
  protected readonly conn: Conn;
  readonly #sessions: SessionPool | undefined;

  /** @param sessions of a client: takes the session for the next connection */
  constructor(conn: Conn, sessions?: SessionPool) {
    this.conn = conn;
    this.#sessions = sessions;
  }

  /** The peer's `host:port`. */
  get peer(): string {
    return formatAddress(this.conn.remoteAddr.hostname, this.conn.remoteAddr.port);
  }

  /** What was agreed on. */
  get security(): Security {
    return toSecurity(this.conn.info);
  }

  /** Whether the session was a resumed one. */
  get resumed(): boolean {
    return this.conn.resumed;
  }

  /** Completes a server's handshake. */
  handshake(): Promise<void> {
    return this.conn.handshake();
  }

  /** Ends the session in order. A TLS 1.3 client has its new session by then. */
  async shutdown(): Promise<void> {
    await this.conn.shutdown();
    this.#sessions?.keep(this.conn.session);
  }

  /** Frees the connection. */
  close(): void {
    this.conn.abandon();
  }
}

/** Completes a client's handshake; a connection that cannot is freed. */
export async function shaken<Conn extends SecureConn>(conn: Conn): Promise<Conn> {
  try {
    await conn.handshake();
    return conn;
  } catch (error) {
    conn.abandon();
    throw error;
  }
}
