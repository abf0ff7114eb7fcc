/**
 * Takes every timed message of a run and makes the run's part of the result document of them.
 *
 * @module
 */
import type { StepTimer } from "./clock.ts";
import type { StepLog } from "./step_log.ts";
import type { Plan } from "./plan.ts";
import { type Step, STEPS } from "./protocol.ts";
import type { SizeResult } from "./result.ts";
import { Distribution } from "./statistics.ts";

/** What became of one message. */
export interface Outcome {
  client: number;
  sizeBytes: number;
  no: number;
  answered: boolean;
  lost: boolean;
  resumed: boolean;
}

/** One message size's series and counts. */
class SizeRecord {
  readonly sizeBytes: number;
  readonly message = new Distribution();
  readonly steps: (Distribution | undefined)[] = STEPS.map(() => undefined);
  exchanged = 0;
  answered = 0;
  lost = 0;
  resumed = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  record(timer: StepTimer): void {
    this.message.record(timer.totalUs);
    for (let step = 0; step < STEPS.length; step++) {
      const us = timer.durationsUs[step]!;
      if (us >= 0) (this.steps[step] ??= new Distribution()).record(us);
    }
  }
}

/**
 * Collects messages by size. The first message of a run is warm-up: it is counted and logged, and
 * stays out of the statistics. So do the times of a lost message, which are a timeout's.
 */
export class Recorder {
  readonly #sizes = new Map<number, SizeRecord>();
  readonly #log: StepLog | undefined;
  /** Messages that were exchanged to their end, lost ones included. */
  messages = 0;
  /** Messages lost. */
  lost = 0;

  /** @param log takes every step as a line, too */
  constructor(log?: StepLog) {
    this.#log = log;
  }

  /** Records one message with the times of its steps. */
  message(outcome: Outcome, timer: StepTimer): void {
    const size = this.#at(outcome.sizeBytes);
    size.exchanged++;
    if (outcome.answered) size.answered++;
    if (outcome.resumed) size.resumed++;
    if (outcome.lost) {
      size.lost++;
      this.lost++;
    } else if (this.messages > 0) {
      size.record(timer);
    }
    this.messages++;
    this.#log?.message(outcome, timer);
  }

  /** A client's results: it knows what it sent, and with answers on what was lost. */
  clientResults(reply: boolean): SizeResult[] {
    return [...this.#sizes.values()].map((size) => ({
      ...common(size),
      sent: size.exchanged,
      answered: reply ? size.answered : null,
      lost: reply ? size.lost : null,
    }));
  }

  /**
   * A server's results: what the plan says was sent, less what came, was lost. Where the run was
   * cut short nobody knows what was sent.
   */
  serverResults(plan: Plan, clients: number, reply: boolean, complete: boolean): SizeResult[] {
    const planned = [...new Set(plan.sizes)].filter((size) => complete || this.#sizes.has(size));
    const sizes = new Set(planned.map((size) => this.#at(size)));
    for (const size of this.#sizes.values()) sizes.add(size);
    return [...sizes].map((size) => {
      const times = plan.sizes.filter((sizeBytes) => sizeBytes === size.sizeBytes).length;
      const sent = complete && times > 0 ? times * plan.repeat * clients : null;
      return {
        ...common(size),
        sent,
        answered: reply ? size.answered : null,
        lost: sent === null ? null : Math.max(sent - size.exchanged, 0),
      };
    });
  }

  #at(sizeBytes: number): SizeRecord {
    let size = this.#sizes.get(sizeBytes);
    if (!size) this.#sizes.set(sizeBytes, size = new SizeRecord(sizeBytes));
    return size;
  }
}

function common(
  size: SizeRecord,
): Pick<SizeResult, "sizeBytes" | "resumed" | "messageUs" | "steps"> {
  const steps = STEPS.map((step, index) => [step, size.steps[index]?.summary() ?? null]);
  return {
    sizeBytes: size.sizeBytes,
    resumed: size.resumed,
    messageUs: size.message.summary(),
    steps: Object.fromEntries(steps) as Record<Step, SizeResult["messageUs"] | null>,
  };
}
