/**
 * The log of every single step: one CSV line each.
 *
 * @module
 */
import { EPOCH_US } from "./clock.ts";
import type { LogFile } from "../base/output.ts";
import { STEPS } from "../model/protocol.ts";
import type { SetupTimes } from "./setup_times.ts";
import { SETUP_STEPS } from "../base/setup_steps.ts";
import type { MessageTimes, Outcome } from "./outcome.ts";

/** Columns of the log: start since the epoch and duration in microseconds, then what it was. */
export const LOG_COLUMNS = "startUs,durationUs,step,lane,role,client,sizeBytes,no,lost" as const;

/**
 * Lines of a log that belong to no message: the steps of setting up, and a client's time for all
 * messages of a size, with its pauses. What they do not have is 0.
 */
export const OTHER_STEPS = [...SETUP_STEPS, "size"] as const;

const ALL_STEPS: readonly string[] = [...STEPS, ...OTHER_STEPS];

/** So many numbers are kept at most; a server knows no sizes between which it could write. */
const KEPT_LIMIT = 100_000;

/**
 * Keeps the steps as numbers while messages run, and writes them as text between sizes, so that a
 * log costs the measurement next to nothing.
 */
export class StepLog {
  readonly #file: LogFile;
  readonly #prefix: string;
  #kept: number[] = [];
  #hasHead = false;
  #failure: { error: unknown } | null = null;
  /** Stands before the first message; null from then on. */
  #setup: SetupTimes | null;

  /**
   * @param file takes whole lines; a log that cannot be written any more ends no run
   * @param lane the lane's name, in every line, as is `role`
   * @param setup is stopped by the first message
   */
  constructor(file: LogFile, lane: string, role: string, setup: SetupTimes | null = null) {
    this.#setup = setup;
    this.#file = file;
    this.#prefix = `${lane},${role}`;
  }

  /** Keeps the steps of one message. */
  message(outcome: Outcome, timer: MessageTimes): void {
    if (this.#setup !== null) this.#keepSetup(this.#setup);
    for (let step = 0; step < STEPS.length; step++) {
      const durationUs = timer.durationsUs[step]!;
      if (!(durationUs >= 0)) continue;
      this.#kept.push(
        timer.startsUs[step]!,
        durationUs,
        step,
        outcome.client,
        outcome.sizeBytes,
        outcome.no,
        outcome.lost ? 1 : 0,
      );
    }
    if (this.#kept.length >= KEPT_LIMIT) this.flush();
  }

  /** Keeps the time that a client took for all messages of a size. */
  size(sizeBytes: number, startUs: number, durationUs: number): void {
    this.#kept.push(startUs, durationUs, ALL_STEPS.indexOf("size"), 0, sizeBytes, 0, 0);
  }

  #keepSetup(setup: SetupTimes): void {
    this.#setup = null;
    setup.stop();
    for (const { step, startUs, durationUs } of setup.times) {
      this.#kept.push(startUs, durationUs, ALL_STEPS.indexOf(step), 0, 0, 0, 0);
    }
  }

  /** Writes what is kept, and the names of the columns before the first line. */
  flush(): void {
    if (this.#setup !== null) this.#keepSetup(this.#setup);
    const kept = this.#kept;
    this.#kept = [];
    let text = this.#hasHead ? "" : `${LOG_COLUMNS}\n`;
    this.#hasHead = true;
    for (let i = 0; i < kept.length; i += 7) {
      const startUs = (EPOCH_US + kept[i]!).toFixed(1);
      const durationUs = kept[i + 1]!.toFixed(3);
      const step = ALL_STEPS[kept[i + 2]!]!;
      const rest = kept.slice(i + 3, i + 7).join(",");
      text += `${startUs},${durationUs},${step},${this.#prefix},${rest}\n`;
    }
    if (text) this.#try(() => this.#file.write(text));
  }

  /**
   * Writes what is kept and closes the file.
   *
   * @throws what the file has thrown first: the log is not whole
   */
  close(): void {
    this.flush();
    this.#try(() => this.#file.close());
    if (this.#failure) throw this.#failure.error;
  }

  /** What comes after something that is missing would look like a whole log. */
  #try(act: () => void): void {
    if (this.#failure) return;
    try {
      act();
    } catch (error) {
      this.#failure = { error };
    }
  }
}
