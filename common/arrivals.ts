/**
 * What a server makes of a message that has arrived: is it one, is it new, and is it in its order.
 *
 * @module
 */
import { parseSize } from "./message.ts";
import { MAX_REPEAT, type Plan } from "./plan.ts";
import { HEADER_BYTES } from "./protocol.ts";

/** What {@linkcode Arrivals.take} returns for a message that came before. */
export const DUPLICATE = -1;

/** Memory for so many numbers of a size to begin with; it is doubled as higher ones come. */
const FIRST_NUMBERS = 128;

/**
 * Tells what the numbers of one peer's messages say: which came before, and which came late.
 *
 * Numbers of a plan with a count are what they are. Those of a plan with a duration begin again
 * after {@linkcode MAX_REPEAT}: there a number counts as ahead where it is less than half of them
 * ahead of the highest, else as behind it (as serial numbers do, RFC 1982).
 *
 * @example
 * ```ts
 * const arrivals = new Arrivals({ sizes: [100], repeat: 5 });
 * const steps = [0, 2, 1, 2].map((no) => arrivals.take(100, no));
 * if (String(steps) !== "1,2,0,-1") throw new Error(String(steps));
 * ```
 */
export class Arrivals {
  readonly #sizes = new Map<number, SizeArrivals>();
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /**
   * Takes a message that has arrived.
   *
   * @returns by how much its number is higher than all of its size before; 0 where it came late,
   * after a higher one; {@linkcode DUPLICATE} where it came as often before as the plan has it
   */
  take(sizeBytes: number, no: number): number {
    let arrivals = this.#sizes.get(sizeBytes);
    if (!arrivals) {
      const times = Math.max(timesIn(this.#plan.sizes, sizeBytes), 1);
      arrivals = new SizeArrivals(times, this.#plan.seconds !== undefined);
      this.#sizes.set(sizeBytes, arrivals);
    }
    return arrivals.take(no);
  }
}

/** The messages of one size. */
class SizeArrivals {
  readonly #times: number;
  readonly #wraps: boolean;
  /** How often each number came. */
  #seen = new Uint16Array(FIRST_NUMBERS);
  #highest = -1;

  constructor(times: number, wraps: boolean) {
    this.#times = times;
    this.#wraps = wraps;
  }

  take(no: number): number {
    if (no >= this.#seen.length) this.#grow(no);
    const ahead = this.#aheadOf(no);
    if (ahead > 0) this.#advance(no);
    else if (this.#seen[no]! >= this.#times) return DUPLICATE;
    this.#seen[no]!++;
    return Math.max(ahead, 0);
  }

  #aheadOf(no: number): number {
    const ahead = no - this.#highest;
    if (!this.#wraps || this.#highest < 0) return ahead;
    if (ahead < -MAX_REPEAT / 2) return ahead + MAX_REPEAT;
    return ahead >= MAX_REPEAT / 2 ? ahead - MAX_REPEAT : ahead;
  }

  /** Where numbers begin again, those between the old and the new highest were another round's. */
  #advance(no: number): void {
    if (this.#wraps && this.#highest >= 0) {
      const { length } = this.#seen;
      for (let at = this.#highest; at !== no;) {
        // Numbers that there is no memory for never came.
        at = at + 1 < length ? at + 1 : 0;
        this.#seen[at] = 0;
      }
    }
    this.#highest = no;
  }

  #grow(no: number): void {
    let { length } = this.#seen;
    while (length <= no) length *= 2;
    const seen = new Uint16Array(Math.min(length, MAX_REPEAT));
    seen.set(this.#seen);
    this.#seen = seen;
  }
}

/** How often a size stands in a plan. */
export function timesIn(sizes: readonly number[], size: number): number {
  return sizes.filter((other) => other === size).length;
}

/** A datagram is a message where its header says its own length. */
export function isMessage(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  try {
    return parseSize(bytes) === bytes.length;
  } catch {
    return false;
  }
}
