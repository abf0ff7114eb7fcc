/**
 * The pause between messages that a server makes with `--wait-ms`.
 *
 * @module
 */
import type { Deadlines } from "../base/deadline.ts";
import { InterruptedError } from "../base/errors.ts";
import type { PairOptions } from "../model/pair_options.ts";

/** So much less than a pause is none: timers may fire early, and late by as much. */
const TOLERANCE_MS = 1;

/**
 * Has a server take as many messages as it has clients in each pause's time, and not more. A client
 * that pauses as long itself waits for nothing.
 */
export class Pacing {
  readonly #waitMs: number;
  readonly #deadlines: Deadlines;
  /** When the next messages may be taken; the earliest is at `#next`. */
  readonly #dueMs: Float64Array;
  #next = 0;
  /** Ends each pause that is not over. */
  readonly #pausing = new Set<(reason: Error) => void>();
  #ended = false;

  constructor({ waitMs, clients }: Pick<PairOptions, "waitMs" | "clients">, deadlines: Deadlines) {
    this.#waitMs = waitMs;
    this.#deadlines = deadlines;
    this.#dueMs = new Float64Array(clients).fill(-Infinity);
  }

  /**
   * A message is to be taken.
   *
   * @returns resolves when it may be; undefined where that is at once. It rejects with an
   * {@linkcode InterruptedError} where the run ends before.
   */
  wait(): Promise<void> | undefined {
    if (this.#waitMs === 0) return;
    const nowMs = performance.now();
    const takenMs = Math.max(this.#dueMs[this.#next]!, nowMs);
    this.#dueMs[this.#next] = takenMs + this.#waitMs;
    this.#next = (this.#next + 1) % this.#dueMs.length;
    return takenMs - nowMs < TOLERANCE_MS ? undefined : this.#pause(takenMs - nowMs);
  }

  /** The run has ended: no message is waited for. */
  end(): void {
    this.#ended = true;
    for (const fail of this.#pausing) fail(new InterruptedError("the run has ended"));
  }

  async #pause(ms: number): Promise<void> {
    if (this.#ended) throw new InterruptedError("the run has ended");
    const over = Promise.withResolvers<void>();
    using deadline = this.#deadlines.add((error) =>
      error instanceof InterruptedError ? over.reject(error) : over.resolve()
    );
    deadline.arm(ms);
    this.#pausing.add(over.reject);
    try {
      await over.promise;
    } finally {
      this.#pausing.delete(over.reject);
    }
  }
}
