/**
 * The clients of one UDP socket, by their addresses.
 *
 * @module
 */
import { clientRandom, hasRandom } from "../openssl/records.ts";
import type { TlsSession } from "../openssl/session.ts";

/** A connection, and what its client began it with. */
export interface Begun<Conn> {
  conn: Conn;
  /** Of the ClientHello. */
  random: Uint8Array;
}

/** What there is at one address. */
export interface ClientEntry<Conn> extends Begun<Conn> {
  /**
   * A client that begins anew there. The session before it lives on until this one's handshake is
   * complete: a hello alone, which could be forged, ends nothing (RFC 6347 4.2.8 asks for less).
   */
  next: Begun<Conn> | null;
}

/** One connection for each address, and a second one while a client begins anew. */
export class ClientTable<Conn extends { readonly session: TlsSession }> {
  readonly #entries = new Map<string, ClientEntry<Conn>>();

  /** Number of addresses that have a connection. */
  get size(): number {
    return this.#entries.size;
  }

  /** All connections. */
  *conns(): Iterable<Conn> {
    for (const { conn, next } of this.#entries.values()) {
      yield conn;
      if (next) yield next.conn;
    }
  }

  /** What there is at an address. */
  get(key: string): ClientEntry<Conn> | undefined {
    return this.#entries.get(key);
  }

  /**
   * A client has shown that it is at an address.
   *
   * @param hello with the cookie that has shown it; borrowed for the call
   * @returns the connection that is replaced at once, if there is one
   */
  begin(key: string, conn: Conn, hello: Uint8Array): Conn | null {
    const begun = { conn, random: clientRandom(hello).slice() };
    const entry = this.#entries.get(key);
    if (entry?.conn.session.established) {
      const before = entry.next?.conn ?? null;
      entry.next = begun;
      return before;
    }
    // A handshake that is not complete is worth no more than the one that its client begins now.
    this.#entries.set(key, { ...begun, next: null });
    return entry?.conn ?? null;
  }

  /** Whether a connection ends another one when its handshake is complete. */
  replaces(key: string, conn: Conn): boolean {
    return this.#entries.get(key)?.next?.conn === conn;
  }

  /**
   * A connection's handshake is complete.
   *
   * @returns what the address had before, which is replaced
   */
  established(key: string, conn: Conn): Begun<Conn> | null {
    const entry = this.#entries.get(key);
    if (entry?.next?.conn !== conn) return null;
    this.#entries.set(key, { ...entry.next, next: null });
    return entry;
  }

  /**
   * Takes a connection out.
   *
   * @returns what it began with; null where it had been replaced
   */
  remove(key: string, conn: Conn): Begun<Conn> | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    const { next } = entry;
    if (next?.conn === conn) {
      entry.next = null;
      return next;
    }
    if (entry.conn !== conn) return null;
    if (next) this.#entries.set(key, { ...next, next: null });
    else this.#entries.delete(key);
    return entry;
  }

  /** Takes all out. */
  clear(): void {
    this.#entries.clear();
  }
}

/** Which of an address's connections a ClientHello belongs to; null where it begins anew. */
export function ownerOf<Conn>(entry: ClientEntry<Conn>, hello: Uint8Array): Conn | null {
  if (hasRandom(hello, entry.random)) return entry.conn;
  return entry.next && hasRandom(hello, entry.next.random) ? entry.next.conn : null;
}
