/**
 * A DTLS server's side of one UDP socket, free of I/O: tells which session a datagram belongs to,
 * and keeps no state for a client until its cookie has come back (RFC 6347 4.2.1).
 *
 * @module
 */
import type { TlsContext } from "./context.ts";
import { OpenSslError, takeError } from "./errors.ts";
import { clientRandom, isClientHello, numberLike } from "./records.ts";
import { TlsSession } from "./session.ts";

/** What whoever drives an endpoint does for it. */
export interface DtlsEndpointHandlers<Peer extends DtlsPeer, Address> {
  /** Any clock that does not run backwards, in milliseconds. */
  nowMs(): number;
  /** Asks a client without a session for its cookie; the bytes are borrowed for the call. */
  transmit(datagram: Uint8Array, address: Address): void;
  /** Tells a client that was refused so once more. */
  refuse(alert: Uint8Array<ArrayBuffer>, address: Address): void;
  /** Says whether there is room for one more; asked before anything is done for a new client. */
  admit(address: Address): boolean;
  /** Takes over the session of a client whose cookie was good. */
  accept(session: TlsSession, address: Address): Peer;
  /** Told that a peer was replaced: its client has begun anew from the same address. */
  replaced(peer: Peer): void;
}

/** What the driver keeps for a session. */
export interface DtlsPeer {
  readonly core: TlsSession;
}

/** A client whose handshake has failed. */
interface Refusal {
  /** Of the ClientHello that was refused. */
  random: Uint8Array;
  /** The alert, which may have got lost. */
  answer: Uint8Array<ArrayBuffer> | null;
  untilMs: number;
}

/** A client sends a hello again for so long at most: RFC 6347 4.2.4.1 doubles its wait to 60 s. */
const REFUSAL_MS = 60_000;

/** So many are remembered; the oldest is forgotten first. */
const REFUSALS = 256;

interface Entry<Peer> {
  peer: Peer;
  /** Of the ClientHello it began with. */
  random: Uint8Array;
}

/** All sessions behind one UDP socket. `Address` is whatever the driver sends with. */
export class DtlsEndpoint<Peer extends DtlsPeer, Address> implements Disposable {
  readonly #context: TlsContext;
  readonly #mtu: number | undefined;
  readonly #handlers: DtlsEndpointHandlers<Peer, Address>;
  readonly #entries = new Map<string, Entry<Peer>>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #bioAddress: Deno.PointerObject;
  #listening: TlsSession | null = null;
  #accepting = true;
  #closed = false;

  /**
   * @param mtu longest UDP payload of the handshakes in bytes
   * @throws {RangeError} where it cannot be used
   */
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

  /** Number of sessions. */
  get size(): number {
    return this.#entries.size;
  }

  /** The sessions, as the driver keeps them. */
  *peers(): Iterable<Peer> {
    for (const { peer } of this.#entries.values()) yield peer;
  }

  /**
   * Takes one datagram.
   *
   * @param datagram copied
   * @param key a text that stands for the address, and for no other
   * @returns the peer whose session was fed and has to be driven now; null where there is none
   * @throws {TypeError} after {@linkcode close}
   */
  receive(
    datagram: Uint8Array<ArrayBuffer>,
    key: string,
    address: Address,
  ): Peer | null {
    if (this.#closed) throw new TypeError("Cannot receive: the DTLS endpoint is closed");
    if (this.#context.closed) throw new TypeError("Cannot receive: the TLS context is closed");
    const entry = this.#entries.get(key);
    if (!entry || this.#startsAnew(entry.random, datagram)) {
      if (!this.#accepting || !isClientHello(datagram)) return null;
      return this.#isRefusedAgain(datagram, key, address)
        ? null
        : this.#listen(datagram, key, address);
    }
    entry.peer.core.feed(datagram);
    return entry.peer;
  }

  /** Answers no new clients any more. */
  stopAccepting(): void {
    this.#accepting = false;
  }

  /** Forgets a session; whoever keeps it closes it. */
  forget(key: string, peer: Peer): void {
    const entry = this.#entries.get(key);
    if (entry?.peer === peer) {
      this.#entries.delete(key);
      if (!peer.core.established) this.#refused(key, entry.random, peer.core.lastWords);
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
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** A ClientHello to a session is a new beginning, unless it is the old one again. */
  #startsAnew(random: Uint8Array, datagram: Uint8Array): boolean {
    return isClientHello(datagram) &&
      clientRandom(datagram).some((byte, i) => byte !== random[i]);
  }

  #refused(key: string, random: Uint8Array, answer: Uint8Array<ArrayBuffer> | null): void {
    this.#refusals.delete(key);
    if (this.#refusals.size >= REFUSALS) {
      const [oldest] = this.#refusals.keys();
      this.#refusals.delete(oldest!);
    }
    this.#refusals.set(key, { random, answer, untilMs: this.#handlers.nowMs() + REFUSAL_MS });
  }

  /** The hello of a client that was refused, come again: it is answered as it was, and no new one. */
  #isRefusedAgain(datagram: Uint8Array, key: string, address: Address): boolean {
    const refusal = this.#refusals.get(key);
    if (!refusal) return false;
    if (this.#handlers.nowMs() < refusal.untilMs && !this.#startsAnew(refusal.random, datagram)) {
      if (refusal.answer) {
        numberLike(datagram, refusal.answer);
        this.#handlers.refuse(refusal.answer, address);
      }
      return true;
    }
    this.#refusals.delete(key);
    return false;
  }

  /** The session of whoever comes next. */
  #stranger(): TlsSession {
    return this.#listening ??= new TlsSession(this.#context, { mtu: this.#mtu });
  }

  #listen(
    datagram: Uint8Array<ArrayBuffer>,
    key: string,
    address: Address,
  ): Peer | null {
    if (!this.#entries.has(key) && !this.#handlers.admit(address)) return null;
    const session = this.#stranger();
    this.#context.cookies!.prepare(key, this.#handlers.nowMs());
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
    const old = this.#entries.get(key);
    const peer = this.#handlers.accept(session, address);
    this.#entries.set(key, { peer, random: clientRandom(datagram).slice() });
    if (old) this.#handlers.replaced(old.peer);
    return peer;
  }
}
