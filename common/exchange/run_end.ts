/**
 * When a server's run is over.
 *
 * @module
 */
import { timesIn } from "../model/sequence_tracker.ts";
import type { Deadline, Deadlines } from "../base/deadline.ts";
import { InterruptedError, RunError } from "../base/errors.ts";
import type { PairOptions } from "../model/pair_options.ts";
import type { Recorder } from "../measure/recorder.ts";

/**
 * A plan with a count ends with its last message, as often as there are clients. A plan with a
 * number of seconds has no last message that could be told from others: there the end is a silence
 * after messages of the last size, as it is wherever the last message can get lost; or, where each
 * client has one connection, at once the end of the last of these.
 */
export class RunEnd {
  readonly #options: PairOptions;
  readonly #deadlines: Deadlines;
  readonly #recorder: Recorder;
  /** Whether the plan says for how long, and not how often. */
  readonly #isTimed: boolean;
  /** Number of the last message of a size; NaN where there is none. */
  readonly #lastNo: number;
  readonly #lastSize: number;
  /** Longest silence, before the last size and after. */
  readonly #idleMs: number;
  readonly #endingMs: number;
  /** How often the plan's last message has to come, or a client's only connection to end. */
  readonly #finalsWanted: number;
  #finals = 0;
  /** Whether silence may be the end. */
  #endsInSilence: boolean;
  /** Set when messages of the last size have come, where silence may be the end from then on. */
  #ending = false;
  #silence: Deadline | null = null;
  #finish: () => void = () => {};
  #fail: (error: RunError) => void = () => {};

  constructor(options: PairOptions, deadlines: Deadlines, recorder: Recorder) {
    const { plan, clients, forever, timeoutMs, idleTimeoutMs, waitMs } = options;
    this.#options = options;
    this.#deadlines = deadlines;
    this.#recorder = recorder;
    this.#isTimed = this.#endsInSilence = plan.seconds !== undefined;
    this.#lastNo = this.#isTimed ? NaN : plan.repeat - 1;
    this.#lastSize = plan.sizes.at(-1)!;
    this.#idleMs = idleTimeoutMs;
    // A client waits that long for a lost answer before its next message.
    this.#endingMs = Math.min(2 * timeoutMs + waitMs, idleTimeoutMs);
    this.#finalsWanted = forever ? Infinity : timesIn(plan.sizes, this.#lastSize) * clients;
  }

  /** Silence may be the end, as the last message may never come. */
  mayGetLost(): void {
    this.#endsInSilence = true;
  }

  /**
   * Resolves when the run is finished, rejects when it cannot be any more.
   *
   * @param start where all calls return values, the whole run may be over when it returns
   * @param onSilence called where a server that serves for ever has heard nothing for long
   */
  async reached(start: () => Promise<void>, onSilence: () => void = () => {}): Promise<void> {
    const finished = Promise.withResolvers<void>();
    this.#finish = finished.resolve;
    this.#fail = finished.reject;
    const { forever } = this.#options;
    using silence = this.#deadlines.add((error) => {
      if (error instanceof InterruptedError) finished.reject(error);
      else if (forever) {
        onSilence();
        silence.arm(this.#idleMs);
      } else if (this.#ending) finished.resolve();
      else finished.reject(this.#idle());
    });
    this.#silence = silence;
    this.heard();
    start().then(() => finished.resolve(), finished.reject);
    await finished.promise;
    this.#silence = null;
  }

  /** Something came from a peer: the silence begins anew. */
  heard(nowMs?: number): void {
    this.#silence?.arm(this.#ending ? this.#endingMs : this.#idleMs, nowMs);
  }

  /**
   * A message of that size has come.
   *
   * @returns whether it is the plan's last size
   */
  sawSize(sizeBytes: number): boolean {
    if (sizeBytes !== this.#lastSize) return false;
    this.#ending ||= this.#endsInSilence;
    return true;
  }

  /** Whether a message is the plan's last one. */
  isFinal(sizeBytes: number, no: number): boolean {
    return sizeBytes === this.#lastSize && no === this.#lastNo;
  }

  /** It has come. */
  finalCame(): void {
    if (++this.#finals >= this.#finalsWanted) this.#finish();
  }

  /** A client's only connection has ended, after messages of the last size. */
  clientEnded(): void {
    if (this.#isTimed) this.finalCame();
  }

  /**
   * The run's only connection has ended in order, however much of the plan has come over it.
   *
   * @param mayGetLost whether what is missing was lost; else the client has not sent it
   */
  onlyClientEnded(mayGetLost: boolean): void {
    if (mayGetLost) this.#finish();
    else this.#fail(new RunError(`the client has ended, ${this.#count()}`));
  }

  #idle(): RunError {
    return new RunError(
      `nothing heard for ${this.#options.idleTimeoutMs} ms, ${this.#count()}`,
    );
  }

  /** How much of the plan has come. */
  #count(): string {
    const { plan, clients } = this.#options;
    const all = plan.sizes.length * plan.repeat * clients;
    const { messages } = this.#recorder;
    const count = this.#isTimed ? `${messages}` : `${messages} of ${all}`;
    return `${count} messages received`;
  }
}
