/**
 * Sessions of TLS and DTLS that a run resumes.
 *
 * @module
 */
import type { SavedSession } from "../openssl/saved_session.ts";

/** Each session is used once (RFC 8446 C.4), and every connection brings a new one. */
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

  /**
   * Keeps the session of a connection that has ended in order.
   *
   * @param connection is asked for its session only where sessions are resumed
   */
  keep(connection: { saveSession(): SavedSession | null }): void {
    const session = this.#resumes ? connection.saveSession() : null;
    if (session) this.#sessions.push(session);
  }
}
