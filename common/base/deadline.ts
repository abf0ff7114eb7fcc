/**
 * Bounds for waits on the event loop: one timer for all of them.
 *
 * @module
 */
import { round } from "./event_loop.ts";
import { InterruptedError, TimeoutError } from "./errors.ts";

/** setTimeout() takes more for 1; a deadline that is further away is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Longer than any run, and short enough for a sum with the time of day. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/**
 * What is due within this time, in milliseconds, is looked at whenever the timer fires; the rest not
 * more often than that: thousands of connections wait long, and one of them is always due next.
 */
const SOON_MS = 250;

/** A timer may fire so late: the rest of a wait that has to end in time is rounds of the loop. */
const LATE_MS = 1.5;

/**
 * Watches any number of waits with a single timer. Arming a deadline again and again, as every
 * message does, only writes a number: the timer is set anew when it fires, not when a wait ends.
 *
 * @example
 * ```ts
 * const deadlines = new Deadlines();
 * const late = await new Promise((resolve) => deadlines.add(resolve).arm(1));
 * deadlines.close();
 * if (!(late instanceof Error)) throw new Error("the deadline hands over an error");
 * ```
 */
export class Deadlines implements Disposable {
  readonly #watched = new Set<Deadline>();
  /** Those of them that may be due soon. */
  readonly #soon = new Set<Deadline>();
  /** None of the others is due before. */
  #laterDue = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDue = Infinity;
  #interrupted: InterruptedError | undefined;
  #closed = false;
  readonly #controller = new AbortController();

  /** Aborted by {@linkcode interrupt}, for waits that are not deadlines. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Adds a deadline, not armed yet.
   *
   * @param onExpire is handed a {@linkcode TimeoutError}, or an {@linkcode InterruptedError}
   */
  add(onExpire: (error: Error) => void): Deadline {
    const deadline = new Deadline(this, onExpire);
    this.#watched.add(deadline);
    return deadline;
  }

  /** Waits for a time, in milliseconds; rejects when interrupted. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = this.add((error) => {
        this.remove(deadline);
        if (error instanceof InterruptedError) reject(error);
        else resolve();
      });
      deadline.arm(ms);
    });
  }

  /** Waits for what cannot be told to end, such as a look-up; rejects when interrupted. */
  async orInterrupted<T>(waiting: Promise<T>): Promise<T> {
    const interrupted = Promise.withResolvers<never>();
    using deadline = this.add((error) => {
      if (error instanceof InterruptedError) interrupted.reject(error);
    });
    // Interrupted already, it hears of it as well.
    deadline.arm(NEVER_MS);
    return await Promise.race([waiting, interrupted.promise]);
  }

  /**
   * Waits until a time on the clock of performance.now(), to some microseconds; rejects when
   * interrupted.
   */
  async until(dueMs: number): Promise<void> {
    const sleepMs = dueMs - performance.now() - LATE_MS;
    if (sleepMs > 0) await this.sleep(sleepMs);
    while (performance.now() < dueMs) {
      await round();
      this.check();
    }
  }

  /** Ends every wait now, and every later one as soon as it begins. */
  interrupt(): void {
    this.#interrupted ??= new InterruptedError("interrupted");
    this.#controller.abort(this.#interrupted);
    for (const deadline of [...this.#watched]) deadline.expireBy(Infinity, this.#interrupted);
  }

  /** Throws where {@linkcode interrupt} was called. */
  check(): void {
    if (this.#interrupted) throw this.#interrupted;
  }

  /** Stops the timer; no deadline expires any more. May be called twice. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timerDue = Infinity;
    this.#watched.clear();
    this.#soon.clear();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For {@linkcode Deadline}: takes one out. */
  remove(deadline: Deadline): void {
    this.#watched.delete(deadline);
    this.#soon.delete(deadline);
  }

  /** For {@linkcode Deadline}: makes sure that the timer fires by then. */
  schedule(deadline: Deadline, ms: number): void {
    if (this.#closed) return;
    const { due } = deadline;
    if (this.#interrupted) {
      queueMicrotask(() => this.interrupt());
      return;
    }
    if (ms <= SOON_MS) this.#soon.add(deadline);
    else if (due < this.#laterDue) this.#laterDue = due;
    if (due < this.#timerDue) this.#setTimer(due);
  }

  #setTimer(due: number): void {
    clearTimeout(this.#timer);
    this.#timerDue = due;
    const left = Math.min(due - performance.now(), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#fire(), Math.max(left, 0));
  }

  #fire(): void {
    this.#timerDue = Infinity;
    // A timer may fire a fraction of a millisecond early.
    const now = performance.now() + 0.5;
    if (this.#laterDue <= now) this.#findSoon(now);
    let next = Infinity;
    for (const deadline of [...this.#soon]) {
      if (this.#closed) break;
      deadline.expireBy(now);
      const { due } = deadline;
      if (due <= now + SOON_MS) next = Math.min(next, due);
      else {
        this.#soon.delete(deadline);
        this.#laterDue = Math.min(this.#laterDue, due);
      }
    }
    next = Math.min(next, this.#laterDue);
    // What has expired may have closed it.
    if (next < this.#timerDue && !this.#closed) this.#setTimer(next);
  }

  #findSoon(now: number): void {
    this.#laterDue = Infinity;
    for (const deadline of this.#watched) {
      if (deadline.due <= now + SOON_MS) this.#soon.add(deadline);
      else if (deadline.due < this.#laterDue) this.#laterDue = deadline.due;
    }
  }
}

/** One bounded wait; see {@linkcode Deadlines}. */
export class Deadline implements Disposable {
  /** When it expires, on the clock of performance.now(); Infinity while it is not armed. */
  due = Infinity;
  readonly #all: Deadlines;
  readonly #onExpire: (error: Error) => void;
  #ms = 0;

  /** Made by {@linkcode Deadlines.add}. */
  constructor(all: Deadlines, onExpire: (error: Error) => void) {
    this.#all = all;
    this.#onExpire = onExpire;
  }

  /**
   * Expires in `ms` milliseconds from now, whatever was said before.
   *
   * @param nowMs performance.now(), where it was asked for a moment ago
   */
  arm(ms: number, nowMs: number = performance.now()): void {
    this.#ms = ms;
    this.due = nowMs + ms;
    this.#all.schedule(this, ms);
  }

  /** Does not expire until armed again. */
  disarm(): void {
    this.due = Infinity;
  }

  /** Disarms it for good. */
  [Symbol.dispose](): void {
    this.disarm();
    this.#all.remove(this);
  }

  /** For {@linkcode Deadlines}. */
  expireBy(now: number, error?: Error): void {
    if (this.due === Infinity || this.due > now) return;
    this.due = Infinity;
    this.#onExpire(error ?? new TimeoutError(`timed out after ${this.#ms} ms`));
  }
}
