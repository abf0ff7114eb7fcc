/**
 * A job's figures: the median over its rounds, their spread, and ratios to TCP.
 *
 * @module
 */
import type { Step } from "../../common/model/protocol.ts";
import { bootstrap, type Interval, median } from "./inference.ts";
import { figuresAt, type Job, modeKey, type Round, type SizeFigures } from "./jobs.ts";

/** A figure over rounds. */
export interface Figure {
  /** Median over the rounds that have it; null where none has. */
  value: number | null;
  /** (largest - smallest) / median, as a part of 1; null with fewer than two rounds. */
  spread: number | null;
}

/** How often as long as TCP. */
export interface Ratio {
  value: number | null;
  /** 95 %, where there are rounds enough. */
  interval: Interval | null;
}

/** Reads one number of a round. */
export type Pick = (figures: SizeFigures) => number | null | undefined;

/** The median message of a round. */
export const medianMessage: Pick = ({ result }) => result.messageUs.p50;

/** A job's figure at one size. */
export function figureOf(job: Job, sizeBytes: number, pick: Pick): Figure {
  const values = job.rounds.flatMap((round) => {
    const figures = figuresAt(round, sizeBytes);
    return (figures && pick(figures)) ?? [];
  });
  if (values.length === 0) return { value: null, spread: null };
  const value = median(values);
  const width = Math.max(...values) - Math.min(...values);
  return { value, spread: values.length > 1 && value > 0 ? width / value : null };
}

/** The median of what rounds have; null where none has anything. */
export function medianOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length > 0 ? median(known) : null;
}

/** Sum of a count over rounds and sizes; null where one of them was not counted. */
export function totalOf(job: Job, sizes: readonly number[], pick: Pick): number | null {
  let total: number | null = null;
  for (const round of job.rounds) {
    for (const sizeBytes of sizes) {
      const figures = figuresAt(round, sizeBytes);
      if (!figures) continue;
      const count = pick(figures) ?? null;
      if (count === null) return null;
      total = (total ?? 0) + count;
    }
  }
  return total;
}

/** The TCP job that a job is held against: the same I/O, mode and machine. */
export function baselineOf(job: Job, jobs: readonly Job[]): Job | undefined {
  return jobs.find((other) =>
    other.protocol === "tcp" && other.role === job.role && other.io === job.io &&
    other.machine === job.machine && modeKey(other) === modeKey(job)
  );
}

/** Ratio to another job round by round, so that the machine's drift hits both alike. */
export function ratioOf(job: Job, baseline: Job | undefined, sizeBytes: number): Ratio {
  if (!baseline || baseline === job) return { value: null, interval: null };
  const ratios = pairsOf(job, baseline).flatMap(([own, other]) => {
    const [above, below] = [figuresAt(own, sizeBytes), figuresAt(other, sizeBytes)];
    const [a, b] = [above && medianMessage(above), below && medianMessage(below)];
    return a && b ? [a / b] : [];
  });
  if (ratios.length === 0) return { value: null, interval: null };
  const interval = bootstrap([ratios], ([drawn]) => median(drawn!));
  return { value: median(ratios), interval };
}

/** Rounds that were measured together. */
function pairsOf(job: Job, other: Job): [Round, Round][] {
  const pairs: [Round, Round][] = [];
  for (const round of job.rounds) {
    const partner = other.rounds.find(({ id }) => id === round.id);
    if (partner) pairs.push([round, partner]);
  }
  return pairs;
}

/** Mean of one step in a round: means add up to the whole, medians do not. */
export function meanOfStep(step: Step): Pick {
  return ({ result }) => result.steps[step]?.mean;
}

/** The slowest message of all rounds and sizes, and its size. */
export function slowestOf(job: Job): { us: number; sizeBytes: number } | null {
  let slowest: { us: number; sizeBytes: number } | null = null;
  for (const { run } of job.rounds) {
    for (const { sizeBytes, messageUs: { max } } of run.sizes) {
      if (max !== null && max > (slowest?.us ?? -1)) slowest = { us: max, sizeBytes };
    }
  }
  return slowest;
}
