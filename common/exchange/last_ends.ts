/**
 * How long a server whose run is over waits for the last connections to end.
 *
 * @module
 */
import type { Deadline, Deadlines } from "../base/deadline.ts";
import { InterruptedError } from "../base/errors.ts";

/**
 * Waits as long as connections end, one after the other: thousands of clients take their time. It is
 * over where none has ended for a while; as nobody is let in any more, that comes.
 */
export class LastEnds {
  readonly #deadlines: Deadlines;
  readonly #withinMs: number;
  #deadline: Deadline | null = null;

  /** @param withinMs how long no connection has to end */
  constructor(deadlines: Deadlines, withinMs: number) {
    this.#deadlines = deadlines;
    this.#withinMs = withinMs;
  }

  /** A connection has ended. */
  ended(): void {
    this.#deadline?.arm(this.#withinMs);
  }

  /**
   * Resolves when all of them have ended, or none has for the time; rejects when interrupted.
   *
   * @param connections resolve with their ends
   */
  async wait(connections: Iterable<Promise<void> | undefined>): Promise<void> {
    const over = Promise.withResolvers<void>();
    using deadline = this.#deadlines.add((error) =>
      error instanceof InterruptedError ? over.reject(error) : over.resolve()
    );
    this.#deadline = deadline;
    this.ended();
    await Promise.race([Promise.all(connections), over.promise]);
    this.#deadline = null;
  }
}
