/**
 * A DTLS server's side of one UDP socket, free of I/O: tells which session a datagram belongs to,
 * and keeps no state for a client until its cookie has come back (RFC 6347 4.2.1).
 *
 * @module
 */
import type { TlsContext } from "../openssl/context.ts";
import { COOKIE_LIFETIME_MS } from "../openssl/cookies.ts";
import { OpenSslError, takeError } from "../openssl/bindings/errors.ts";
import {
  clientRandom,
  epochOf,
  helloParameters,
  isClientHello,
  numberLike,
} from "../openssl/records.ts";
import { TlsSession } from "../openssl/session.ts";

/** What the driver of an endpoint does for it. */
export interface DtlsEndpointHandlers<Peer extends DtlsPeer, Address> {
  /** Any clock that does not run backwards, in milliseconds. */
  nowMs(): number;
  /** Asks a client without a session for its cookie; the bytes are borrowed for the call. */
  transmit(datagram: Uint8Array, address: Address): void;
  /** Tells a client that was refused so once more. */
  refuse(alert: Uint8Array<ArrayBuffer>, address: Address): void;
  /** Says whether there is room for one more; asked before anything is done for a new client. */
  admit(address: Address): boolean;
  /** Takes over the session of a client whose cookie was good; it is driven afterwards. */
  accept(session: TlsSession, address: Address): Peer;
  /** Feeds a peer's session a datagram, borrowed for the call, and drives it; or drives it alone. */
  drive(peer: Peer, datagram: Uint8Array<ArrayBuffer> | null): void;
  /** Told that a peer was replaced: its client has begun anew from the same address. */
  replaced(peer: Peer): void;
}

/** What the driver keeps for a session. */
export interface DtlsPeer {
  readonly session: TlsSession;
}

/** A client that is not, or no more, served. */
interface Past {
  /** Of the ClientHello that it began with. */
  random: Uint8Array;
  /** The alert that has refused it, which may have got lost. */
  answer: Uint8Array<ArrayBuffer> | null;
  untilMs: number;
}

/** So long a cookie may be good: a hello that has begun a session begins no other one with it. */
const PAST_MS = 2 * COOKIE_LIFETIME_MS;

/** So many are remembered; the oldest is forgotten first. */
const MAX_PAST = 4096;

interface Begun<Peer> {
  peer: Peer;
  /** Of the ClientHello it began with. */
  random: Uint8Array;
}

/** What there is at one address. */
interface Entry<Peer> extends Begun<Peer> {
  /**
   * A client that begins anew there. The session before it lives on until this one's handshake is
   * complete: a hello alone, which could be forged, ends nothing (RFC 6347 4.2.8 asks for less).
   */
  next: Begun<Peer> | null;
}

/** All sessions behind one UDP socket. `Address` is whatever the driver sends with. */
export class DtlsEndpoint<Peer extends DtlsPeer, Address> implements Disposable {
  readonly #context: TlsContext;
  readonly #mtu: number | undefined;
  readonly #handlers: DtlsEndpointHandlers<Peer, Address>;
  readonly #entries = new Map<string, Entry<Peer>>();
  readonly #past = new Map<string, Past>();
  readonly #bioAddress: Deno.PointerObject;
  #listening: TlsSession | null = null;
  #accepting = true;
  #closed = false;

  /** @param mtu longest UDP payload of the handshakes in bytes */
  constructor(context: TlsContext, handlers: DtlsEndpointHandlers<Peer, Address>, mtu?: number) {
    using listening = new DisposableStack();
    this.#listening = listening.use(new TlsSession(context, { mtu }));
    const bioAddress = context.lib.BIO_ADDR_new();
    if (bioAddress === null) throw takeError(context.lib, "make an address");
    listening.move();
    this.#bioAddress = bioAddress;
    this.#context = context;
    this.#handlers = handlers;
    this.#mtu = mtu;
  }

  /** Number of addresses that have a session. */
  get size(): number {
    return this.#entries.size;
  }

  /** The sessions, as the driver keeps them. */
  *peers(): Iterable<Peer> {
    for (const { peer, next } of this.#entries.values()) {
      yield peer;
      if (next) yield next.peer;
    }
  }

  /**
   * Takes one datagram, and has whoever it is for driven.
   *
   * @param datagram borrowed for the call
   * @param key a text that stands for the address, and for no other
   * @returns whether it was for anybody
   * @throws {TypeError} after {@linkcode close}
   */
  receive(datagram: Uint8Array<ArrayBuffer>, key: string, address: Address): boolean {
    if (this.#closed) throw new TypeError("Cannot receive: the DTLS endpoint is closed");
    if (this.#context.closed) throw new TypeError("Cannot receive: the TLS context is closed");
    const entry = this.#entries.get(key);
    if (entry && !entry.next && !isClientHello(datagram)) {
      this.#handlers.drive(entry.peer, datagram);
      return true;
    }
    return entry ? this.#sort(entry, datagram, key, address) : this.#begin(datagram, key, address);
  }

  /** Where a client begins anew, or may: says whom a datagram is for. */
  #sort(
    entry: Entry<Peer>,
    datagram: Uint8Array<ArrayBuffer>,
    key: string,
    address: Address,
  ): boolean {
    const { peer, next } = entry;
    const { drive } = this.#handlers;
    if (!isClientHello(datagram)) {
      // Sealed ones may be for either: what is not its own a session drops (RFC 6347 4.1.2.7).
      if (epochOf(datagram) > 0) drive(peer, datagram);
      if (entry.next) drive(entry.next.peer, datagram);
      return true;
    }
    if (isSame(entry.random, datagram)) drive(peer, datagram);
    else if (next && isSame(next.random, datagram)) drive(next.peer, datagram);
    else return this.#begin(datagram, key, address);
    return true;
  }

  /** Answers no new clients any more. */
  stopAccepting(): void {
    this.#accepting = false;
  }

  /** A peer's handshake is complete: the session that it had before is over. */
  established(key: string, peer: Peer): void {
    const entry = this.#entries.get(key);
    if (entry?.next?.peer !== peer) return;
    const old = entry.peer;
    this.#remember(key, entry.random, null);
    this.#entries.set(key, { ...entry.next, next: null });
    this.#handlers.replaced(old);
  }

  /**
   * Forgets a session; the driver closes it.
   *
   * @param mayReturn whether its client may begin once more with the same hello, as it did nothing
   * wrong
   */
  forget(key: string, peer: Peer, mayReturn = false): void {
    const entry = this.#entries.get(key);
    const gone = entry?.peer === peer ? entry : entry?.next?.peer === peer ? entry.next : null;
    if (entry && gone) {
      if (gone === entry.next) entry.next = null;
      else if (entry.next) this.#entries.set(key, { ...entry.next, next: null });
      else this.#entries.delete(key);
      const { established, lastWords } = peer.session;
      if (!mayReturn) this.#remember(key, gone.random, established ? null : lastWords);
    }
    if (!this.#accepting || this.#closed || this.#context.closed) return;
    try {
      // The next client's is made while nobody waits for it.
      this.#stranger();
    } catch {
      // It is tried again for the next client.
    }
  }

  /** Frees what is its own; the sessions are the driver's. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listening?.close();
    this.#context.lib.BIO_ADDR_free(this.#bioAddress);
    this.#entries.clear();
    this.#past.clear();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #remember(key: string, random: Uint8Array, answer: Uint8Array<ArrayBuffer> | null): void {
    this.#past.delete(key);
    if (this.#past.size >= MAX_PAST) {
      const [oldest] = this.#past.keys();
      this.#past.delete(oldest!);
    }
    this.#past.set(key, { random, answer, untilMs: this.#handlers.nowMs() + PAST_MS });
  }

  /** A hello that has had its session comes again: a refusal is told again, and nothing begins. */
  #isPast(datagram: Uint8Array, key: string, address: Address): boolean {
    const past = this.#past.get(key);
    if (!past) return false;
    if (this.#handlers.nowMs() < past.untilMs && isSame(past.random, datagram)) {
      if (past.answer) {
        numberLike(datagram, past.answer);
        this.#handlers.refuse(past.answer, address);
      }
      return true;
    }
    this.#past.delete(key);
    return false;
  }

  /** The session of the client that comes next. */
  #stranger(): TlsSession {
    return this.#listening ??= new TlsSession(this.#context, { mtu: this.#mtu });
  }

  #begin(datagram: Uint8Array<ArrayBuffer>, key: string, address: Address): boolean {
    if (!this.#accepting || !isClientHello(datagram)) return false;
    if (this.#isPast(datagram, key, address) || !this.#handlers.admit(address)) return false;
    const session = this.#listen(datagram, key, address);
    if (!session) return false;
    const peer = this.#handlers.accept(session, address);
    const begun = { peer, random: clientRandom(datagram).slice() };
    const entry = this.#entries.get(key);
    if (entry?.peer.session.established) {
      const before = entry.next?.peer;
      entry.next = begun;
      if (before) this.#handlers.replaced(before);
    } else {
      // A handshake that is not complete is worth no more than the one that its client begins now.
      this.#entries.set(key, { ...begun, next: null });
      if (entry) this.#handlers.replaced(entry.peer);
    }
    this.#handlers.drive(peer, null);
    return true;
  }

  /** @returns the client's session, where its cookie was good */
  #listen(datagram: Uint8Array<ArrayBuffer>, key: string, address: Address): TlsSession | null {
    const session = this.#stranger();
    const { cookies } = this.#context;
    cookies!.prepare(key, helloParameters(datagram), this.#handlers.nowMs());
    try {
      session.feed(datagram);
      const accepted = session.listen(this.#bioAddress);
      session.drain((bytes) => this.#handlers.transmit(bytes, address));
      if (!accepted) return null;
    } catch (error) {
      // Whatever a stranger sends is no reason to stop, and too cheap for him to be reported.
      session.close();
      this.#listening = null;
      if (error instanceof OpenSslError) return null;
      throw error;
    }
    this.#listening = null;
    return session;
  }
}

/** Whether a ClientHello has this random: a new beginning has another one. */
function isSame(random: Uint8Array, hello: Uint8Array): boolean {
  return clientRandom(hello).every((byte, i) => byte === random[i]);
}
