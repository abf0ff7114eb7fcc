/**
 * One client's datagrams, as a listener on one of the system's own UDP sockets hands them over.
 *
 * @module
 */
import { BoundedQueue } from "../common/base/bounded_queue.ts";
import type { MaybePromise } from "../common/base/maybe_promise.ts";
import type { TlsSession } from "../common/openssl/session.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { Wait } from "../common/posix/poll_loop.ts";
import type { SessionSocket } from "../common/secure/driver.ts";
import type { ConnPlace, ListenedConn } from "../common/secure/listener_core.ts";

/**
 * What is kept for a session that is not asking yet, in bytes: as much as a flight of big messages,
 * and before the client is authenticated a flight of a handshake.
 */
const BACKLOG_BYTES = 256 * 1024;
const HANDSHAKE_BACKLOG_BYTES = 32 * 1024;

/** The socket that a listener's peers share. */
export interface SharedSocket {
  /** Sends a datagram, borrowed for the call. */
  send(datagram: Uint8Array, to: SocketAddress): MaybePromise<void>;
  /** Takes one datagram in, whichever client it is from; false where none is there soon. */
  receive(timeoutMs: number): boolean;
  /** Waits while the socket is watched. */
  sleep(dueMs: number): Wait;
}

/** A client of a listener. */
export class DtlsPosixPeer implements SessionSocket, ListenedConn {
  readonly session: TlsSession;
  readonly address: SocketAddress;
  readonly #socket: SharedSocket;
  readonly #place: ConnPlace;
  /** Set while the session has been driven until it wants more, and is to be fed. */
  #asks = false;
  /**
   * What came while it did not ask. The session takes one datagram at a time: its memory BIO knows
   * no boundaries, and two long ones in it would be read as one that is too long.
   */
  readonly #backlog = new BoundedQueue<Uint8Array<ArrayBuffer>>(
    BACKLOG_BYTES,
    ({ length }) => length,
  );
  #wait: Wait | null = null;
  #closed = false;

  /** Made by a listener, whose the socket is. */
  constructor(
    session: TlsSession,
    address: SocketAddress,
    place: ConnPlace,
    socket: SharedSocket,
  ) {
    this.session = session;
    this.address = address;
    this.#place = place;
    this.#socket = socket;
  }

  established(): void {
    this.#place.established();
  }

  /** What waits for the session to ask, in bytes. */
  get backlogBytes(): number {
    return this.#backlog.bytes;
  }

  send(datagram: Uint8Array): MaybePromise<void> {
    return this.#socket.send(datagram, this.address);
  }

  feed(timeoutMs: number): MaybePromise<boolean> {
    if (this.#closed) throw closedError();
    this.#asks = true;
    for (let kept; this.#asks && (kept = this.#backlog.shift());) this.take(kept);
    while (this.#asks && this.#socket.receive(timeoutMs));
    return this.#asks ? this.#feedLater(timeoutMs) : true;
  }

  async #feedLater(timeoutMs: number): Promise<boolean> {
    if (this.#closed) throw closedError();
    // A call that is still waiting is over: one at a time.
    this.#wait?.settle(false);
    const wait = this.#wait = this.#socket.sleep(performance.now() + timeoutMs);
    const fed = await wait.ready;
    this.#wait = null;
    this.#asks = false;
    return fed;
  }

  /** For the listener: feeds a datagram, or keeps it until one is asked for. Too much is lost. */
  take(datagram: Uint8Array<ArrayBuffer>): void {
    if (!this.#asks) {
      const maxBytes = this.session.established ? BACKLOG_BYTES : HANDSHAKE_BACKLOG_BYTES;
      if (this.#backlog.hasRoomFor(datagram.length, maxBytes)) this.#backlog.push(datagram.slice());
      return;
    }
    this.session.feed(datagram);
    this.#asks = false;
    this.#wait?.settle(true);
  }

  /** Gives its place back; a pending call rejects. May be called twice. */
  close(): void {
    this.#end(closedError());
  }

  /** For the listener: as {@linkcode close}, with a reason of its own. */
  fail(reason: Error): void {
    if (this.#closed) return;
    this.#place.failed(reason);
    this.#end(reason);
  }

  #end(reason: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wait?.fail(reason);
    this.#place.release();
  }
}

function closedError(): Error {
  return new Deno.errors.BadResource("the connection is closed");
}
