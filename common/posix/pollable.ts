/**
 * What a connection and a datagram socket have in common: a socket, and the loop it waits in.
 *
 * @module
 */
import { POLLIN } from "./platform.ts";
import type { PollLoop } from "./poll_loop.ts";
import type { PosixSocket } from "./socket.ts";

/** A socket whose waits end with it. */
export abstract class Pollable {
  protected readonly socket: PosixSocket;
  protected readonly loop: PollLoop;
  #closed = false;

  /** Takes the socket over. */
  constructor(socket: PosixSocket, loop: PollLoop) {
    this.socket = socket;
    this.loop = loop;
  }

  /**
   * Waits until something can be received.
   *
   * @param dueMs how long to wait, on the clock of performance.now()
   * @returns false when the time is over
   */
  readable(dueMs: number): Promise<boolean> {
    return this.until(POLLIN, dueMs);
  }

  /** As {@linkcode readable}, for any of poll(2)'s events. */
  protected async until(events: number, dueMs: number): Promise<boolean> {
    this.checkOpen();
    return await this.loop.wait(this.socket.fd, events, dueMs).ready;
  }

  /** Whoever waits goes on a little later than the wait ends: the socket may be closed by then. */
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
