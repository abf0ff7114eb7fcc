/**
 * Resumption: which saved sessions are offered, and what a resumed session's peer has to pass again.
 * OpenSSL looks at its certificate in full handshakes alone, and resumes without asking for name,
 * authority, time or key.
 *
 * @module
 */
import type { CallRecord } from "../bindings/calls.ts";
import { VERSION, X509_V } from "../bindings/constants.ts";
import type { TlsContext } from "../context.ts";
import { type CertificateError, certificateError } from "../bindings/errors.ts";
import { type OpenSsl, toCString } from "../bindings/library.ts";
import { MemoryBio } from "../bindings/memory_bio.ts";
import { SavedSession } from "../saved_session.ts";
import { sessionIdentity } from "../identity.ts";
import { isWelcome, readOwner, writeOwner } from "../server_psk.ts";
import type { Trust } from "../session_trust.ts";
import { isCurrent, readX509, x509Text } from "../bindings/x509.ts";

/**
 * So long a certificate that has passed with a context's authorities, in milliseconds, is only looked
 * at for its time: verifying it takes longer than the rest of a resumed handshake.
 */
const PASSED_MS = 60_000;

/** Offers, recognises and saves the session of one connection. */
export class Resumption {
  /** Whether the session was resumed; a TLS 1.3 handshake with a pre-shared key is a new one. */
  resumed = false;
  /** Whose pre-shared key the session began with, where both ends have used one. */
  pskIdentity: string | null = null;
  readonly #context: TlsContext;
  readonly #lib: OpenSsl;
  readonly #serverName: string | undefined;
  readonly #checksName: boolean;
  readonly #calls: CallRecord;
  /** Certificates that the offered session's peer showed below the authority, PEM. */
  #offeredChain: readonly string[] = [];
  #offered = false;
  /** When the peer's certificate was verified with the context's authorities and for the name. */
  #passedMs = -Infinity;

  /** @param calls what was called back for in the connection's handshake */
  constructor(
    context: TlsContext,
    { serverName, checksName }: { serverName: string | undefined; checksName: boolean },
    calls: CallRecord,
  ) {
    this.#context = context;
    this.#lib = context.lib;
    this.#serverName = serverName;
    this.#checksName = checksName;
    this.#calls = calls;
  }

  /**
   * Offers a saved session where it was verified by the same, for the same name, and may be agreed
   * on; else the handshake is a full one.
   */
  offer(ssl: Deno.PointerObject, saved: SavedSession): void {
    const lib = this.#lib;
    const { pointer } = saved;
    if (!this.#context.allows(pointer) || !this.#isBelieved(ssl, saved)) return;
    this.#offered = lib.SSL_set_session(ssl, pointer) === 1;
    this.#offeredChain = saved.intermediates;
    this.#passedMs = saved.passedMs;
    lib.ERR_clear_error();
  }

  #isBelieved(ssl: Deno.PointerObject, saved: SavedSession): boolean {
    const lib = this.#lib;
    const { pointer } = saved;
    const peer = lib.SSL_SESSION_get0_peer(pointer);
    if (saved.isBound) {
      return saved.isBoundTo(this.#trust) && (peer === null || isCurrent(lib, peer));
    }
    // Another program's: it has the server's certificate, which either passes or not.
    const { verifies, usesPsk } = this.#context;
    if (usesPsk || !verifies) return !usesPsk;
    return checkAgain(lib, ssl, peer, saved.intermediates, this.#serverName) === null;
  }

  /** What this connection believes its peer by. */
  get #trust(): Trust {
    return {
      context: this.#context.trust,
      serverName: this.#serverName ?? null,
      checksName: this.#checksName,
    };
  }

  /**
   * Right after the handshake: tells a resumed session from one that began with a pre-shared key, and
   * checks what OpenSSL does not check again.
   *
   * @returns why the session cannot be used, or null; "later" where the program has promised to say
   * whether its client is let in: ask again then
   */
  complete(ssl: Deno.PointerObject): Error | "later" | null {
    const lib = this.#lib;
    const session = lib.SSL_get_session(ssl)!;
    const isReused = lib.SSL_session_reused(ssl) === 1;
    if (lib.SSL_SESSION_get_protocol_version(session) === VERSION.TLS1_3) {
      this.#read13(session, isReused);
    } else {
      this.resumed = isReused;
      if (this.#context.mayUsePsk) this.pskIdentity = sessionIdentity(lib, ssl);
    }
    if (!this.resumed) {
      this.#passedMs = performance.now();
      return null;
    }
    return this.#context.role === "client"
      ? this.#refusedServer(ssl)
      : this.#refusedClient(ssl, session);
  }

  /** In TLS 1.3 a key is used as a session is resumed; which it was, the session tells. */
  #read13(session: Deno.PointerObject, isReused: boolean): void {
    if (!isReused) return;
    const { role, usesPsk } = this.#context;
    if (role === "client") {
      this.resumed = this.#offered && this.#lib.SSL_SESSION_has_ticket(session) === 1;
      if (!usesPsk) return;
      // A resumed one's may be another than the one that is offered beside it.
      const owner = this.resumed ? readOwner(this.#lib, session) : null;
      this.pskIdentity = owner?.identity ?? this.#calls.pskIdentity;
      return;
    }
    const owner = readOwner(this.#lib, session);
    this.pskIdentity = owner?.identity ?? null;
    // Once a ticket is made of it, the session is that ticket's.
    this.resumed = owner === null || (this.#calls.origin ?? owner.origin) === "ticket";
  }

  /** A session from the server's own cache was not looked at before, as one from a ticket was. */
  #refusedClient(ssl: Deno.PointerObject, session: Deno.PointerObject): Error | "later" | null {
    const { pskLookup } = this.#context;
    const lib = this.#lib;
    if (this.#calls.isWelcome) return null;
    const welcome = isWelcome(lib, session, pskLookup, this.pskIdentity);
    if (welcome !== false) return welcome === true ? null : welcome;
    // Next time the handshake is a full one.
    lib.SSL_CTX_remove_session(lib.SSL_get_SSL_CTX(ssl), session);
    return new Deno.errors.PermissionDenied(
      "Cannot resume the session: its client would not be let in now",
    );
  }

  #refusedServer(ssl: Deno.PointerObject): Error | null {
    if (this.pskIdentity !== null || !this.#context.verifies) return null;
    const lib = this.#lib;
    const leaf = lib.SSL_get0_peer_certificate(ssl);
    if (leaf !== null && performance.now() - this.#passedMs < PASSED_MS) {
      return isCurrent(lib, leaf)
        ? null
        : certificateError(lib, "resume the session", X509_V.CERT_HAS_EXPIRED, this.#serverName);
    }
    const error = checkAgain(lib, ssl, leaf, this.#offeredChain, this.#serverName);
    if (!error) this.#passedMs = performance.now();
    return error;
  }

  /**
   * Client: what is needed to resume the session; the caller closes it.
   *
   * @returns null where the server has not given it
   */
  save(ssl: Deno.PointerObject): SavedSession | null {
    const lib = this.#lib;
    if (this.#context.role !== "client") return null;
    lib.ERR_clear_error();
    const pointer = lib.SSL_get1_session(ssl);
    if (pointer === null) return null;
    if (this.pskIdentity !== null) {
      writeOwner(lib, pointer, { origin: "ticket", identity: this.pskIdentity });
    }
    const session = new SavedSession(lib, pointer, {
      trust: this.#trust,
      intermediates: intermediatesOf(lib, ssl),
      passedMs: this.#passedMs,
    });
    if (lib.SSL_SESSION_is_resumable(pointer) === 1) return session;
    session.close();
    return null;
  }
}

/** The certificates that a client's peer showed besides its own, PEM: a session's text lacks them. */
function intermediatesOf(lib: OpenSsl, ssl: Deno.PointerObject): readonly string[] {
  const chain = lib.SSL_get_peer_cert_chain(ssl);
  const texts: string[] = [];
  // NULL has -1 entries; the first is the peer's own (SSL_get_peer_cert_chain(3)).
  for (let i = 1; i < lib.OPENSSL_sk_num(chain); i++) {
    const x509 = lib.OPENSSL_sk_value(chain, i);
    // A root is believed because the context trusts it: that the peer shows it says nothing.
    if (lib.X509_self_signed(x509, 0) !== 1) texts.push(x509Text(lib, x509));
  }
  return texts;
}

/**
 * Verifies the stored certificate of a server as a full handshake would: chain, authorities, time,
 * purpose and name (ssl_verify_cert_chain() of ssl/ssl_cert.c).
 *
 * @param leaf the certificate, an X509
 * @param intermediates for a session that was read from text
 * @returns why it does not pass, or null
 */
function checkAgain(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  leaf: Deno.PointerValue,
  intermediates: readonly string[],
  peerName: string | undefined,
): CertificateError | null {
  const refused = (result: number) => certificateError(lib, "resume the session", result, peerName);
  if (leaf === null) return refused(X509_V.UNSPECIFIED);
  using made = new DisposableStack();
  const check = lib.X509_STORE_CTX_new();
  made.defer(() => lib.X509_STORE_CTX_free(check));
  const store = lib.SSL_CTX_get_cert_store(lib.SSL_get_SSL_CTX(ssl));
  const kept = lib.SSL_get_peer_cert_chain(ssl);
  const chain = lib.OPENSSL_sk_num(kept) > 1 ? kept : read(lib, intermediates, made);
  if (lib.X509_STORE_CTX_init(check, store, leaf, chain) !== 1) return refused(X509_V.UNSPECIFIED);
  lib.X509_STORE_CTX_set_default(check, toCString("ssl_server"));
  const param = lib.X509_STORE_CTX_get0_param(check);
  lib.X509_VERIFY_PARAM_set_auth_level(param, lib.SSL_get_security_level(ssl));
  // What the context says itself counts for more.
  lib.X509_VERIFY_PARAM_set1(param, lib.SSL_get0_param(ssl));
  lib.X509_STORE_CTX_set_verify_cb(check, lib.SSL_get_verify_callback(ssl));
  const passed = lib.X509_verify_cert(check) === 1;
  const result = lib.X509_STORE_CTX_get_error(check);
  lib.ERR_clear_error();
  if (passed && result === X509_V.OK) return null;
  return refused(result === X509_V.OK ? X509_V.UNSPECIFIED : result);
}

/** A STACK_OF(X509) of what was kept as text; freed with what it was made in. */
function read(
  lib: OpenSsl,
  intermediates: readonly string[],
  made: DisposableStack,
): Deno.PointerValue {
  if (intermediates.length === 0) return null;
  const stack = lib.OPENSSL_sk_new_null();
  made.defer(() => lib.OPENSSL_sk_free(stack));
  for (const pem of intermediates) {
    using bio = new MemoryBio(lib, pem);
    const x509 = readX509(lib, bio);
    if (x509 === null) continue;
    made.defer(() => lib.X509_free(x509));
    lib.OPENSSL_sk_push(stack, x509);
  }
  return stack;
}
