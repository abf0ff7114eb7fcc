/**
 * How slow the first messages of a lane were.
 *
 * @module
 */
import { median } from "../report/inference.ts";
import type { LoggedMessage } from "../report/messages.ts";

/** How long a message of a size took, and whether it counts. */
export type CountedTime = Pick<LoggedMessage, "sizeBytes" | "totalUs" | "isCounted">;

/** A tenth of fewer than these is no more than one or two messages. */
const MIN_FOR_START = 40;

/**
 * How many times as long the first tenth of a run's messages took as the rest: the median of each
 * one's ratio to the median of the rest at the size next to its own, so that like is compared with
 * like.
 *
 * @param messages in the order in which they were sent
 * @returns null where there are too few
 */
export function slowStartOf(messages: Iterable<CountedTime>): number | null {
  const times = [...messages].filter(({ isCounted }) => isCounted);
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
