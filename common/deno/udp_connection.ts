/**
 * One server's datagrams, received when they are asked for.
 *
 * @module
 */
import { BoundedQueue } from "../base/bounded_queue.ts";
import { MAX_DATAGRAM_BYTES } from "../base/datagrams.ts";
import type { Deadline, Deadlines } from "../base/deadline.ts";
import { InterruptedError } from "../base/errors.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { TOO_LATE } from "../base/read_result.ts";
import { afterWoken } from "./udp.ts";
import { UdpClient } from "./udp_client.ts";

/** A wait for an answer. */
interface Waiting {
  readonly into: Uint8Array;
  resolve(received: number): void;
  reject(error: unknown): void;
}

/** What may have come before it is asked for: two of the longest. */
const EARLY_BYTES = 2 * MAX_DATAGRAM_BYTES;

/**
 * A client's socket, as {@linkcode UdpClient}. An answer may be there before its message has left, as
 * far as the event loop tells; what nobody has asked for when the next message is sent is dropped.
 */
export class UdpConnection {
  readonly #socket: UdpClient;
  readonly #deadline: Deadline;
  /** Set while an answer is waited for. */
  #waiting: Waiting | null = null;
  /** What has come since the last message was handed over, before it was asked for. */
  readonly #early = new BoundedQueue<Uint8Array>(EARLY_BYTES, ({ length }) => length);
  #failure: unknown = null;

  /**
   * @param addresses at least one; the others are taken out when the server has answered
   * @throws {Error} of the system, where no socket can be had
   */
  constructor(addresses: string[], port: number, deadlines: Deadlines) {
    this.#deadline = deadlines.add((error) =>
      error instanceof InterruptedError ? this.#fail(error) : this.#settle(TOO_LATE)
    );
    const events = {
      received: (bytes: Uint8Array) => {
        this.#arrived(bytes);
        return afterWoken();
      },
      failed: (error: unknown) => this.#fail(error),
    };
    this.#socket = new UdpClient(addresses, port, events, deadlines);
  }

  /** What the system said when a datagram was lost last; undefined where it never did. */
  get lastLoss(): unknown {
    return this.#socket.lastLoss;
  }

  /** Sends a datagram, borrowed for the call; a promise settles when it has left. */
  send(message: Uint8Array): MaybePromise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    while (this.#early.shift());
    return this.#socket.send(message);
  }

  /**
   * Receives the next datagram into `into`, which cuts a longer one off. One call at a time.
   *
   * @returns how many bytes, or `TOO_LATE`
   */
  receive(into: Uint8Array, timeoutMs: number): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    const early = this.#early.shift();
    if (early) return Promise.resolve(copyInto(into, early));
    this.#deadline.arm(timeoutMs);
    return new Promise((resolve, reject) => this.#waiting = { into, resolve, reject });
  }

  /** Closes the socket. May be called twice. */
  close(): void {
    this.#deadline[Symbol.dispose]();
    this.#socket.close();
  }

  #arrived(bytes: Uint8Array): void {
    if (this.#waiting) this.#settle(copyInto(this.#waiting.into, bytes));
    else if (this.#early.hasRoomFor(bytes.length)) this.#early.push(bytes.slice());
  }

  #settle(received: number): void {
    this.#deadline.disarm();
    this.#waiting?.resolve(received);
    this.#waiting = null;
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

/** Copies what fits; returns how much that is. */
function copyInto(into: Uint8Array, bytes: Uint8Array): number {
  const part = bytes.subarray(0, into.length);
  into.set(part);
  return part.length;
}
