/**
 * What the log of one lane comes to, all sizes together.
 *
 * @module
 */
import type { Step } from "../../common/model/protocol.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import { median } from "../report/inference.ts";
import type { LoggedMessage } from "../report/messages.ts";

/** The counted messages, see {@linkcode LoggedMessage.isCounted}. */
export interface LogTotals {
  /** From a message's first step to its last. */
  message: Distribution;
  steps: Partial<Record<Step, Distribution>>;
  /** From the first step to the end of the last, in microseconds; all messages count here. */
  elapsedUs: number;
}

/** What is read out of a log. */
export interface LogSummary {
  totals: LogTotals;
  /** See {@linkcode slowStartOf}. */
  slowStart: number | null;
}

/** Sums a log up, in one pass over its messages. */
export function summarizeLog(messages: Iterable<LoggedMessage>): LogSummary {
  const totals: LogTotals = { message: new Distribution(), steps: {}, elapsedUs: 0 };
  const times: SizedTime[] = [];
  let firstUs = Infinity;
  let lastUs = -Infinity;
  for (const { sizeBytes, startUs, totalUs, stepsUs, isCounted } of messages) {
    firstUs = Math.min(firstUs, startUs);
    lastUs = Math.max(lastUs, startUs + totalUs);
    if (!isCounted) continue;
    times.push({ sizeBytes, totalUs });
    totals.message.record(totalUs);
    for (const [step, us] of Object.entries(stepsUs) as [Step, number][]) {
      (totals.steps[step] ??= new Distribution()).record(us);
    }
  }
  if (lastUs > firstUs) totals.elapsedUs = lastUs - firstUs;
  return { totals, slowStart: slowStartOf(times) };
}

/** How long a message of a size took. */
export type SizedTime = Pick<LoggedMessage, "sizeBytes" | "totalUs">;

/** A tenth of fewer than these is no more than one or two messages. */
const MIN_FOR_START = 40;

/**
 * How many times as long the first tenth of a run's messages took as the rest: the median of each
 * one's ratio to the median of the rest at the size next to its own, so that like is compared with
 * like.
 *
 * @param times of the counted messages, in the order in which they were sent
 * @returns null where there are too few
 */
export function slowStartOf(times: readonly SizedTime[]): number | null {
  if (times.length < MIN_FOR_START) return null;
  const tenth = Math.ceil(times.length / 10);
  const rest = new Map<number, number[]>();
  for (let i = tenth; i < times.length; i++) {
    const { sizeBytes, totalUs } = times[i]!;
    const ofSize = rest.get(sizeBytes);
    if (ofSize) ofSize.push(totalUs);
    else rest.set(sizeBytes, [totalUs]);
  }
  const medians = [...rest].map(([sizeBytes, us]) => ({ sizeBytes, us: median(us) }));
  const usualUs = (wanted: number) =>
    medians.reduce((best, one) =>
      Math.abs(one.sizeBytes - wanted) < Math.abs(best.sizeBytes - wanted) ? one : best
    ).us;
  const first = times.slice(0, tenth);
  return median(first.map(({ sizeBytes, totalUs }) => totalUs / usualUs(sizeBytes)));
}
