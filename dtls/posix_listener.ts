/**
 * A DTLS server's side of one of the system's own UDP sockets: many clients, one thread.
 *
 * @module
 */
import { Borrowed } from "../common/borrowed.ts";
import type { SessionCarrier } from "../common/driven_session.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import { DtlsEndpoint, type DtlsPeer } from "../common/openssl/endpoint.ts";
import { SessionLimits, type Ticket } from "../common/openssl/limits.ts";
import type { TlsSession } from "../common/openssl/session.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop, Wait } from "../common/posix/poll_loop.ts";
import { NOT_YET } from "../common/posix/socket.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import type { MaybePromise } from "../common/protocol.ts";

/** No UDP datagram is longer (RFC 768). */
const DATAGRAM_BYTES = 65_535;

/** One client's datagrams, as the listener hands them over. */
export class DtlsPosixPeer implements SessionCarrier, DtlsPeer {
  readonly core: TlsSession;
  readonly address: SocketAddress;
  /** Set where the session was fed while nobody asked for it. */
  fed = false;
  readonly #listener: DtlsPosixListener;
  readonly #ticket: Ticket;
  #wait: Wait | null = null;
  #closed = false;

  /** Made by the listener. */
  constructor(
    listener: DtlsPosixListener,
    core: TlsSession,
    address: SocketAddress,
    ticket: Ticket,
  ) {
    this.#listener = listener;
    this.core = core;
    this.address = address;
    this.#ticket = ticket;
  }

  send(datagram: Uint8Array): MaybePromise<void> {
    return this.#listener.send(datagram, this.address);
  }

  feed(dueMs: number): MaybePromise<boolean> {
    if (!this.fed) this.#listener.receiveFor(this, dueMs);
    if (!this.fed) return this.#feedLater(dueMs);
    this.fed = false;
    return true;
  }

  async #feedLater(dueMs: number): Promise<boolean> {
    if (this.#closed) throw closedError();
    const wait = this.#wait = this.#listener.sleep(dueMs);
    const fed = await wait.ready;
    this.#wait = null;
    this.fed = false;
    return fed;
  }

  /** For the listener: its session was fed. */
  wake(): void {
    this.fed = true;
    this.#wait?.settle(true);
  }

  /** Gives its place back; a pending call rejects. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticket.leave();
    this.#wait?.fail(closedError());
    this.#listener.forget(this);
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
  readonly #limits = new SessionLimits({ port: 0 });
  readonly #datagram = new Borrowed(DATAGRAM_BYTES);
  readonly #waiting: DtlsPosixPeer[] = [];
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
        transmit: (datagram, to) => void this.#socket.send(datagram, to),
        admit: (from) => this.#limits.admits(from.hostname),
        accept: (session, from) => this.#newPeer(session, from),
        replaced: (peer) => peer.close(),
      }),
    );
    this.#socket = PosixUdp.bind(hostname, port, loop);
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
    while (this.#loop.users === 0 && this.#receive(Infinity));
    const peer = this.#waiting.shift();
    return peer ? take(peer) : this.#acceptLater(take);
  }

  async #acceptLater<T>(take: (peer: DtlsPosixPeer) => T): Promise<T | null> {
    while (this.#accepting) {
      const peer = this.#waiting.shift();
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

  /** Frees the socket, after the last session. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.stopAccepting();
    this.#closed = true;
    for (const peer of [...this.#endpoint.peers()]) peer.close();
    this.#socket.close();
    this.#endpoint.close();
    this.#context.close();
  }

  /** For a peer: receives until something has come for it, or somebody else has to have his turn. */
  receiveFor(peer: DtlsPosixPeer, dueMs: number): void {
    while (!peer.fed && this.#receive(dueMs));
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
  forget(peer: DtlsPosixPeer): void {
    this.#endpoint.forget(peer.address.text, peer);
    this.#loop.users--;
  }

  /** Takes one datagram in; false where it is not there soon. */
  #receive(dueMs: number): boolean {
    const received = this.#socket.tryReceive(this.#datagram.bytes, dueMs);
    if (received !== NOT_YET) this.#dispatch(received);
    return received !== NOT_YET;
  }

  #dispatch(length: number): void {
    const from = this.#socket.sender;
    const datagram = this.#datagram.first(length);
    this.#endpoint.receive(datagram, from.text, from, performance.now())?.wake();
  }

  /** Once somebody has had to wait, the socket is watched until it is closed. */
  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (await this.#socket.readable(Infinity)) {
        for (let n; (n = this.#socket.receiveNow(this.#datagram.bytes)) !== NOT_YET;) {
          this.#dispatch(n);
        }
      }
    } catch (error) {
      if (this.#closed) return;
      this.#failure = error;
      this.#acceptWait?.fail(error);
    }
  }

  #newPeer(core: TlsSession, address: SocketAddress): DtlsPosixPeer {
    const peer = new DtlsPosixPeer(this, core, address, this.#limits.enter(address.hostname));
    this.#loop.users++;
    this.#waiting.push(peer);
    this.#acceptWait?.settle(true);
    return peer;
  }
}

function closedError(): Error {
  return new Deno.errors.BadResource("the connection is closed");
}
