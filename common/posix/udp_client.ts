/**
 * A client's datagrams through the system's own calls: it speaks with one server, which may have
 * several addresses.
 *
 * @module
 */
import { isUnreachable, keepOnly, worseOf } from "../base/in_turn.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { NOT_YET } from "../base/read_result.ts";
import type { SocketAddress } from "./address.ts";
import type { PollLoop } from "./poll_loop.ts";
import { Receiver } from "./pollable.ts";
import { PosixUdp } from "./udp.ts";

/**
 * Sends and receives. As long as nothing has come from the server, what was sent last is kept: where
 * it is refused, it is sent again to the next address.
 */
export class PosixUdpClient extends Receiver {
  /** The caller's: when the server has answered, its address is left alone there. */
  readonly #servers: SocketAddress[];
  readonly #order: readonly SocketAddress[];
  readonly #loop: PollLoop;
  readonly #from: string | null;
  #at = -1;
  #socket!: PosixUdp;
  /** What was sent since the last wait; null when nothing may be refused any more. */
  #kept: Uint8Array[] | null;
  /** Whether what is sent next is another attempt. */
  #hasWaited = false;
  /** What the addresses before have come to. */
  #refusal: unknown;

  /**
   * @param servers at least one; the others are taken out when the server has answered
   * @param from this end's own address; the system's choice where it is null
   * @throws {PosixError} where there is no way to any of them
   * @throws {Deno.errors.AddrNotAvailable} where this end cannot have that address
   */
  constructor(servers: SocketAddress[], loop: PollLoop, from: string | null = null) {
    super();
    this.#from = from;
    this.#servers = servers;
    this.#order = [...servers];
    this.#loop = loop;
    this.#kept = servers.length > 1 ? [] : null;
    this.#openNext();
  }

  /** What the system said when a datagram was lost last; undefined where it never did. */
  get lastLoss(): unknown {
    return this.#socket.lastLoss;
  }

  /**
   * Sends a datagram, borrowed for the call.
   *
   * @throws {PosixError} where every address has refused it
   */
  send(bytes: Uint8Array): MaybePromise<void> {
    if (!this.#kept) return this.#socket.send(bytes);
    if (this.#hasWaited) this.#kept.length = 0;
    this.#hasWaited = false;
    this.#kept.push(bytes.slice());
    try {
      return this.#socket.send(bytes);
    } catch (error) {
      return this.#sendToNext(error);
    }
  }

  override tryReceive(into: Uint8Array, timeoutMs: number): number {
    if (!this.#kept) return this.#socket.tryReceive(into, timeoutMs);
    return this.#receiveFirst(() => this.#socket.tryReceive(into, timeoutMs));
  }

  override receiveNow(into: Uint8Array): number {
    if (!this.#kept) return this.#socket.receiveNow(into);
    return this.#receiveFirst(() => this.#socket.receiveNow(into));
  }

  override readable(dueMs: number): Promise<boolean> {
    return this.#socket.readable(dueMs);
  }

  /** Closes the socket; pending calls reject. May be called twice. */
  close(): void {
    this.#socket.close();
  }

  /** The first datagram that comes says which address the server has. */
  #receiveFirst(receive: () => number): number {
    this.#hasWaited = true;
    let received: number;
    try {
      received = receive();
    } catch (error) {
      const sending = this.#sendToNext(error);
      // What cannot be sent is lost, as on its way.
      if (sending instanceof Promise) sending.catch(() => {});
      return NOT_YET;
    }
    if (received === NOT_YET) return NOT_YET;
    this.#kept = null;
    keepOnly(this.#servers, this.#order[this.#at]!);
    return received;
  }

  /** What was sent has been turned back. */
  #sendToNext(error: unknown): MaybePromise<void> {
    if (!isUnreachable(error)) throw error;
    this.#refusal = worseOf(this.#refusal, error);
    this.#socket.close();
    this.#openNext();
    let sending: MaybePromise<void> = undefined;
    for (const bytes of this.#kept!) {
      try {
        sending = this.#socket.send(bytes);
      } catch (error) {
        return this.#sendToNext(error);
      }
    }
    return sending;
  }

  /** A socket toward the next address that there is a way to. */
  #openNext(): void {
    while (++this.#at < this.#order.length) {
      try {
        this.#socket = PosixUdp.toward(this.#order[this.#at]!, this.#loop, this.#from);
        return;
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        this.#refusal = worseOf(this.#refusal, error);
      }
    }
    throw this.#refusal;
  }
}
