/**
 * What many sessions share: certificates, trust and settings, loaded once.
 *
 * @module
 */
import {
  applyAlpn,
  applyClientPsk,
  applyKeyLog,
  applyServerPsk,
  type Callback,
  makeTimer,
} from "./callbacks.ts";
import { SSL_CTRL, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, SSL_OP } from "./constants.ts";
import { CookieSecrets } from "./cookies.ts";
import { applyCredentials } from "./credentials.ts";
import { takeError } from "./errors.ts";
import { loadOpenSsl, type OpenSsl } from "./library.ts";
import type { TlsClientSettings, TlsServerSettings } from "./settings.ts";
import {
  applyAlgorithms,
  applyResumption,
  applyVerification,
  applyVersions,
  type ContextTarget,
} from "./configure.ts";

/**
 * Settings of a context, and which end of which transport its sessions are.
 *
 * @example
 * ```ts
 * const options: TlsContextOptions = { role: "server", datagram: true, pskLookup: () => null };
 * using context = new TlsContext(options);
 * if (!context.datagram) throw new Error("it is for DTLS");
 * ```
 */
export type TlsContextOptions =
  & {
    /** True for DTLS over datagrams, false for TLS over a stream. */
    datagram: boolean;
  }
  & (({ role: "client" } & TlsClientSettings) | ({ role: "server" } & TlsServerSettings));

/**
 * An SSL_CTX: certificates and settings, loaded once for many connections (SSL_CTX_new(3)). It is
 * freed when it is closed and its last session is: until then C may call back.
 *
 * @example
 * ```ts
 * import { connectDtls, dtlsContext, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * using context = dtlsContext({ psk });
 * await using one = await connectDtls({ port: listener.addr.port, context });
 * await using other = await connectDtls({ port: listener.addr.port, context });
 * await Promise.all([one.handshake(), other.handshake()]);
 * if (listener.counters.established !== 2) throw new Error("two have connected");
 * ```
 */
export class TlsContext implements Disposable {
  /** Which end its sessions are. */
  readonly role: "client" | "server";
  /** True for DTLS, false for TLS. */
  readonly datagram: boolean;
  /**
   * For the bindings: the library it belongs to.
   *
   * @ignore
   */
  readonly lib: OpenSsl;
  /**
   * For the bindings: makes and checks the cookies of a server over datagrams.
   *
   * @ignore
   */
  readonly cookies: CookieSecrets | null = null;
  /**
   * For the bindings: what sessions over datagrams ask how long to wait, if not OpenSSL itself.
   *
   * @ignore
   */
  readonly timer: Deno.PointerValue = null;
  readonly #callbacks: Callback[] = [];
  #ctx: Deno.PointerValue;
  #sessions = 0;
  #closed = false;

  /**
   * Loads certificates and settings; `dtlsContext` and `tlsContext` do it for clients. Texts and
   * keys are copied; the functions among the settings are called until it is freed.
   *
   * @throws {OpenSslError} where OpenSSL refuses a certificate, a key or an algorithm
   * @throws {RangeError} where `cert`, `key` or one of `caCerts` is no usable PEM, the key does not
   * belong to the certificate or is encrypted, or another setting cannot be used
   * @throws {OpenSslMissingError} where the library is missing
   */
  constructor(options: TlsContextOptions) {
    const lib = this.lib = loadOpenSsl(options.library);
    this.role = options.role;
    this.datagram = options.datagram;
    lib.ERR_clear_error();
    const ctx = lib.SSL_CTX_new(options.datagram ? lib.DTLS_method() : lib.TLS_method());
    if (ctx === null) throw takeError(lib, "make a TLS context");
    this.#ctx = ctx;
    try {
      this.#configure({ lib, ctx, datagram: options.datagram }, options);
      if (options.datagram && options.role === "server") {
        this.cookies = new CookieSecrets(lib, ctx);
        this.#callbacks.push(this.cookies);
      }
      if (options.datagram && options.retransmitAfterMs) {
        const timer = makeTimer(options.retransmitAfterMs);
        this.#callbacks.push(timer);
        this.timer = timer.pointer;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** True after {@linkcode close}. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * For the bindings: the SSL_CTX.
   *
   * @ignore
   */
  get pointer(): Deno.PointerObject {
    if (this.#closed || this.#ctx === null) {
      throw new TypeError("Cannot use a TLS context: it is closed");
    }
    return this.#ctx;
  }

  /**
   * For the bindings: one more session uses it, until {@linkcode release}.
   *
   * @ignore
   */
  retain(): void {
    this.#sessions++;
  }

  /**
   * For the bindings: a session uses it no more.
   *
   * @ignore
   */
  release(): void {
    this.#sessions--;
    this.#freeUnused();
  }

  /** Takes no new sessions; those that are there live on. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#freeUnused();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #freeUnused(): void {
    if (!this.#closed || this.#sessions > 0 || this.#ctx === null) return;
    this.lib.SSL_CTX_free(this.#ctx);
    this.#ctx = null;
    for (const callback of this.#callbacks) callback.close();
  }

  #configure(target: ContextTarget, options: TlsContextOptions): void {
    const { lib, ctx } = target;
    lib.SSL_CTX_ctrl(ctx, SSL_CTRL.MODE, BigInt(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), null);
    lib.SSL_CTX_set_options(ctx, BigInt(SSL_OP.NO_RENEGOTIATION | SSL_OP.NO_QUERY_MTU));
    applyVersions(target, options);
    applyAlgorithms(target, options);
    applyCredentials(target, options.role, options);
    const { alpnProtocols = [], keyLog } = options;
    if (alpnProtocols.length > 0) this.#keep(applyAlpn(target, options.role, alpnProtocols));
    if (keyLog) this.#keep(applyKeyLog(target, keyLog));
    if (options.role === "client") this.#configureClient(target, options);
    else this.#configureServer(target, options);
  }

  #configureClient(target: ContextTarget, options: TlsClientSettings): void {
    applyVerification(target, "require", !options.unsafelySkipVerification);
    if (options.psk) this.#keep(applyClientPsk(target, options.psk));
  }

  #configureServer(target: ContextTarget, options: TlsServerSettings): void {
    const { clientCertificate = "none", pskLookup, pskHint } = options;
    if (options.cert === undefined && !pskLookup) {
      throw new TypeError("Cannot listen: a certificate with its key, or pskLookup, is wanted");
    }
    applyVerification(target, clientCertificate, clientCertificate !== "none");
    applyResumption(target, options);
    if (pskLookup) this.#keep(applyServerPsk(target, pskLookup, pskHint));
  }

  /** A callback lives as long as the context. */
  #keep(callback: Callback | null): void {
    if (callback) this.#callbacks.push(callback);
  }
}
