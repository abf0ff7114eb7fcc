/**
 * A DTLS server's side of one of the system's own UDP sockets: many clients, one thread.
 *
 * @module
 */
import type { MaybePromise } from "../common/base/maybe_promise.ts";
import { MAX_DATAGRAM_BYTES, MAX_RECEIVED_AT_ONCE } from "../common/base/datagrams.ts";
import { NOT_YET } from "../common/base/read_result.ts";
import { ReusedMemory } from "../common/base/reused_memory.ts";
import type { TlsContext } from "../common/openssl/context.ts";
import type { TlsSession } from "../common/openssl/session.ts";
import { MAX_HANDSHAKES } from "../common/openssl/settings.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop, Wait } from "../common/posix/poll_loop.ts";
import type { ReceiveBufferState } from "../common/posix/receive_buffer.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { type ConnPlace, DtlsListenerCore } from "../common/secure/listener_core.ts";
import { DtlsPosixPeer, type SharedSocket } from "./blocking_peer.ts";

/** A program that has no connection yet cannot free one that has failed: none of these waits. */
const OPTIONS = { maxHandshakesPerAddress: MAX_HANDSHAKES, maxFailedWaiting: 0 };

/** Takes datagrams in, and hands out new clients' sessions. */
export class DtlsPosixListener implements SharedSocket {
  /** Where it listens. */
  readonly address: SocketAddress;
  readonly #loop: PollLoop;
  readonly #socket: PosixUdp;
  readonly #core: DtlsListenerCore<DtlsPosixPeer, SocketAddress>;
  readonly #datagram = new ReusedMemory(MAX_DATAGRAM_BYTES);
  #acceptWait: Wait | null = null;
  #watching = false;
  #closed = false;

  /**
   * Takes the context over.
   *
   * @param hostname an address
   * @throws {RunError} where it cannot be bound
   */
  constructor(context: TlsContext, hostname: string, port: number, loop: PollLoop) {
    this.#loop = loop;
    using made = new DisposableStack();
    this.#core = made.use(
      new DtlsListenerCore<DtlsPosixPeer, SocketAddress>(context, {
        answer: (datagram, to) => this.#answer(datagram, to),
        open: (session, from, place) => this.#newPeer(session, from, place),
        // One that has just begun is driven by the program that accepts it.
        drive: (peer, datagram) => datagram && peer.take(datagram),
        wake: () => this.#acceptWait?.settle(true),
      }, OPTIONS),
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
    return this.#core.mustWait ? this.#acceptLater(take) : this.#accepted(take);
  }

  async #acceptLater<T>(take: (peer: DtlsPosixPeer) => T): Promise<T | null> {
    while (this.#core.mustWait) {
      const wait = this.#acceptWait = this.sleep(Infinity);
      await wait.ready;
    }
    return this.#accepted(take);
  }

  #accepted<T>(take: (peer: DtlsPosixPeer) => T): T | null {
    const peer = this.#core.take();
    return peer && take(peer);
  }

  /** Answers no new clients; sessions that are there live on. */
  stopAccepting(): void {
    this.#core.stopAccepting();
  }

  /**
   * Frees the socket, and the peers that are left; the program that was handed a session closes it.
   * May be called twice.
   */
  close(): void {
    this.#closed = true;
    for (const peer of this.#core.end()) peer.close();
    this.#socket.close();
    this.#core.close();
  }

  /** What is known of the socket's receive buffer; after its end, too. */
  get receiveBuffer(): ReceiveBufferState | null {
    return this.#socket.receiveBuffer;
  }

  /** For a peer. */
  send(datagram: Uint8Array, to: SocketAddress): MaybePromise<void> {
    return this.#socket.send(datagram, to);
  }

  /** For a peer. */
  sleep(dueMs: number): Wait {
    if (this.#core.failure !== undefined) throw this.#core.failure;
    if (!this.#watching) void this.#watch();
    return this.#loop.sleep(dueMs);
  }

  /** For a peer. */
  receive(timeoutMs: number): boolean {
    const received = this.#socket.tryReceive(this.#datagram.bytes, timeoutMs);
    if (received !== NOT_YET) this.#received(received);
    return received !== NOT_YET;
  }

  #received(length: number): void {
    const from = this.#socket.sender;
    this.#core.receive(this.#datagram.first(length), from.text, from);
  }

  /** Once a call has had to wait, the socket is watched until it is closed. */
  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (await this.#socket.readable(Infinity)) {
        for (let left = MAX_RECEIVED_AT_ONCE; left > 0; left--) {
          const received = this.#socket.receiveNow(this.#datagram.bytes);
          if (received === NOT_YET) break;
          this.#received(received);
        }
      }
    } catch (error) {
      if (!this.#closed) this.#core.fail(error);
    }
  }

  #answer(datagram: Uint8Array, to: SocketAddress): void {
    try {
      this.#socket.answer(datagram, to);
    } catch {
      // An address that cannot be answered is that one client's, which is not verified yet.
    }
  }

  #newPeer(session: TlsSession, address: SocketAddress, place: ConnPlace): DtlsPosixPeer {
    this.#loop.users++;
    const release = () => {
      place.release();
      this.#loop.users--;
    };
    return new DtlsPosixPeer(session, address, { ...place, release }, this);
  }
}
