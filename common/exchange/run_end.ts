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
import { lossySilenceMs, pauseMs } from "./patience.ts";

/**
 * A plan with a count ends with its last message, as often as there are clients. A plan with a
 * number of seconds has no last message that could be told from others: there the end is a silence
 * after messages of the last size; or, where each client has one connection, at once the end of the
 * last of these.
 *
 * Where messages get lost, a client says by copies of its last message that it has ended, until one
 * is answered, and silence is no end: it has given up. One-way silence may be the end, as clients
 * of other programs send no copies.
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
  #endingMs: number;
  /** How often the plan's last message has to come, or a client's only connection to end. */
  readonly #finalsWanted: number;
  #finals = 0;
  /** Whether the last size is once in the plan, so that its last message is a client's last one. */
  readonly #isOnce: boolean;
  /** Clients that have ended, each as it is told from others. */
  readonly #ended = new Set<unknown>();
  /** Whether silence may be the end, and whether it is shorter after messages of the last size. */
  #endsInSilence: boolean;
  #endsSoon: boolean;
  /** Set when messages of the last size have come, where the silence is another from then on. */
  #ending = false;
  #silence: Deadline | null = null;
  #finish: () => void = () => {};
  #fail: (error: RunError) => void = () => {};

  constructor(options: PairOptions, deadlines: Deadlines, recorder: Recorder) {
    const { plan, clients, forever, timeoutMs, idleTimeoutMs } = options;
    this.#options = options;
    this.#deadlines = deadlines;
    this.#recorder = recorder;
    this.#isTimed = this.#endsInSilence = this.#endsSoon = plan.seconds !== undefined;
    this.#lastNo = this.#isTimed ? NaN : plan.repeat - 1;
    this.#lastSize = plan.sizes.at(-1)!;
    this.#idleMs = idleTimeoutMs;
    this.#endingMs = Math.min(2 * timeoutMs + pauseMs(options), idleTimeoutMs);
    const times = timesIn(plan.sizes, this.#lastSize);
    this.#isOnce = times === 1;
    this.#finalsWanted = forever ? Infinity : times * clients;
  }

  /**
   * Messages and answers may get lost, and so may the end.
   *
   * @param waits whether a client waits for what gets lost: for answers, or for a handshake
   */
  mayGetLost(waits: boolean): void {
    const { reply, timeoutMs, idleTimeoutMs } = this.#options;
    this.#endsSoon = true;
    this.#endsInSilence = !reply;
    const options = { ...this.#options, timeoutMs: waits ? timeoutMs : 0 };
    const silenceMs = Math.max(lossySilenceMs(options), 2 * timeoutMs);
    this.#endingMs = Math.min(silenceMs, idleTimeoutMs);
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
      } else if (this.#ending && this.#endsInSilence) finished.resolve();
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
    this.#ending ||= this.#endsSoon;
    return true;
  }

  /** Whether a message is the plan's last one. */
  isFinal(sizeBytes: number, no: number): boolean {
    return sizeBytes === this.#lastSize && no === this.#lastNo;
  }

  /** It has come from a client, or over a connection. */
  finalCame(client: unknown): void {
    if (this.#isOnce) this.#clientEnded(client);
    else if (++this.#finals >= this.#finalsWanted) this.#finish();
  }

  /**
   * A copy of a message has come: where it is one of the plan's last, its client has ended.
   *
   * @returns whether it has
   */
  copyCame(client: unknown, sizeBytes: number, no: number): boolean {
    if (!this.sawSize(sizeBytes)) return false;
    if (!this.#isTimed && no !== this.#lastNo) return false;
    this.#clientEnded(client);
    return true;
  }

  /** A client's only connection has ended, after messages of the last size. */
  connectionEnded(client: unknown): void {
    if (this.#isTimed) this.#clientEnded(client);
  }

  #clientEnded(client: unknown): void {
    const { forever, clients } = this.#options;
    if (forever) return;
    this.#ended.add(client);
    if (this.#ended.size >= clients) this.#finish();
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
    const silenceMs = this.#ending ? this.#endingMs : this.#idleMs;
    return new RunError(`nothing heard for ${silenceMs} ms, ${this.#count()}`);
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
