/**
 * Which messages a server counts: what is known of them has a bound.
 *
 * @module
 */
import { MAX_REPEAT, type Plan } from "../model/plan.ts";

/** Besides those of its own plan, a server that serves for ever takes messages of so many sizes. */
export const MORE_SIZES = 64;

/** Which messages a server counts. */
export class ExpectedMessages {
  readonly #sizes: Set<number>;
  readonly #numbers: number;
  /** How many sizes may still be added. */
  #room: number;

  /** @param forever whether clients with other plans may come, too */
  constructor({ sizes, repeat, seconds }: Plan, forever: boolean) {
    this.#sizes = new Set(sizes);
    this.#numbers = forever || seconds !== undefined ? MAX_REPEAT : repeat;
    this.#room = forever ? MORE_SIZES : 0;
  }

  /** Whether a message of that size and number is one of them. */
  has(sizeBytes: number, no: number): boolean {
    if (no >= this.#numbers) return false;
    if (this.#sizes.has(sizeBytes)) return true;
    if (this.#room === 0) return false;
    this.#room--;
    this.#sizes.add(sizeBytes);
    return true;
  }
}
