/**
 * What many sessions share: certificates, trust and settings, loaded once.
 *
 * @module
 */
import { applyAlpn, applyClientPsk, applyKeyLog, makeTimer } from "./callbacks.ts";
import { addShortTagCiphers, checkCiphers } from "./cipher_policy.ts";
import { VERSION } from "./bindings/constants.ts";
import { CookieSecrets } from "./cookies.ts";
import { applyServerPsk, applyTickets, isWelcome } from "./server_psk.ts";
import { applyCredentials } from "./credentials.ts";
import { takeError } from "./bindings/errors.ts";
import { loadOpenSsl, type OpenSsl } from "./bindings/library.ts";
import type { TlsClientSettings, TlsContextOptions, TlsServerSettings } from "./settings.ts";
import {
  applyAlgorithms,
  applyGroups,
  applyOptions,
  applyResumption,
  applyVerification,
  applyVersions,
  versionRange,
} from "./configure.ts";
import type { Callback, ContextTarget } from "./context_target.ts";
import type { OnHandshakeMessage } from "../model/handshake_message.ts";
import type { PemOrDer, ServerIdentity } from "./identity_settings.ts";
import { ShownAndBelieved } from "./shown_and_believed.ts";
import { type PemSettings, pemSettings } from "./own_pem.ts";
import { OwnTicketKey } from "./own_ticket_key.ts";
import { checkedOptions } from "./context_settings.ts";
import { hasCertificate } from "./settings_together.ts";
import { keyLogOf } from "./key_log.ts";
import { applyMessageCallback } from "./message_callback.ts";
import { ciphersOf, isAllowed } from "./allowed_sessions.ts";
import { applyStapling, applyStatusRequest } from "./ocsp.ts";
import { TrustStore } from "./trust_store.ts";
import { checkValue } from "../settings/check.ts";
import { TICKET_KEYS, TicketKeys } from "./ticket_keys.ts";
import { trustOf } from "./context_trust.ts";
import { PeerCheck } from "./peer_check.ts";
import { clientCertificateOf } from "./peer_settings.ts";

/** As the table has read it. */
type Checked = readonly Uint8Array<ArrayBuffer>[];

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
  /**
   * For the bindings: whether a client has a pre-shared key, and trusts no certificate.
   *
   * @ignore
   */
  readonly usesPsk: boolean;
  /**
   * For the bindings: whether a pre-shared key is the only way to authenticate.
   *
   * @ignore
   */
  readonly keyAlone: boolean;
  /**
   * For the bindings: whether a pre-shared key may be used at all.
   *
   * @ignore
   */
  get mayUsePsk(): boolean {
    return this.usesPsk || this.pskLookup !== undefined;
  }
  /**
   * For the bindings: asked again for the key of a session that is resumed.
   *
   * @ignore
   */
  readonly pskLookup: TlsServerSettings["pskLookup"];
  /**
   * For the bindings: told of every message of its sessions.
   *
   * @ignore
   */
  readonly onHandshakeMessage: OnHandshakeMessage | undefined;
  /**
   * For the bindings: what its peers are believed by. Sessions that were verified by anything else are
   * not resumed.
   *
   * @ignore
   */
  readonly trust: string;
  /**
   * For the bindings: whether the peer's certificate has to pass.
   *
   * @ignore
   */
  readonly verifies: boolean;
  /**
   * For the bindings: whether a server is asked for its authority's word on its certificate.
   *
   * @ignore
   */
  readonly asksOcsp: boolean;
  /**
   * For the bindings: whether its connections may agree on DTLS 1.3.
   *
   * @ignore
   */
  get knowsDtls13(): boolean {
    return this.#versions[1] === VERSION.DTLS1_3;
  }
  /**
   * For the bindings: what the program itself asks of the peer's certificate.
   *
   * @ignore
   */
  readonly peerCheck: PeerCheck | null = null;
  readonly #callbacks: Callback[] = [];
  /** What a server shows, and whom it believes; null for clients. */
  #server: ShownAndBelieved | null = null;
  #store: TrustStore | null = null;
  readonly #hasTickets: boolean;
  #ticketKeys: TicketKeys | null = null;
  #ownTicketKey: OwnTicketKey | null = null;
  #allowedCiphers: Set<number> | null = null;
  #versions: readonly [number, number];
  #ctx: Deno.PointerValue;
  #sessions = 0;
  /** Sessions that there have been. */
  #begun = 0;
  #closed = false;

  /**
   * Loads certificates and settings; `dtlsContext` and `tlsContext` do it for clients. Texts and
   * keys are copied; the functions among the settings are called until it is freed.
   *
   * @throws {OpenSslError} where OpenSSL refuses a certificate, a key or an algorithm
   * @throws {TypeError} naming a setting that is unknown, of the wrong kind or without its other half
   * @throws {RangeError} naming a setting whose value cannot be used: PEM that is damaged, a key of
   * another certificate
   * @throws {OpenSslMissingError} where the library is missing
   */
  constructor(settings: TlsContextOptions) {
    const options = checkedOptions(settings);
    const lib = this.lib = loadOpenSsl(options.library);
    this.role = options.role;
    this.datagram = options.datagram;
    this.pskLookup = options.role === "server" ? options.pskLookup : undefined;
    this.onHandshakeMessage = options.onHandshakeMessage;
    this.#hasTickets = options.role === "server" && options.sessionTickets !== false;
    this.verifies = options.role === "server"
      ? clientCertificateOf(options) !== "none"
      : !options.unsafelySkipVerification;
    this.usesPsk = options.role === "client" && options.psk !== undefined;
    // Where a key is the only way in, a certificate's suite would be a way around it.
    this.keyAlone = this.usesPsk || this.pskLookup !== undefined && !hasCertificate(options);
    this.#versions = versionRange(options);
    lib.ERR_clear_error();
    const credentials = pemSettings(lib, options);
    this.trust = trustOf(options, credentials);
    this.asksOcsp = options.role === "client" && (options.ocsp ?? "none") !== "none";
    const ctx = lib.SSL_CTX_new(options.datagram ? lib.DTLS_method() : lib.TLS_method());
    if (ctx === null) throw takeError(lib, "make a TLS context");
    this.#ctx = ctx;
    try {
      this.#configure(this.#target, options, credentials);
      this.peerCheck = PeerCheck.apply(this.#target, options);
      this.#keep(this.peerCheck);
      if (options.datagram && options.role === "server") {
        this.cookies = new CookieSecrets(lib, ctx);
        this.#callbacks.push(this.cookies);
      }
      if (options.datagram && options.retransmitAfterMs) {
        const timer = makeTimer(lib, options.retransmitAfterMs);
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
   * For the bindings: whether its connections may agree on a session's version and cipher; what they
   * may not, the peer would have to refuse.
   *
   * @ignore
   */
  allows(session: Deno.PointerObject): boolean {
    const { lib, pointer, datagram } = this;
    this.#allowedCiphers ??= ciphersOf(lib, pointer);
    return isAllowed(lib, session, datagram, this.#versions, this.#allowedCiphers);
  }

  /**
   * For the bindings: one more session uses it, until {@linkcode release}.
   *
   * @returns which session it is, from 1
   * @ignore
   */
  retain(): number {
    if (!this.#ticketKeys) this.#ownTicketKey?.renew();
    this.#sessions++;
    return ++this.#begun;
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

  /**
   * Server: seals tickets with other keys from now on; see `ticketKeys`. Tickets whose key is not among
   * them lead to a full handshake.
   *
   * @param keys the first one seals, all of them read: 80 bytes each, copied
   * @throws {TypeError} where they are of the wrong kind, or the context is closed, a client's, or
   * without tickets
   * @throws {RangeError} where there is none, one is too short or too long, or two have one name
   */
  setTicketKeys(keys: readonly (ArrayBuffer | ArrayBufferView)[]): void {
    const action = "set the ticket keys";
    const checked = checkValue(TICKET_KEYS, keys, "keys", action) as Checked;
    if (!this.#hasTickets) throw new TypeError(`Cannot ${action}: the context has no tickets`);
    const target = this.#target;
    if (this.#ticketKeys) this.#ticketKeys.set(checked);
    else this.#keep(this.#ticketKeys = new TicketKeys(target, checked));
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

  get #target(): ContextTarget {
    const { lib, pointer: ctx, datagram } = this;
    return { lib, ctx, datagram, versions: this.#versions };
  }

  #configure(target: ContextTarget, options: TlsContextOptions, pem: PemSettings): void {
    applyOptions(target, options.role);
    applyVersions(target, options);
    applyAlgorithms(target, options, this.keyAlone);
    if (options.ccm8Ciphers) {
      addShortTagCiphers(target, { key: this.mayUsePsk, certificates: !this.keyAlone });
    } else checkCiphers(target, options);
    const { systemCaCerts = false } = options;
    const { caCerts, chain } = applyCredentials(target, options.role, pem, systemCaCerts);
    const store = this.#store = new TrustStore(target, caCerts, systemCaCerts);
    store.fill(pem.crls);
    if (options.role === "client") applyGroups(target, options, { caCerts, chain });
    else {
      const shown = new ShownAndBelieved(target, options, { caCerts, store }, this);
      this.#keep(shown.identities, applyStapling(target));
      shown.showFirst();
      this.#server = shown;
    }
    const { alpnProtocols = [] } = options;
    if (alpnProtocols.length > 0) this.#keep(applyAlpn(target, options.role, alpnProtocols));
    const keyLog = keyLogOf(options.keyLog);
    if (keyLog) this.#keep(applyKeyLog(target, keyLog));
    if (options.onHandshakeMessage) this.#keep(applyMessageCallback(target));
    if (options.role === "client") this.#configureClient(target, options);
    else this.#configureServer(target, options);
  }

  #configureClient(target: ContextTarget, options: TlsClientSettings): void {
    this.#keep(applyVerification(target, "require", !options.unsafelySkipVerification));
    const { ocsp = "none" } = options;
    if (ocsp !== "none") this.#keep(applyStatusRequest(target, ocsp === "require", this.verifies));
    if (options.psk) this.#keep(applyClientPsk(target, options.psk));
  }

  #configureServer(target: ContextTarget, options: TlsServerSettings): void {
    const { pskLookup, pskHint, ticketKeys } = options;
    this.#keep(applyVerification(target, clientCertificateOf(options), this.verifies));
    applyResumption(target, options, this.trust);
    if (this.#hasTickets) {
      this.#ownTicketKey = new OwnTicketKey(target, options.sessionTimeoutSeconds);
    }
    if (ticketKeys) this.#keep(this.#ticketKeys = new TicketKeys(target, ticketKeys as Checked));
    if (pskLookup) this.#keep(...applyServerPsk(target, pskLookup, pskHint));
    if (pskLookup || this.verifies) {
      this.#keep(...applyTickets(target, (session) => isWelcome(this, session)));
    }
  }

  /**
   * For the bindings: a server shows other certificates from now on. Handshakes that are under way
   * end with those that they began with, and sessions can still be resumed.
   *
   * @throws as a listener's; then all stays as it was
   * @ignore
   */
  setIdentities(identities: readonly ServerIdentity[]): void {
    this.#serverFor("set identities").setIdentities(identities);
  }

  /**
   * For the bindings: looks up who has been revoked in other lists from now on. What was believed
   * before is not resumed.
   *
   * @throws as a listener's; then all stays as it was
   * @ignore
   */
  setCrls(crls: readonly PemOrDer[]): void {
    this.#serverFor("set crls").setCrls(crls, this.verifies && !this.peerCheck?.isAlone);
  }

  #serverFor(action: string): ShownAndBelieved {
    if (!this.#server) throw new TypeError(`Cannot ${action}: the context is a client's`);
    if (this.#closed) throw new TypeError(`Cannot ${action}: the context is closed`);
    return this.#server;
  }

  /**
   * For the bindings: whether sessions may be resumed as far as lists of the revoked go.
   *
   * @ignore
   */
  get crlsAreCurrent(): boolean {
    return this.#store?.isCurrent ?? true;
  }

  /** A callback lives as long as the context. */
  #keep(...callbacks: (Callback | null)[]): void {
    this.#callbacks.push(...callbacks.filter((callback) => callback !== null));
  }
}
