/**
 * The log of every single step: one CSV line each.
 *
 * @module
 */
import { EPOCH_US, type StepTimer } from "./clock.ts";
import { STEPS } from "./protocol.ts";
import type { Outcome } from "./recorder.ts";

/** Columns of the log: start since the epoch and duration in microseconds, then what it was. */
export const LOG_COLUMNS = "startUs,durationUs,step,lane,role,client,sizeBytes,no,lost" as const;

/** So many numbers are kept at most; a server knows no sizes between which it could write. */
const KEPT_LIMIT = 100_000;

/**
 * Keeps the steps as numbers while messages run, and writes them as text between sizes, so that a
 * log costs the measurement next to nothing.
 */
export class StepLog {
  readonly #write: (text: string) => void;
  readonly #prefix: string;
  #kept: number[] = [];

  /**
   * @param write takes whole lines
   * @param lane the lane's name, in every line, as is `role`
   */
  constructor(write: (text: string) => void, lane: string, role: string) {
    this.#write = write;
    this.#prefix = `${lane},${role}`;
    write(`${LOG_COLUMNS}\n`);
  }

  /** Keeps the steps of one message. */
  message(outcome: Outcome, timer: StepTimer): void {
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

  /** Writes what is kept. */
  flush(): void {
    const kept = this.#kept;
    this.#kept = [];
    let text = "";
    for (let i = 0; i < kept.length; i += 7) {
      const startUs = (EPOCH_US + kept[i]!).toFixed(1);
      const durationUs = kept[i + 1]!.toFixed(3);
      const step = STEPS[kept[i + 2]!]!;
      const rest = kept.slice(i + 3, i + 7).join(",");
      text += `${startUs},${durationUs},${step},${this.#prefix},${rest}\n`;
    }
    if (text) this.#write(text);
  }
}
