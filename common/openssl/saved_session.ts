/**
 * Sessions kept for resumption.
 *
 * @module
 */
import { takeError } from "./errors.ts";
import { loadOpenSsl, type OpenSsl } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";

/**
 * What a client needs to resume a session: an SSL_SESSION, freed by `close()`.
 *
 * It holds the session's secret. In TLS 1.3 it should be used once only (RFC 8446 C.4). Whoever
 * was given it closes it; a connection that resumes it only borrows it while it is opened.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const first = await connectDtls({ port: listener.addr.port, psk });
 * await first.handshake();
 * using session = first.saveSession()!;
 * await first.close();
 * await using second = await connectDtls({ port: listener.addr.port, psk, session });
 * await second.handshake();
 * if (!second.resumed) throw new Error("the server has forgotten it");
 * ```
 */
export class SavedSession implements Disposable {
  readonly #lib: OpenSsl;
  #session: Deno.PointerValue;

  /**
   * For the bindings: takes one reference of the SSL_SESSION over.
   *
   * @ignore
   */
  constructor(lib: OpenSsl, session: Deno.PointerObject) {
    this.#lib = lib;
    this.#session = session;
  }

  /**
   * Reads what {@linkcode serialize} wrote: PEM_read_bio_SSL_SESSION(3).
   *
   * @param text PEM
   * @returns a session of its own, which the caller closes
   * @throws {OpenSslError} where the text is no session
   * @throws {OpenSslMissingError} where libssl is missing
   */
  static parse(text: string): SavedSession {
    const lib = loadOpenSsl();
    using bio = new MemoryBio(lib, text);
    lib.ERR_clear_error();
    const session = lib.PEM_read_bio_SSL_SESSION(bio.pointer, null, null, new Uint8Array(1));
    if (session === null) throw takeError(lib, "read a session");
    return new SavedSession(lib, session);
  }

  /**
   * The session as PEM, as `openssl s_client -sess_out` writes it, secret included.
   *
   * @throws {TypeError} after {@linkcode close}
   * @throws {OpenSslError} where it cannot be written
   */
  serialize(): string {
    using bio = new MemoryBio(this.#lib);
    this.#lib.ERR_clear_error();
    if (this.#lib.PEM_write_bio_SSL_SESSION(bio.pointer, this.pointer) !== 1) {
      throw takeError(this.#lib, "write a session");
    }
    return bio.text();
  }

  /**
   * For the bindings: the SSL_SESSION.
   *
   * @ignore
   */
  get pointer(): Deno.PointerObject {
    if (this.#session === null) throw new TypeError("Cannot use a saved session: it is closed");
    return this.#session;
  }

  /** Frees it; connections that use it keep what they need. May be called twice. */
  close(): void {
    if (this.#session !== null) this.#lib.SSL_SESSION_free(this.#session);
    this.#session = null;
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
