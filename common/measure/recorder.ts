/**
 * Takes every timed message of a run and makes the run's part of the result document of them.
 *
 * @module
 */
import { timesIn } from "../model/sequence_tracker.ts";
import { nowUs } from "./clock.ts";
import { CpuMeter, type CpuTime } from "./cpu_time.ts";
import type { MessageTimes, Outcome } from "./outcome.ts";
import { OneWayCount } from "./one_way.ts";
import { headerBytesOf } from "../model/message.ts";
import type { StepLog } from "./step_log.ts";
import type { Plan } from "../model/plan.ts";
import type { AllSizes, Discarded, SizeResult } from "./result.ts";
import { byStep, HEADER_BYTES, SHORT_HEADER_BYTES, STEPS } from "../model/protocol.ts";
import { Distribution } from "./statistics.ts";

/** One message size's series and counts. */
class SizeRecord {
  readonly sizeBytes: number;
  readonly message = new Distribution();
  readonly steps: (Distribution | undefined)[] = STEPS.map(() => undefined);
  oneWay: OneWayCount | null = null;
  exchanged = 0;
  answered = 0;
  lost = 0;
  resumed = 0;
  /** What all its messages took together, with pauses; NaN where that was not measured. */
  tookUs = NaN;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  record(timer: MessageTimes): void {
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
  readonly #cpu = new CpuMeter();
  /** Messages that were exchanged to their end, lost ones included. */
  messages = 0;
  /** Messages lost. */
  lost = 0;
  /** What was dropped, and when it came first and last. */
  #droppedBytes = 0;
  #droppedUs = [NaN, NaN];
  #hasHeaders = false;
  #hasShortHeaders = false;

  /** @param log takes every step as a line, too */
  constructor(log?: StepLog) {
    this.#log = log;
  }

  /** Records one message with the times of its steps. */
  message(outcome: Outcome, timer: MessageTimes): void {
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
    this.#log?.message(outcome, timer);
    if (this.messages++ === 0) this.#cpu.begin();
  }

  /**
   * Notes what the receiver of a one-way run sees of a message, before {@linkcode message}.
   *
   * @param ahead what its number says, see {@linkcode SequenceTracker.take}; null where nothing is known
   * @param arrivedUs when it arrived, see {@linkcode nowUs}
   * @param delayUs since the sender's stamp
   */
  arrival(sizeBytes: number, ahead: number | null, arrivedUs: number, delayUs: number): void {
    const oneWay = this.#oneWayAt(sizeBytes);
    oneWay.take(ahead, arrivedUs);
    if (this.messages > 0) oneWay.delay(delayUs);
  }

  /** Notes how long the header of a message is that has come. */
  header(header: Uint8Array): void {
    if (headerBytesOf(header) === HEADER_BYTES) this.#hasHeaders = true;
    else this.#hasShortHeaders = true;
  }

  /** How long the headers were that have come; empty where none has. */
  get headerBytes(): number[] {
    return [
      ...this.#hasShortHeaders ? [SHORT_HEADER_BYTES] : [],
      ...this.#hasHeaders ? [HEADER_BYTES] : [],
    ];
  }

  /** Notes a message that the receiver of a one-way run had before. */
  duplicate(sizeBytes: number): void {
    this.#oneWayAt(sizeBytes).duplicate();
  }

  /** Notes what all messages of a size took; where it stands in the plan again, that is added. */
  sizeTook(sizeBytes: number, us: number): void {
    const size = this.#at(sizeBytes);
    size.tookUs = (size.tookUs || 0) + us;
  }

  /** Notes bytes that a server drops. */
  discard(bytes: number): void {
    const us = nowUs();
    if (this.#droppedBytes === 0) this.#droppedUs[0] = us;
    this.#droppedUs[1] = us;
    this.#droppedBytes += bytes;
  }

  /** What was dropped, and the seconds from the first of it to the last. */
  get discarded(): Discarded {
    const [firstUs, lastUs] = this.#droppedUs;
    const seconds = this.#droppedBytes === 0 ? null : Math.round(lastUs! - firstUs!) / 1e6;
    return { bytes: this.#droppedBytes, seconds };
  }

  /** The CPU time since the first message; null where there was none. */
  cpu(): CpuTime | null {
    return this.#cpu.read(this.messages - 1);
  }

  /** All sizes together. */
  allSizes(): AllSizes {
    const steps = STEPS.map(() => new Distribution());
    for (const size of this.#sizes.values()) {
      for (const [i, step] of size.steps.entries()) if (step) steps[i]!.add(step);
    }
    return {
      messageUs: this.times().summary(),
      steps: byStep((_, i) => steps[i]!.n > 0 ? steps[i]!.summary() : null),
    };
  }

  /** Messages of one size that were exchanged to their end, lost ones included. */
  exchanged(sizeBytes: number): number {
    return this.#sizes.get(sizeBytes)?.exchanged ?? 0;
  }

  /** All times that count, of all sizes together. */
  times(): Distribution {
    const all = new Distribution();
    for (const { message } of this.#sizes.values()) all.add(message);
    return all;
  }

  /** A client's results: it knows what it sent, and with answers on what was lost. */
  clientResults(reply: boolean): SizeResult[] {
    return [...this.#sizes.values()].map((size) => ({
      ...common(size),
      sent: size.exchanged,
      answered: reply ? size.answered : null,
      lost: reply ? size.lost : null,
      ...(size.tookUs >= 0 ? { seconds: Math.round(size.tookUs) / 1e6 } : {}),
    }));
  }

  /**
   * A server's results: what the plan says was sent, less what came, was lost. Where the run was
   * cut short it is not known what was sent, nor where the plan says for how long; one-way the numbers
   * say then what was lost.
   */
  serverResults(plan: Plan, clients: number, reply: boolean, complete: boolean): SizeResult[] {
    const planned = [...new Set(plan.sizes)].filter((size) => complete || this.#sizes.has(size));
    const sizes = new Set(planned.map((size) => this.#at(size)));
    for (const size of this.#sizes.values()) sizes.add(size);
    return [...sizes].map((size) => {
      const times = timesIn(plan.sizes, size.sizeBytes);
      const isCounted = complete && times > 0;
      const isTimed = plan.seconds !== undefined;
      const sent = isCounted && !isTimed ? times * plan.repeat * clients : null;
      const oneWay = reply ? null : size.oneWay ?? new OneWayCount();
      const missing = isCounted && isTimed ? oneWay?.lost ?? null : null;
      return {
        ...common(size),
        sent,
        answered: reply ? size.answered : null,
        lost: sent === null ? missing : Math.max(sent - size.exchanged, 0),
        ...(oneWay ? { oneWay: oneWay.result(size.sizeBytes, times) } : {}),
      };
    });
  }

  #oneWayAt(sizeBytes: number): OneWayCount {
    return this.#at(sizeBytes).oneWay ??= new OneWayCount();
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
  return {
    sizeBytes: size.sizeBytes,
    resumed: size.resumed,
    messageUs: size.message.summary(),
    steps: byStep((_, index) => size.steps[index]?.summary() ?? null),
  };
}
