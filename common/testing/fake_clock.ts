/**
 * Time that passes only when a test says so.
 *
 * @module
 */

interface Timer {
  due: number;
  call: () => void;
}

// Taken before any test replaces it: a turn of the real event loop lets every microtask run.
const realSetTimeout = globalThis.setTimeout;

/**
 * Stands in for performance.now(), setTimeout() and clearTimeout() until it is disposed.
 *
 * @example
 * ```ts
 * using clock = new FakeClock();
 * let rang = false;
 * setTimeout(() => rang = true, 5000);
 * await clock.advance(5000);
 * if (!rang) throw new Error("the timer is due");
 * ```
 */
export class FakeClock implements Disposable {
  /** What performance.now() says, in milliseconds; may be set where no timer is to fire. */
  nowMs = 1000;
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  readonly #timers = new Map<number, Timer>();
  #lastId = 0;

  constructor() {
    const setTimeout = (call: () => void, delayMs = 0) => {
      this.#timers.set(++this.#lastId, { due: this.nowMs + Math.max(delayMs, 0), call });
      return this.#lastId;
    };
    const clearTimeout = (id?: number) => void this.#timers.delete(id ?? 0);
    Object.assign(globalThis, { setTimeout, clearTimeout });
    const now = { value: () => this.nowMs, configurable: true };
    Object.defineProperty(performance, "now", now);
  }

  /** Number of timers that have neither fired nor been cleared. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass: every timer due by then fires at its time, what it sets in motion included. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const until = this.nowMs + ms;
    for (let next; (next = this.#next()) && next[1].due <= until;) {
      const [id, { due, call }] = next;
      this.#timers.delete(id);
      this.nowMs = Math.max(this.nowMs, due);
      call();
      await this.settle();
    }
    this.nowMs = until;
  }

  /** Lets everything happen that waits for no timer and no socket. */
  settle(): Promise<void> {
    return new Promise((resolve) => realSetTimeout(resolve, 0));
  }

  /** Gives the real clock back. */
  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
    Reflect.deleteProperty(performance, "now");
  }

  #next(): [number, Timer] | undefined {
    return [...this.#timers].sort(([, a], [, b]) => a.due - b.due)[0];
  }
}
