/**
 * What a connection and a datagram socket have in common: a socket, and the loop it waits in.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe_promise.ts";
import { NOT_YET, TOO_LATE } from "../base/read_result.ts";
import { POLLIN } from "./platform.ts";
import type { PollLoop } from "./poll_loop.ts";
import type { PosixSocket } from "./socket.ts";

/** What can be received from in three ways: now, soon, and within a time. */
export abstract class Receiver {
  /**
   * Receives what is there or comes soon: it may block for a slice of time, and returns `NOT_YET`
   * where other connections have to have their turn first.
   */
  abstract tryReceive(into: Uint8Array, timeoutMs: number): number;

  /** Receives what is there already, or `NOT_YET`. */
  abstract receiveNow(into: Uint8Array): number;

  /**
   * Waits until something can be received.
   *
   * @param dueMs how long to wait, on the clock of performance.now()
   * @returns false when the time is over
   */
  abstract readable(dueMs: number): Promise<boolean>;

  /**
   * Receives into `into`.
   *
   * @returns how many bytes, `ENDED` at the end of a stream, `TOO_LATE` when the time is over
   */
  receive(into: Uint8Array, timeoutMs: number): MaybePromise<number> {
    const received = this.tryReceive(into, timeoutMs);
    return received !== NOT_YET ? received : this.#receiveLater(into, timeoutMs);
  }

  async #receiveLater(into: Uint8Array, timeoutMs: number): Promise<number> {
    const dueMs = performance.now() + timeoutMs;
    while (await this.readable(dueMs)) {
      const received = this.receiveNow(into);
      if (received !== NOT_YET) return received;
    }
    return TOO_LATE;
  }
}

/** A socket whose waits end with it. */
export abstract class Pollable extends Receiver {
  protected readonly socket: PosixSocket;
  protected readonly loop: PollLoop;
  #closed = false;

  /** Takes the socket over. */
  constructor(socket: PosixSocket, loop: PollLoop) {
    super();
    this.socket = socket;
    this.loop = loop;
  }

  override readable(dueMs: number): Promise<boolean> {
    return this.until(POLLIN, dueMs);
  }

  /** As {@linkcode readable}, for any of poll(2)'s events. */
  protected async until(events: number, dueMs: number): Promise<boolean> {
    this.checkOpen();
    return await this.loop.wait(this.socket.fd, events, dueMs).ready;
  }

  /** A wait goes on a little later than it ends: the socket may be closed by then. */
  protected checkOpen(): void {
    if (this.#closed) throw this.closedError();
  }

  /** What a call says that comes after {@linkcode close}. */
  protected abstract closedError(): Error;

  /** Called once, when the socket is closed. */
  protected released(): void {}

  /** Closes the socket; pending calls reject. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.loop.cancel(this.socket.fd, () => this.closedError());
    this.socket.close();
    this.released();
  }
}
