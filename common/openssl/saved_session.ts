/**
 * Sessions kept for resumption.
 *
 * @module
 */
import { checkValue } from "../settings/check.ts";
import { text as textKind } from "../settings/kinds.ts";
import { takeError } from "./bindings/errors.ts";
import { loadOpenSsl, type OpenSsl } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { bindingOf, isSameTrust, type Trust } from "./session_trust.ts";
import { readX509, x509Text } from "./bindings/x509.ts";

/**
 * What a client needs to resume a session: an SSL_SESSION, freed by `close()`.
 *
 * It holds the session's secret, and what its server was believed by: name, authorities,
 * fingerprints or key. A connection that asks for another name, or believes its server by anything else, makes a full
 * handshake. After a resumed one the server's certificate is checked again. In TLS 1.3 a session
 * should be used once only (RFC 8446 C.4). The caller closes it; a connection that resumes it only
 * borrows it while it is opened.
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
  /**
   * For the bindings: certificates that the server showed below its authority, PEM.
   *
   * @ignore
   */
  readonly intermediates: readonly string[];
  /**
   * For the bindings: when the server's certificate was verified, by performance.now().
   *
   * @ignore
   */
  readonly passedMs: number;
  readonly #lib: OpenSsl;
  /** What the server was believed by; from text, the MAC of it, or nothing. */
  readonly #trust: Trust | string;
  #session: Deno.PointerValue;

  /**
   * For the bindings: takes one reference of the SSL_SESSION over.
   *
   * @ignore
   */
  constructor(
    lib: OpenSsl,
    session: Deno.PointerObject,
    { trust, intermediates, passedMs }: {
      trust: Trust | string;
      intermediates: readonly string[];
      passedMs: number;
    },
  ) {
    this.#lib = lib;
    this.#session = session;
    this.#trust = trust;
    this.intermediates = intermediates;
    this.passedMs = passedMs;
  }

  /**
   * For the bindings: whether it says what its server was believed by.
   *
   * @ignore
   */
  get isBound(): boolean {
    return this.#trust !== "";
  }

  /**
   * For the bindings: whether its server was believed by the same.
   *
   * @ignore
   */
  isBoundTo(trust: Trust): boolean {
    const own = this.#trust;
    return typeof own === "string"
      ? own === bindingOf(this.#lib, this.pointer, trust)
      : isSameTrust(own, trust);
  }

  /**
   * Reads what {@linkcode serialize} wrote. A session that another program has written, such as
   * `openssl s_client -sess_out`, does not say what its server was believed by: a connection offers
   * it where the certificate in it passes, and never where fingerprints or `verifyPeer` stand for
   * the authorities, or where `ocsp` asks for more.
   *
   * @param text PEM, at most 1048576 bytes; keep it where no other user can write
   * @returns a session of its own, which the caller closes
   * @throws {OpenSslError} where the text is no session
   * @throws {TypeError} where it is no text
   * @throws {RangeError} where it is empty, too long, or holds a zero byte
   * @throws {OpenSslMissingError} where libssl is missing
   */
  static parse(text: string): SavedSession {
    checkValue(TEXT, text, "text", "read a session");
    const lib = loadOpenSsl();
    const intermediates = certificatesIn(lib, text);
    using bio = new MemoryBio(lib, text);
    lib.ERR_clear_error();
    const session = lib.PEM_read_bio_SSL_SESSION(bio.pointer, null, null, new Uint8Array(1));
    if (session === null) throw takeError(lib, "read a session");
    const trust = BINDING.exec(text)?.[1] ?? "";
    return new SavedSession(lib, session, { trust, intermediates, passedMs: -Infinity });
  }

  /**
   * The session as PEM, as `openssl s_client -sess_out` writes it, secret included; after it
   * stand what binds it to its server, and the certificates that belong to the server's.
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
    const own = this.#trust;
    const binding = typeof own === "string" ? own : bindingOf(this.#lib, this.pointer, own);
    const line = binding && `netpairs-binding: ${binding}\n`;
    return [bio.text(), line, ...this.intermediates].join("");
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

  /** True after {@linkcode close}. */
  get closed(): boolean {
    return this.#session === null;
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

const TEXT = textKind({ what: "PEM text", max: 1_048_576 });

const BINDING = /^netpairs-binding: ([0-9a-f]{64})\r?$/m;

/** So many are read of a text: a chain that passes has fewer, see MAX_INTERMEDIATES of policy.ts. */
const MAX_KEPT_CERTIFICATES = 10;

/**
 * The certificates of a text, each read and written anew.
 *
 * @throws {OpenSslError} where one cannot be read
 */
function certificatesIn(lib: OpenSsl, text: string): string[] {
  const found: string[] = [];
  using bio = new MemoryBio(lib, text);
  lib.ERR_clear_error();
  while (found.length < MAX_KEPT_CERTIFICATES) {
    const x509 = readX509(lib, bio);
    if (x509 === null) break;
    found.push(x509Text(lib, x509));
    lib.X509_free(x509);
  }
  const end = takeError(lib, "read a session");
  if (end.code !== 0 && end.reason !== "no start line") throw end;
  return found;
}
