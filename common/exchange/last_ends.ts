/**
 * How long a server whose run is over waits for the last connections to end.
 *
 * @module
 */
import type { Deadline, Deadlines } from "../base/deadline.ts";
import { InterruptedError } from "../base/errors.ts";

/** So many times as long as none need end it is waited in all: strangers could end one at a time. */
const MOST_WAITS = 20;

/**
 * Waits as long as connections end, one after the other: thousands of clients take their time. It is
 * over where none has ended for a while, and after twenty times that in any case.
 */
export class LastEnds {
  readonly #deadlines: Deadlines;
  readonly #withinMs: number;
  #deadline: Deadline | null = null;
  /** When it is over in any case, on the clock of performance.now(). */
  #overMs = Infinity;

  /** @param withinMs how long no connection has to end */
  constructor(deadlines: Deadlines, withinMs: number) {
    this.#deadlines = deadlines;
    this.#withinMs = withinMs;
  }

  /** A connection has ended. */
  ended(): void {
    const leftMs = this.#overMs - performance.now();
    this.#deadline?.arm(Math.max(0, Math.min(this.#withinMs, leftMs)));
  }

  /**
   * Resolves when all of them have ended, when none has for the time, or when it takes too long in all;
   * rejects when interrupted.
   *
   * @param connections resolve with their ends
   */
  async wait(connections: Iterable<Promise<void> | undefined>): Promise<void> {
    const over = Promise.withResolvers<void>();
    using deadline = this.#deadlines.add((error) =>
      error instanceof InterruptedError ? over.reject(error) : over.resolve()
    );
    this.#deadline = deadline;
    this.#overMs = performance.now() + MOST_WAITS * this.#withinMs;
    this.ended();
    await Promise.race([Promise.all(connections), over.promise]);
    this.#deadline = null;
  }
}
