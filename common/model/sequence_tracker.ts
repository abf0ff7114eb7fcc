/**
 * What a server makes of a message that has arrived: is it one, is it new, and is it in its order.
 *
 * @module
 */
import { parseSize } from "./message.ts";
import { MAX_REPEAT, type Plan } from "./plan.ts";
import { SHORT_HEADER_BYTES } from "./protocol.ts";

/** What {@linkcode SequenceTracker.take} returns for a message that came before. */
export const DUPLICATE = -1;

/** Numbers are remembered by so many at a time: one high number alone costs no more than a low one. */
const PAGE_NUMBERS = 256;

/** What a peer, a size of a peer's and a page of numbers take of V8's memory, in bytes. */
const PEER_BYTES = 600;
const SIZE_BYTES = 500;
const PAGE_BYTES = 2 * PAGE_NUMBERS + 350;

/**
 * Tells what the numbers of one peer's messages say: which came before, and which came late.
 *
 * Numbers of a plan with a count are what they are. Those of a plan with a duration begin again
 * after {@linkcode MAX_REPEAT}: there a number counts as ahead where it is less than half of them
 * ahead of the highest, else as behind it (as serial numbers do, RFC 1982).
 *
 * @example
 * ```ts
 * const tracker = new SequenceTracker({ sizes: [100], repeat: 5 });
 * const steps = [0, 2, 1, 2].map((no) => tracker.take(100, no));
 * if (String(steps) !== "1,2,0,-1") throw new Error(String(steps));
 * ```
 */
export class SequenceTracker {
  /** What is remembered takes about so many bytes of memory. */
  bytes = PEER_BYTES;
  readonly #sizes = new Map<number, SizeTracker>();
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
    let tracker = this.#sizes.get(sizeBytes);
    if (!tracker) {
      const times = Math.max(timesIn(this.#plan.sizes, sizeBytes), 1);
      tracker = new SizeTracker(times, this.#plan.seconds !== undefined);
      this.#sizes.set(sizeBytes, tracker);
      this.bytes += SIZE_BYTES;
    }
    const { pages } = tracker;
    const ahead = tracker.take(no);
    this.bytes += (tracker.pages - pages) * PAGE_BYTES;
    return ahead;
  }
}

/** What the tracker of one peer take of memory at most where it keeps to the plan, in bytes. */
export function trackerBytes({ sizes, repeat, seconds }: Plan): number {
  const numbers = seconds === undefined ? repeat : MAX_REPEAT;
  const pages = Math.ceil(numbers / PAGE_NUMBERS);
  return PEER_BYTES + new Set(sizes).size * (SIZE_BYTES + pages * PAGE_BYTES);
}

/** The messages of one size. */
class SizeTracker {
  readonly #times: number;
  readonly #wraps: boolean;
  /** How often each number came, by pages; those that are not there hold zeros. */
  readonly #pages = new Map<number, Uint16Array>();
  #highest = -1;

  constructor(times: number, wraps: boolean) {
    this.#times = times;
    this.#wraps = wraps;
  }

  /** How many pages there are. */
  get pages(): number {
    return this.#pages.size;
  }

  take(no: number): number {
    const ahead = this.#aheadOf(no);
    if (ahead > 0) this.#advance(no, ahead);
    const seen = this.#pageOf(no);
    const at = no % PAGE_NUMBERS;
    if (ahead <= 0 && seen[at]! >= this.#times) return DUPLICATE;
    seen[at]!++;
    return Math.max(ahead, 0);
  }

  #aheadOf(no: number): number {
    const ahead = no - this.#highest;
    if (!this.#wraps || this.#highest < 0) return ahead;
    if (ahead < -MAX_REPEAT / 2) return ahead + MAX_REPEAT;
    return ahead >= MAX_REPEAT / 2 ? ahead - MAX_REPEAT : ahead;
  }

  /** Where numbers begin again, those between the old and the new highest were another round's. */
  #advance(no: number, ahead: number): void {
    let at = this.#highest + 1;
    let left = this.#wraps && this.#highest >= 0 ? ahead : 0;
    while (left > 0) {
      at %= MAX_REPEAT;
      const page = Math.floor(at / PAGE_NUMBERS);
      const from = at % PAGE_NUMBERS;
      const count = Math.min(left, PAGE_NUMBERS - from, MAX_REPEAT - at);
      if (count === PAGE_NUMBERS) this.#pages.delete(page);
      else this.#pages.get(page)?.fill(0, from, from + count);
      at += count;
      left -= count;
    }
    this.#highest = no;
  }

  #pageOf(no: number): Uint16Array {
    const page = Math.floor(no / PAGE_NUMBERS);
    let seen = this.#pages.get(page);
    if (!seen) this.#pages.set(page, seen = new Uint16Array(PAGE_NUMBERS));
    return seen;
  }
}

/** How often a size stands in a plan. */
export function timesIn(sizes: readonly number[], size: number): number {
  return sizes.filter((other) => other === size).length;
}

/** A datagram is a message where its header says its own length. */
export function isMessage(bytes: Uint8Array): boolean {
  if (bytes.length < SHORT_HEADER_BYTES) return false;
  try {
    return parseSize(bytes) === bytes.length;
  } catch {
    return false;
  }
}
