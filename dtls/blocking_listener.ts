/**
 * A DTLS server's side of one of the system's own UDP sockets: many clients, one thread.
 *
 * @module
 */
import { ReusedMemory } from "../common/base/reused_memory.ts";
import { BoundedQueue } from "../common/base/bounded_queue.ts";
import type { SessionSocket } from "../common/secure/driver.ts";
import { ReplacedError } from "../common/base/errors.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import { DtlsEndpoint, type DtlsPeer } from "../common/secure/endpoint.ts";
import { SessionLimits, type Slot } from "../common/secure/limits.ts";
import { MAX_HANDSHAKES } from "../common/openssl/settings.ts";
import type { TlsSession } from "../common/openssl/session.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop, Wait } from "../common/posix/poll_loop.ts";
import type { ReceiveBufferState } from "../common/posix/receive_buffer.ts";
import { NOT_YET } from "../common/base/read_result.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { MAX_DATAGRAM_BYTES } from "../common/base/datagrams.ts";
import type { MaybePromise } from "../common/base/maybe_promise.ts";

/**
 * What is kept for a session that is not asking yet, in bytes: as much as a flight of big messages,
 * and before anybody is authenticated a flight of a handshake.
 */
const BACKLOG_BYTES = 256 * 1024;
const HANDSHAKE_BACKLOG_BYTES = 32 * 1024;

/** One client's datagrams, as the listener hands them over. */
export class DtlsPosixPeer implements SessionSocket, DtlsPeer {
  readonly session: TlsSession;
  readonly address: SocketAddress;
  readonly #listener: DtlsPosixListener;
  readonly #slot: Slot;
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

  /** Made by the listener. */
  constructor(
    listener: DtlsPosixListener,
    session: TlsSession,
    address: SocketAddress,
    limits: SessionLimits,
  ) {
    this.#listener = listener;
    this.session = session;
    this.address = address;
    const crowded = new Deno.errors.Busy("there are too many handshakes at once");
    this.#slot = limits.enter(address.hostname, () => this.end(crowded, true));
  }

  established(): void {
    if (this.#slot.established()) this.#listener.established(this);
    else this.close();
  }

  /** What waits for the session to ask, in bytes. */
  get backlogBytes(): number {
    return this.#backlog.bytes;
  }

  send(datagram: Uint8Array): MaybePromise<void> {
    return this.#listener.send(datagram, this.address);
  }

  feed(timeoutMs: number): MaybePromise<boolean> {
    if (this.#closed) throw closedError();
    this.#asks = true;
    for (let kept; this.#asks && (kept = this.#backlog.shift());) this.take(kept);
    while (this.#asks && this.#listener.receive(timeoutMs));
    return this.#asks ? this.#feedLater(timeoutMs) : true;
  }

  async #feedLater(timeoutMs: number): Promise<boolean> {
    if (this.#closed) throw closedError();
    // A call that is still waiting is over: one at a time.
    this.#wait?.settle(false);
    const wait = this.#wait = this.#listener.sleep(performance.now() + timeoutMs);
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
    this.end(closedError());
  }

  /**
   * For the listener: as {@linkcode close}, with a reason of its own.
   *
   * @param mayReturn whether the client may begin once more with the same hello
   */
  end(reason: Error, mayReturn = false): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#slot.leave();
    this.#wait?.fail(reason);
    this.#listener.forget(this, mayReturn);
  }
}

/** Takes datagrams in, tells whose they are, and hands out new clients' sessions. */
export class DtlsPosixListener {
  /** Where it listens. */
  readonly address: SocketAddress;
  readonly #loop: PollLoop;
  readonly #context: TlsContext;
  readonly #socket: PosixUdp;
  readonly #endpoint: DtlsEndpoint<DtlsPosixPeer, SocketAddress>;
  readonly #limits = new SessionLimits({ maxHandshakesPerAddress: MAX_HANDSHAKES });
  readonly #datagram = new ReusedMemory(MAX_DATAGRAM_BYTES);
  readonly #waiting = new Set<DtlsPosixPeer>();
  #acceptWait: Wait | null = null;
  #watching = false;
  #failure: unknown;
  #accepting = true;
  #closed = false;

  /**
   * Takes the context over.
   *
   * @param hostname an address
   * @throws {RunError} where it cannot be bound
   */
  constructor(context: TlsContext, hostname: string, port: number, loop: PollLoop) {
    this.#loop = loop;
    this.#context = context;
    using made = new DisposableStack();
    made.use(context);
    this.#endpoint = made.use(
      new DtlsEndpoint<DtlsPosixPeer, SocketAddress>(context, {
        nowMs: () => performance.now(),
        transmit: (datagram, to) => this.#answerStranger(datagram, to),
        refuse: (alert, to) => this.#answerStranger(alert, to),
        admit: (from) => this.#limits.admits(from.hostname),
        accept: (session, from) => this.#newPeer(session, from),
        // One that has just been accepted is driven by who takes it over.
        drive: (peer, datagram) => datagram && peer.take(datagram),
        replaced: (peer) => peer.end(new ReplacedError("the client has begun a new session")),
      }),
    );
    this.#socket = PosixUdp.at(hostname, port, loop);
    made.move();
    this.address = this.#socket.address;
  }

  /**
   * The next client, whose handshake is still to be done; null after `stopAccepting()`. It counts
   * among the loop's users until it is closed.
   *
   * @param take what is made of it
   */
  accept<T>(take: (peer: DtlsPosixPeer) => T): MaybePromise<T | null> {
    while (this.#loop.users === 0 && this.receive(Infinity));
    const peer = this.#next();
    return peer ? take(peer) : this.#acceptLater(take);
  }

  #next(): DtlsPosixPeer | undefined {
    const [peer] = this.#waiting;
    if (peer) this.#waiting.delete(peer);
    return peer;
  }

  async #acceptLater<T>(take: (peer: DtlsPosixPeer) => T): Promise<T | null> {
    while (this.#accepting) {
      const peer = this.#next();
      if (peer) return take(peer);
      const wait = this.#acceptWait = this.sleep(Infinity);
      await wait.ready;
    }
    return null;
  }

  /** Answers no new clients; sessions that are there live on. */
  stopAccepting(): void {
    this.#accepting = false;
    this.#endpoint.stopAccepting();
    this.#acceptWait?.settle(false);
  }

  /**
   * Frees the socket, and the peers that are left; a session that was handed out is closed by who
   * has it. May be called twice.
   */
  close(): void {
    if (this.#closed) return;
    this.stopAccepting();
    this.#closed = true;
    for (const peer of [...this.#endpoint.peers()]) peer.close();
    // Nobody has taken these over.
    for (const { session } of this.#waiting) session.close();
    this.#waiting.clear();
    this.#socket.close();
    this.#endpoint.close();
    this.#context.close();
  }

  /** What is known of the socket's receive buffer; after its end, too. */
  get receiveBuffer(): ReceiveBufferState | null {
    return this.#socket.receiveBuffer;
  }

  /** For a peer: waits while the socket is watched. */
  sleep(dueMs: number): Wait {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#watching) void this.#watch();
    return this.#loop.sleep(dueMs);
  }

  /** For a peer: sends a datagram. */
  send(datagram: Uint8Array, to: SocketAddress): MaybePromise<void> {
    return this.#socket.send(datagram, to);
  }

  /** For a peer: it is closed. */
  forget(peer: DtlsPosixPeer, mayReturn: boolean): void {
    this.#endpoint.forget(peer.address.text, peer, mayReturn);
    // One that ends before it was taken over has nobody else to free it.
    if (this.#waiting.delete(peer)) peer.session.close();
    this.#loop.users--;
  }

  /** For a peer: its handshake is complete. */
  established(peer: DtlsPosixPeer): void {
    this.#endpoint.established(peer.address.text, peer);
  }

  /** For a peer: takes one datagram in, whoever it is for; false where none is there soon. */
  receive(timeoutMs: number): boolean {
    const received = this.#socket.tryReceive(this.#datagram.bytes, timeoutMs);
    if (received !== NOT_YET) this.#received(received);
    return received !== NOT_YET;
  }

  #received(length: number): void {
    const from = this.#socket.sender;
    this.#endpoint.receive(this.#datagram.first(length), from.text, from);
  }

  /** A stranger's cookie that gets lost is asked for again. */
  #answerStranger(datagram: Uint8Array, to: SocketAddress): void {
    try {
      this.#socket.answer(datagram, to);
    } catch {
      // Whatever is wrong with it, it is one stranger's address.
    }
  }

  /** Once somebody has had to wait, the socket is watched until it is closed. */
  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (await this.#socket.readable(Infinity)) {
        for (let n; (n = this.#socket.receiveNow(this.#datagram.bytes)) !== NOT_YET;) {
          this.#received(n);
        }
      }
    } catch (error) {
      if (this.#closed) return;
      this.#failure = error;
      this.#acceptWait?.fail(error);
    }
  }

  #newPeer(session: TlsSession, address: SocketAddress): DtlsPosixPeer {
    const peer = new DtlsPosixPeer(this, session, address, this.#limits);
    this.#loop.users++;
    this.#waiting.add(peer);
    this.#acceptWait?.settle(true);
    return peer;
  }
}

function closedError(): Error {
  return new Deno.errors.BadResource("the connection is closed");
}
