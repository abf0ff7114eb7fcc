/**
 * One server's datagrams, received when they are asked for.
 *
 * @module
 */
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

/** A client's socket, as {@linkcode UdpClient}; what comes while nothing is asked for is dropped. */
export class UdpConnection {
  readonly #socket: UdpClient;
  readonly #deadline: Deadline;
  /** Set while an answer is waited for; what comes at other times came too late. */
  #waiting: Waiting | null = null;
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
    return this.#failure ? Promise.reject(this.#failure) : this.#socket.send(message);
  }

  /**
   * Receives the next datagram into `into`, which cuts a longer one off. One call at a time.
   *
   * @returns how many bytes, or `TOO_LATE`
   */
  receive(into: Uint8Array, timeoutMs: number): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#deadline.arm(timeoutMs);
    return new Promise((resolve, reject) => this.#waiting = { into, resolve, reject });
  }

  /** Closes the socket. May be called twice. */
  close(): void {
    this.#deadline[Symbol.dispose]();
    this.#socket.close();
  }

  #arrived(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#waiting?.into.length);
    this.#waiting?.into.set(part);
    this.#settle(part.length);
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
