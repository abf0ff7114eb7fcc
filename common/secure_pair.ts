/**
 * What the secure pairs on OpenSSL share: their words as settings, and their connections but for
 * how bytes or messages are sent and received.
 *
 * @module
 */
import type { PairOptions } from "./options.ts";
import { formatAddress, type Security } from "./protocol.ts";
import { type TlsInfo, toSecurity } from "./openssl/info.ts";
import type { SavedSession } from "./openssl/saved_session.ts";
import type { TlsSettings, TlsVersion } from "./openssl/settings.ts";

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
  keep(conn: { saveSession(): SavedSession | null }): void {
    const session = this.#resumes ? conn.saveSession() : null;
    if (session) this.#sessions.push(session);
  }
}

/** What a `TlsConn` and a `DtlsConn` have in common. */
export interface SecureConn {
  readonly remoteAddr: Deno.NetAddr;
  readonly info: TlsInfo;
  readonly resumed: boolean;
  handshake(): Promise<void>;
  saveSession(): SavedSession | null;
  shutdown(): Promise<void>;
  abandon(): void;
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

  /** Ends the session in order. A TLS 1.3 client has its new session by then. */
  async shutdown(): Promise<void> {
    await this.conn.shutdown();
    this.#sessions?.keep(this.conn);
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
