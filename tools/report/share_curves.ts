/**
 * How a job's messages are distributed, as a line.
 *
 * @module
 */
import { ALL_SIZES } from "./all_sizes.ts";
import type { Curve } from "./charts_by_number.ts";
import { figureOf } from "./figures.ts";
import { quantile } from "./inference.ts";
import type { Job } from "./jobs.ts";

/**
 * All rounds' messages of a size, or of all, in ascending order and microseconds; null where a log
 * is missing.
 */
export function samplesOf(job: Job, sizeBytes: number): number[] | null {
  const logs = job.rounds.map(({ log }) => {
    if (!log || sizeBytes !== ALL_SIZES) return log?.get(sizeBytes)?.messagesUs;
    return [...log.values()].flatMap(({ messagesUs }) => messagesUs);
  });
  if (logs.length === 0 || logs.some((log) => !log)) return null;
  return logs.flatMap((log) => log!).sort((a, b) => a - b);
}

/** The document's own points: minimum, percentiles and, with n samples, the maximum at 1 - 1/n. */
const POINTS = [["min", 1], ["p50", 2], ["p90", 10], ["p99", 100]] as const;

/**
 * A job's line over the share of its messages, with 1 / (1 - share) in place of the share.
 *
 * @param isLogged whether it is made of the logs, which have to be there; else the document gives
 *   its few points
 */
export function shareCurve(job: Job, sizeBytes: number, isLogged: boolean): Curve {
  const samples = isLogged ? samplesOf(job, sizeBytes)! : null;
  if (samples) return { job, points: raritiesUpTo(samples.length).map((r) => at(samples, r)) };
  const points = POINTS.flatMap(([name, rarity]) => {
    const us = figureOf(job, sizeBytes, ({ result }) => result.messageUs[name]).value;
    return us === null ? [] : [[rarity, us] as const];
  });
  return { job, points };
}

function at(samples: readonly number[], rarity: number): [number, number] {
  return [rarity, quantile(samples, 1 - 1 / rarity)];
}

/** Twelve steps a decade, as far as there is a sample beyond the last. */
function raritiesUpTo(samples: number): number[] {
  const steps = Math.max(Math.floor(12 * Math.log10(samples)), 0);
  return Array.from({ length: steps + 1 }, (_, i) => 10 ** (i / 12));
}
