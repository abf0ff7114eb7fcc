/**
 * Sessions of TLS and DTLS that a run resumes.
 *
 * @module
 */
import { OpenSslError } from "../openssl/bindings/errors.ts";
import type { SavedSession } from "../openssl/saved_session.ts";

/**
 * What a server says that verifies clients and has no session id context: OpenSSL refuses to resume
 * there (SSL_CTX_set_session_id_context(3)).
 */
const NO_CONTEXT = /\balert internal error$/;

/** Each session is used once (RFC 8446 C.4), and every connection brings a new one. */
export class SessionPool {
  #resumes: boolean;
  readonly #sessions: SavedSession[] = [];
  /** Connections that offer a session. */
  readonly #offering = new WeakSet<object>();

  /** @param resumes false keeps none */
  constructor(resumes: boolean) {
    this.#resumes = resumes;
  }

  /** A session for the next connection, which the caller closes; none for the first one. */
  take(): SavedSession | undefined {
    return this.#sessions.pop();
  }

  /** Notes down whether a connection offers a session; returns the connection. */
  offered<T extends object>(connection: T, session: SavedSession | undefined): T {
    if (session) this.#offering.add(connection);
    return connection;
  }

  /**
   * Whether a handshake has failed because its server cannot resume sessions; from then on none is
   * kept.
   */
  refuses(connection: object, error: unknown): boolean {
    if (!this.#offering.has(connection)) return false;
    if (!(error instanceof OpenSslError) || !NO_CONTEXT.test(error.reason)) return false;
    this.#resumes = false;
    for (const session of this.#sessions.splice(0)) session.close();
    return true;
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
