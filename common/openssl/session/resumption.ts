/**
 * Resumption: which saved sessions are offered, and what a resumed session's peer has to pass again.
 * OpenSSL looks at its certificate in full handshakes alone, and resumes without asking for name,
 * authority, time or key.
 *
 * @module
 */
import { type CallRecord, noteRefusal } from "../bindings/calls.ts";
import { VERSION, X509_V } from "../bindings/constants.ts";
import type { TlsContext } from "../context.ts";
import { type CertificateError, certificateError } from "../bindings/errors.ts";
import type { OpenSsl } from "../bindings/library.ts";
import { NO_CERTIFICATE, type PeerCheck } from "../peer_check.ts";
import { SavedSession } from "../saved_session.ts";
import { sessionIdentity } from "../identity.ts";
import { isWelcome, ownerNow, readOwner, writeOwner } from "../server_psk.ts";
import type { Trust } from "../session_trust.ts";
import { isCurrent, x509Text } from "../bindings/x509.ts";
import { checkStored } from "./stored_peer.ts";

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
  #isReconsidered = false;
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
    const { verifies, usesPsk, peerCheck, asksOcsp } = this.#context;
    if (saved.isBound) {
      return saved.isBoundTo(this.#trust) &&
        (peer === null || peerCheck?.isAlone || isCurrent(lib, peer));
    }
    // Another program's: it has the server's certificate, which either passes or not.
    if (usesPsk || !verifies) return !usesPsk;
    // What is asked of a certificate in a full handshake alone was not asked of this one.
    if (peerCheck?.isAlone || asksOcsp) return false;
    return this.#checkStored(ssl, peer, { intermediates: saved.intermediates }) === null;
  }

  /**
   * Client: has the program's own check look at the session that is offered, before anything is sent:
   * where it does not pass, the handshake is a full one.
   */
  reconsider(ssl: Deno.PointerObject): void {
    const { peerCheck } = this.#context;
    if (!peerCheck || !this.#offered || this.#isReconsidered) return;
    this.#isReconsidered = true;
    const lib = this.#lib;
    const peer = lib.SSL_SESSION_get0_peer(lib.SSL_get_session(ssl));
    const intermediates = this.#offeredChain;
    if (this.#checkStored(ssl, peer, { intermediates, peerCheck }) === null) return;
    lib.SSL_set_session(ssl, null);
    lib.ERR_clear_error();
    this.#offered = false;
    delete this.#calls.refusal;
  }

  #checkStored(
    ssl: Deno.PointerObject,
    leaf: Deno.PointerValue,
    more: { intermediates: readonly string[]; peerCheck?: PeerCheck },
  ): CertificateError | null {
    const peer = this.#context.role === "client" ? "server" : "client";
    return checkStored(this.#lib, ssl, { leaf, peer, peerName: this.#serverName, ...more });
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
      this.#noteOwner(session);
      return this.#refusedUnchecked(ssl);
    }
    return this.#context.role === "client"
      ? this.#refusedServer(ssl)
      : this.#refusedClient(ssl, session);
  }

  /** Up to version 1.2 a session in a server's own cache does not say yet with which key it began. */
  #noteOwner(session: Deno.PointerObject): void {
    const { pskIdentity } = this;
    if (this.#context.role === "client" || pskIdentity === null) return;
    if (readOwner(this.#lib, session) !== null) return;
    writeOwner(this.#lib, session, ownerNow(pskIdentity));
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
    if (this.#calls.isWelcome) return this.#refusedUnchecked(ssl);
    const lib = this.#lib;
    const { peerCheck } = this.#context;
    const byCertificate = this.pskIdentity === null ? peerCheck : null;
    const welcome = byCertificate || isWelcome(this.#context, session);
    if (welcome === "later") return welcome;
    const refusal = byCertificate
      ? this.#refusedAgain(ssl, byCertificate)
      : welcome
      ? null
      : new Deno.errors.PermissionDenied(
        "Cannot resume the session: its client would not be let in now",
      );
    // Next time the handshake is a full one.
    if (refusal) lib.SSL_CTX_remove_session(lib.SSL_get_SSL_CTX(ssl), session);
    return refusal;
  }

  #refusedAgain(ssl: Deno.PointerObject, peerCheck: PeerCheck): CertificateError | null {
    const leaf = this.#lib.SSL_get0_peer_certificate(ssl);
    if (leaf === null) return this.#refusedUnchecked(ssl);
    return this.#checkStored(ssl, leaf, { intermediates: [], peerCheck });
  }

  /**
   * The certificate that the peer has now is the one that the program's own check has let pass. A server
   * has to have shown one: suites without any are among those that a program may name.
   */
  #refusedUnchecked(ssl: Deno.PointerObject): CertificateError | null {
    const { peerCheck, role, verifies } = this.#context;
    const leaf = this.#lib.SSL_get0_peer_certificate(ssl);
    if (peerCheck?.hasPassed(leaf, this.#calls.checkedPeer)) return null;
    if (!peerCheck) {
      const isKnown = role === "server" || !verifies || leaf !== null || this.pskIdentity !== null;
      if (isKnown) return null;
      noteRefusal(NO_CERTIFICATE);
    }
    return certificateError(
      this.#lib,
      "complete the handshake",
      X509_V.CERT_REJECTED,
      this.#serverName,
    );
  }

  #refusedServer(ssl: Deno.PointerObject): Error | null {
    if (this.pskIdentity !== null || !this.#context.verifies) return null;
    if (this.#context.peerCheck) return this.#refusedUnchecked(ssl);
    const lib = this.#lib;
    const leaf = lib.SSL_get0_peer_certificate(ssl);
    const { crlsAreCurrent } = this.#context;
    if (leaf !== null && crlsAreCurrent && performance.now() - this.#passedMs < PASSED_MS) {
      return isCurrent(lib, leaf)
        ? null
        : certificateError(lib, "resume the session", X509_V.CERT_HAS_EXPIRED, this.#serverName);
    }
    const error = this.#checkStored(ssl, leaf, { intermediates: this.#offeredChain });
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
      writeOwner(lib, pointer, { origin: "ticket", identity: this.pskIdentity, mark: null });
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
