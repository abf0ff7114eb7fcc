/**
 * Where blocking exchanges wait when they cannot just block: several connections at once, and
 * the event loop, which has to hear of Ctrl-C and of timers.
 *
 * @module
 */
import { round } from "../base/event_loop.ts";
import { EINTR, PosixError } from "./errors.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { type Patience, SLICE_MS } from "./socket.ts";

/** poll(2) passes over a negative file descriptor. */
const NO_FD = -1;

/**
 * The event loop looks for signals and timers only at every 61st of its rounds while something
 * else is ready; so many rounds are some ten microseconds.
 */
const ROUNDS_PER_TURN = 16;

/** A call that could block takes some ten microseconds: so many are less than a slice. */
const CALLS_PER_LOOK = 16;

/**
 * A sleep of poll(2) ends some tens of microseconds late (timer slack, prctl(2)) and is whole
 * milliseconds: what is left of a wait is asked for again and again, and its end just waited for.
 */
const SLACK_MS = 0.2;
const BUSY_MS = 0.02;

/** A wait of one connection or listener. */
export class Wait {
  /** True when what was waited for is there, false when its time is over. */
  readonly ready: Promise<boolean>;
  readonly fd: number;
  readonly events: number;
  /** When its time is over, on the clock of performance.now(). */
  readonly dueMs: number;
  readonly #settled = Promise.withResolvers<boolean>();
  readonly #loop: PollLoop;

  /** Made by {@linkcode PollLoop}. */
  constructor(loop: PollLoop, fd: number, events: number, dueMs: number) {
    this.#loop = loop;
    this.fd = fd;
    this.events = events;
    this.dueMs = dueMs;
    this.ready = this.#settled.promise;
  }

  /** Ends the wait: what was waited for is there, or its time is over. */
  settle(ready: boolean): void {
    this.#loop.remove(this);
    this.#settled.resolve(ready);
  }

  /** Ends the wait with an error. */
  fail(error: unknown): void {
    this.#loop.remove(this);
    this.#settled.reject(error);
  }
}

/** All that wait in one thread: one poll(2) for them, and a turn of the event loop in between. */
export class PollLoop {
  /** Number of connections that can wait. While it is one, that one may just block. */
  users = 0;
  readonly #libc: Libc;
  /** How its users' calls wait, and its own. */
  readonly patience: Patience;
  readonly #signal: AbortSignal;
  readonly #waits = new Set<Wait>();
  #pollFds = new Int32Array(2 * 16);
  #running = false;
  #turnedMs = performance.now();
  #calls = 0;

  /**
   * @param signal ends every wait, with its reason
   */
  constructor(patience: Patience, signal: AbortSignal) {
    this.#libc = loadLibc();
    this.patience = patience;
    this.#signal = signal;
  }

  /** True where the one connection there is may block: no other is kept waiting. */
  get alone(): boolean {
    return this.users <= 1;
  }

  /** True where the event loop had no turn for a slice: then the next wait is one for this loop. */
  isDue(): boolean {
    return performance.now() - this.#turnedMs >= SLICE_MS;
  }

  /**
   * False where a wait for what is not there yet is one for this loop: see {@linkcode isDue}. The
   * clock is not asked each time, as that would cost as much as the rest of a call.
   */
  mayBlock(timeoutMs: number): boolean {
    return timeoutMs >= SLICE_MS && (++this.#calls % CALLS_PER_LOOK !== 0 || !this.isDue());
  }

  /** Waits for a file descriptor: POLLIN, POLLOUT. */
  wait(fd: number, events: number, dueMs: number): Wait {
    const wait = new Wait(this, fd, events, dueMs);
    this.#waits.add(wait);
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    return wait;
  }

  /** Waits for nothing but its time, or to be settled. */
  sleep(dueMs: number): Wait {
    return this.wait(NO_FD, 0, dueMs);
  }

  /**
   * Waits until a time on the clock of performance.now(), to the microsecond; it rejects with the
   * signal's reason.
   */
  async until(dueMs: number): Promise<void> {
    await this.sleep(dueMs - BUSY_MS).ready;
    while (performance.now() < dueMs);
  }

  /**
   * Ends every wait for a file descriptor that is about to be closed: its number will be reused.
   *
   * @param error made where there is a wait
   */
  cancel(fd: number, error: () => unknown): void {
    if (this.#waits.size === 0) return;
    for (const wait of [...this.#waits]) if (wait.fd === fd) wait.fail(error());
  }

  /** Gives the event loop its turn where it had none for a slice; else there is nothing to await. */
  rest(): Promise<void> | undefined {
    return this.isDue() ? this.#turn() : undefined;
  }

  /** For {@linkcode Wait}. */
  remove(wait: Wait): void {
    this.#waits.delete(wait);
  }

  async #run(): Promise<void> {
    while (this.#waits.size > 0) {
      // A caller that was woken goes on before the next poll: one round of the event loop is enough.
      if (this.isDue()) await this.#turn();
      else await round();
      try {
        this.#signal.throwIfAborted();
        if (this.#waits.size > 0) this.#poll();
      } catch (error) {
        for (const wait of [...this.#waits]) wait.fail(error);
      }
    }
    this.#running = false;
  }

  async #turn(): Promise<void> {
    for (let i = 0; i < ROUNDS_PER_TURN; i++) await round();
    this.#turnedMs = performance.now();
  }

  /** One poll(2) over all of them. */
  #poll(): void {
    const waits = [...this.#waits];
    if (this.#pollFds.length < 2 * waits.length) this.#pollFds = new Int32Array(4 * waits.length);
    const fds = this.#pollFds;
    const now = performance.now();
    let dueMs = now + SLICE_MS;
    for (const [i, wait] of waits.entries()) {
      // struct pollfd of poll.h: int fd; short events; short revents.
      fds[2 * i] = wait.fd;
      fds[2 * i + 1] = wait.events;
      dueMs = Math.min(dueMs, wait.dueMs);
    }
    const timeoutMs = this.patience === "spin"
      ? 0
      : Math.max(Math.floor(dueMs - now - SLACK_MS), 0);
    const bytes = new Uint8Array(fds.buffer);
    const ready = this.#libc.poll(bytes, waits.length, timeoutMs);
    const errno = this.#libc.errno[0]!;
    if (ready < 0 && errno !== EINTR) throw new PosixError("poll", errno);
    const after = performance.now();
    for (const [i, wait] of waits.entries()) {
      if (ready > 0 && fds[2 * i + 1]! >> 16 !== 0) wait.settle(true);
      else if (wait.dueMs <= after) wait.settle(false);
    }
  }
}
