/**
 * How a job's messages are distributed, as a line.
 *
 * @module
 */
import { ALL_SIZES } from "./all_sizes.ts";
import type { Curve } from "./charts_by_number.ts";
import { figureOf } from "./figures.ts";
import { quantile } from "./inference.ts";
import type { Job, Round } from "./jobs.ts";

/**
 * All rounds' messages of a size, or of all, in ascending order and microseconds; null where there
 * are none, and where the log of a round that has figures is missing.
 */
export function samplesOf(job: Job, sizeBytes: number): number[] | null {
  const samples: number[] = [];
  for (const round of job.rounds) {
    const logged = loggedIn(round, sizeBytes);
    if (!logged && hasFigures(round, sizeBytes)) return null;
    for (const us of logged ?? []) samples.push(us);
  }
  return samples.length > 0 ? samples.sort((a, b) => a - b) : null;
}

function hasFigures({ run }: Round, sizeBytes: number): boolean {
  return run.sizes.some((size) =>
    size.messageUs.n > 0 && (sizeBytes === ALL_SIZES || size.sizeBytes === sizeBytes)
  );
}

function loggedIn({ log }: Round, sizeBytes: number): readonly number[] | undefined {
  if (sizeBytes !== ALL_SIZES) return log?.get(sizeBytes)?.messagesUs;
  return log ? [...log.values()].flatMap(({ messagesUs }) => messagesUs) : undefined;
}

/** The document's own points, with the share of the messages that are faster. */
const POINTS = [["min", 1], ["p50", 2], ["p90", 10], ["p99", 100]] as const;

/**
 * A job's points over the share of its messages, with 1 / (1 - share) in place of the share.
 *
 * @param samples what {@linkcode samplesOf} gives; where it is null, the document gives its few
 *   points, which are marked
 */
export function sharePoints(
  job: Job,
  sizeBytes: number,
  samples: readonly number[] | null,
): Pick<Curve, "points" | "hasMarks"> {
  if (samples) {
    const points = raritiesUpTo(samples.length).map((rarity) => at(samples, rarity));
    return { points, hasMarks: false };
  }
  const points = POINTS.flatMap(([name, rarity]) => {
    const us = figureOf(job, sizeBytes, ({ result }) => result.messageUs[name]).value;
    return us === null ? [] : [[rarity, us] as const];
  });
  return { points, hasMarks: true };
}

function at(samples: readonly number[], rarity: number): [number, number] {
  return [rarity, quantile(samples, 1 - 1 / rarity)];
}

/** Twelve steps a decade, as far as there is a sample beyond the last. */
function raritiesUpTo(samples: number): number[] {
  const steps = Math.max(Math.floor(12 * Math.log10(samples)), 0);
  return Array.from({ length: steps + 1 }, (_, i) => 10 ** (i / 12));
}
