/**
 * What the secure pairs' command line says to OpenSSL.
 *
 * @module
 */
import type { PairOptions } from "../options.ts";
import type { SavedSession } from "./saved_session.ts";
import type { TlsSettings, TlsVersion } from "./settings.ts";

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
