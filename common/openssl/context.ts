/**
 * What many sessions share: certificates, trust and settings, loaded once.
 *
 * @module
 */
import {
  BIO_C_SET_BUF_MEM_EOF_RETURN,
  SSL_CTRL,
  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
  SSL_OP,
  SSL_VERIFY,
  VERSION,
} from "./constants.ts";
import { CookieSecrets } from "./cookies.ts";
import { takeError } from "./errors.ts";
import { loadOpenSsl, type OpenSsl } from "./library.ts";

/** Settings of a context. */
export interface TlsContextOptions {
  /** Which end its sessions are. */
  role: "client" | "server";
  /** True for DTLS over datagrams, false for TLS over a stream. */
  datagram: boolean;
  /** Certificates of the authorities the peer's certificate may come from, PEM. */
  caCerts: readonly string[];
  /** Own certificate and the chain below the authority, PEM. */
  cert?: string;
  /** Own private key, PEM, not encrypted. */
  key?: string;
  /** Server: whether a client has to show a certificate (default "none"). */
  clientCertificate?: "none" | "request" | "require";
}

/** An SSL_CTX: freed by `close()`, and by C only after its last session was (SSL_CTX_free(3)). */
export class TlsContext implements Disposable {
  readonly role: "client" | "server";
  readonly datagram: boolean;
  /** For the bindings: the library it belongs to. */
  readonly lib: OpenSsl;
  /** Server over datagrams: makes and checks the cookies. */
  readonly cookies: CookieSecrets | null = null;
  #ctx: Deno.PointerValue;

  /**
   * @throws {OpenSslError} where a certificate or key cannot be used
   * @throws {OpenSslMissingError} where the library is missing
   */
  constructor(options: TlsContextOptions) {
    const lib = this.lib = loadOpenSsl();
    this.role = options.role;
    this.datagram = options.datagram;
    lib.ERR_clear_error();
    const ctx = lib.SSL_CTX_new(options.datagram ? lib.DTLS_method() : lib.TLS_method());
    if (ctx === null) throw takeError(lib, "make a TLS context");
    this.#ctx = ctx;
    try {
      this.#configure(ctx, options);
      if (options.datagram && options.role === "server") this.cookies = new CookieSecrets(lib, ctx);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** For the bindings: the SSL_CTX. */
  get pointer(): Deno.PointerObject {
    if (this.#ctx === null) throw new TypeError("Cannot use a TLS context: it is closed");
    return this.#ctx;
  }

  /** Frees it. May be called twice. */
  close(): void {
    if (this.#ctx === null) return;
    this.lib.SSL_CTX_free(this.#ctx);
    this.#ctx = null;
    this.cookies?.close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #configure(ctx: Deno.PointerObject, options: TlsContextOptions): void {
    const { lib } = this;
    const oldest = options.datagram ? VERSION.DTLS1_2 : VERSION.TLS1_2;
    lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_MIN_PROTO_VERSION, BigInt(oldest), null);
    lib.SSL_CTX_ctrl(ctx, SSL_CTRL.MODE, BigInt(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), null);
    lib.SSL_CTX_set_options(ctx, BigInt(SSL_OP.NO_RENEGOTIATION | SSL_OP.NO_QUERY_MTU));
    const verify = options.role === "client" ? "require" : options.clientCertificate ?? "none";
    const mode = verify === "none"
      ? SSL_VERIFY.NONE
      : verify === "request"
      ? SSL_VERIFY.PEER
      : SSL_VERIFY.PEER | SSL_VERIFY.FAIL_IF_NO_PEER_CERT;
    lib.SSL_CTX_set_verify(ctx, mode, null);
    // Resumption with client certificates fails without one (SSL_CTX_set_session_id_context(3)).
    const id = new TextEncoder().encode("netpairs");
    lib.SSL_CTX_set_session_id_context(ctx, id, id.length);
    for (const ca of options.caCerts) this.#trust(ctx, ca);
    if (options.cert !== undefined) this.#useCertificate(ctx, options.cert);
    if (options.key !== undefined) this.#useKey(ctx, options.key);
  }

  #trust(ctx: Deno.PointerObject, pem: string): void {
    const { lib } = this;
    const store = lib.SSL_CTX_get_cert_store(ctx);
    this.#eachCertificate(pem, "read an authority's certificate", (x509) => {
      const added = lib.X509_STORE_add_cert(store, x509);
      // The names a server sends with its request, so that a client can choose (RFC 5246 7.4.4).
      if (this.role === "server") lib.SSL_CTX_add_client_CA(ctx, x509);
      lib.X509_free(x509);
      if (added !== 1) throw takeError(lib, "trust an authority");
    });
  }

  /** The first certificate is the own one, the others are its chain, which the context then owns. */
  #useCertificate(ctx: Deno.PointerObject, pem: string): void {
    const { lib } = this;
    let first = true;
    this.#eachCertificate(pem, "read the certificate", (x509) => {
      if (!first) {
        lib.SSL_CTX_ctrl(ctx, SSL_CTRL.EXTRA_CHAIN_CERT, 0n, x509);
        return;
      }
      first = false;
      const used = lib.SSL_CTX_use_certificate(ctx, x509);
      lib.X509_free(x509);
      if (used !== 1) throw takeError(lib, "use the certificate");
    });
  }

  #useKey(ctx: Deno.PointerObject, pem: string): void {
    const { lib } = this;
    using bio = new MemoryBio(lib, pem);
    // An empty passphrase: without one OpenSSL would ask for it on the terminal.
    const key = lib.PEM_read_bio_PrivateKey(bio.pointer, null, null, new Uint8Array(1));
    if (key === null) throw takeError(lib, "read the private key");
    const used = lib.SSL_CTX_use_PrivateKey(ctx, key);
    lib.EVP_PKEY_free(key);
    if (used !== 1 || lib.SSL_CTX_check_private_key(ctx) !== 1) {
      throw takeError(lib, "use the private key");
    }
  }

  /** Hands over every certificate of a PEM text; whoever takes it owns it. */
  #eachCertificate(pem: string, action: string, take: (x509: Deno.PointerObject) => void): void {
    const { lib } = this;
    using bio = new MemoryBio(lib, pem);
    let count = 0;
    for (;; count++) {
      const x509 = lib.PEM_read_bio_X509(bio.pointer, null, null, new Uint8Array(1));
      if (x509 === null) break;
      take(x509);
    }
    // The end of the text is an error, too; any other one would cut a chain short in silence.
    const end = takeError(lib, action);
    if (count === 0 || end.reason !== "no start line") throw end;
  }
}

/** A BIO in memory (BIO_s_mem(3)), freed by `close()` unless it was given away. */
export class MemoryBio implements Disposable {
  readonly #lib: OpenSsl;
  #bio: Deno.PointerValue;

  /** @param text what it holds at first */
  constructor(lib: OpenSsl, text = "") {
    this.#lib = lib;
    this.#bio = lib.BIO_new(lib.BIO_s_mem());
    if (this.#bio === null) throw takeError(lib, "make a BIO");
    // An empty one says "not yet", not "the end": BIO_set_mem_eof_return(3).
    lib.BIO_ctrl(this.#bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1n, null);
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > 0) lib.BIO_write(this.#bio, bytes, bytes.length);
  }

  /** For the bindings: the BIO. */
  get pointer(): Deno.PointerObject {
    if (this.#bio === null) throw new TypeError("Cannot use a BIO: it is closed");
    return this.#bio;
  }

  /** Hands the BIO over to a C object that frees it. */
  giveAway(): Deno.PointerObject {
    const { pointer } = this;
    this.#bio = null;
    return pointer;
  }

  /** Everything it holds, as text. */
  text(): string {
    const bytes = new Uint8Array(4096);
    let text = "";
    for (let n; (n = this.#lib.BIO_read(this.pointer, bytes, bytes.length)) > 0;) {
      text += new TextDecoder().decode(bytes.subarray(0, n));
    }
    return text;
  }

  /** Frees it. May be called twice. */
  close(): void {
    if (this.#bio !== null) this.#lib.BIO_free(this.#bio);
    this.#bio = null;
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
