/**
 * One clock for everything: microseconds, monotonic, with the fractions the system gives.
 *
 * @module
 */
import { byStep, type Step, STEPS } from "../model/protocol.ts";

let source: (() => number) | undefined;

/** Microseconds since the process began; never runs backwards. */
export function nowUs(): number {
  return source === undefined ? performance.now() * 1000 : source();
}

/**
 * Has {@linkcode nowUs} read the time elsewhere from now on.
 *
 * @param read tells the same time, in microseconds; undefined for performance.now() again
 */
export function setClock(read: (() => number) | undefined): void {
  source = read;
}

/** The same clock as microseconds since the epoch: add it to {@linkcode nowUs}. */
export const EPOCH_US: number = performance.timeOrigin * 1000;

/** A step's place in {@linkcode STEPS}; an index is cheaper in the hot path than a name. */
export const STEP_INDEX: Readonly<Record<Step, number>> = byStep((_, index) => index);

/**
 * Times the steps of one message, one after the other, without allocating.
 *
 * `start()` begins the first step; each `mark(step)` ends the running step under that name and
 * begins the next. A step that did not happen is NaN.
 *
 * @example
 * ```ts
 * const timer = new StepTimer();
 * timer.start();
 * timer.mark(STEP_INDEX.send);
 * if (!(timer.durationsUs[STEP_INDEX.send]! >= 0)) throw new Error("send was not timed");
 * if (!Number.isNaN(timer.durationsUs[STEP_INDEX.close]!)) throw new Error("close was");
 * ```
 */
export class StepTimer {
  /** Start of each step, see {@linkcode nowUs}. */
  readonly startsUs = new Float64Array(STEPS.length).fill(NaN);
  /** Duration of each step in microseconds. */
  readonly durationsUs = new Float64Array(STEPS.length).fill(NaN);
  #startedUs = 0;
  #lastUs = 0;

  /** Begins a message and its first step. */
  start(): void {
    this.durationsUs.fill(NaN);
    this.#startedUs = this.#lastUs = nowUs();
  }

  /** The same at a time that has passed: what was waited for since then is the first step's. */
  startAt(us: number): void {
    this.durationsUs.fill(NaN);
    this.#startedUs = this.#lastUs = us;
  }

  /** Ends the running step under the name at `index` and begins the next. */
  mark(index: number): void {
    const now = nowUs();
    this.startsUs[index] = this.#lastUs;
    this.durationsUs[index] = now - this.#lastUs;
    this.#lastUs = now;
  }

  /** Begins a message at the end of the last one. */
  next(): void {
    this.durationsUs.fill(NaN);
    this.#startedUs = this.#lastUs;
  }

  /** Leaves out what has happened since the last step ended; the next one begins now. */
  skip(): void {
    const us = nowUs() - this.#lastUs;
    this.#startedUs += us;
    this.#lastUs += us;
  }

  /** When the last step ended, see {@linkcode nowUs}. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** From the first step's start to the last step's end, in microseconds. */
  get totalUs(): number {
    return this.#lastUs - this.#startedUs;
  }
}
