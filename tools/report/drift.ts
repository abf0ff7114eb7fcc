/**
 * The machine's drift, as the other lanes of the same rounds show it.
 *
 * @module
 */
import { ALL_SIZES } from "./all_sizes.ts";
import { medianMessage } from "./figures.ts";
import { mean, median } from "./inference.ts";
import { figuresAt, type Job, modeKey, sizesOf } from "./jobs.ts";

/** The same job in both documents, and what both know of it. */
export interface JobPair {
  before: Job;
  after: Job;
  /** The sizes that every round of both has a median of. */
  sizes: readonly number[];
  /** Whether every round of both has a median of all sizes together, and of the same sizes. */
  isPooled: boolean;
}

/** One number for each round of the two documents. */
export interface RoundValues {
  before: readonly number[];
  after: readonly number[];
}

/** Pairs the jobs that both documents have; with answers or without, as clients saw them. */
export function pairJobs(before: readonly Job[], after: readonly Job[]): JobPair[] {
  return clients(before).flatMap((job) => {
    const partner = clients(after).find((other) => keyOf(other) === keyOf(job));
    if (!partner) return [];
    const rounds = [...job.rounds, ...partner.rounds];
    const isKnown = (sizeBytes: number) =>
      rounds.every((round) => {
        const figures = figuresAt(round, sizeBytes);
        return figures !== null && Boolean(medianMessage(figures));
      });
    const isPooled = isKnown(ALL_SIZES) && String(sizesOf([job])) === String(sizesOf([partner]));
    return [{ before: job, after: partner, sizes: sizesOf([job]).filter(isKnown), isPooled }];
  });
}

function clients(jobs: readonly Job[]): Job[] {
  return jobs.filter(({ role }) => role === "client");
}

/** Machines may differ: that is what is compared. */
function keyOf(job: Job): string {
  return `${job.name} ${modeKey(job)}`;
}

/**
 * Logarithms of the rounds' medians: at one size, or of all messages together. Where one of the
 * documents does not have those, the mean over the sizes stands for them in both.
 *
 * @param sizeBytes null for all
 */
export function logMedians(pair: JobPair, sizeBytes: number | null): RoundValues {
  const pool = pair.isPooled ? [ALL_SIZES] : pair.sizes;
  const sizes = sizeBytes === null ? pool : [sizeBytes];
  const valuesOf = ({ rounds }: Job) =>
    rounds.map((round) => {
      const logs = sizes.map((size) => Math.log(medianMessage(figuresAt(round, size)!)!));
      return mean(logs);
    });
  return { before: valuesOf(pair.before), after: valuesOf(pair.after) };
}

/** Whether there is anything to compare. */
export function hasFigures({ sizes, isPooled }: JobPair): boolean {
  return sizes.length > 0 || isPooled;
}

/** With so many other lanes, one that has changed by itself no longer moves their median. */
export const ENOUGH_LANES = 3;

/**
 * How much slower than usual each round was, as a logarithm, by the other lanes with the same kind
 * of I/O, or by all others where those are too few: the median over them, so that one that has
 * changed by itself does not count as drift.
 *
 * @returns null where no other lane was measured in just the same rounds
 */
export function driftOf(pair: JobPair, pairs: readonly JobPair[]): Drift | null {
  const all = pairs.filter((other) =>
    other !== pair && hasFigures(other) && other.before.reply === pair.before.reply &&
    isInSameRounds(other.before, pair.before) && isInSameRounds(other.after, pair.after)
  );
  const alike = all.filter(({ before }) => before.io === pair.before.io);
  const others = alike.length < ENOUGH_LANES ? all : alike;
  if (others.length === 0) return null;
  const values = others.map((other) => centred(logMedians(other, null)));
  const over = (side: "before" | "after") =>
    values[0]![side].map((_, round) => median(values.map((value) => value[side][round]!)));
  return { before: over("before"), after: over("after"), lanes: others.map((o) => o.before.name) };
}

/** Drift by round, and the lanes that show it. */
export interface Drift extends RoundValues {
  lanes: readonly string[];
}

/** Where a lane failed in a round, it is not known in which. */
function isInSameRounds(a: Job, b: Job): boolean {
  return a.rounds.map(({ id }) => id).join() === b.rounds.map(({ id }) => id).join();
}

/** Without the lane's own level, which is no drift. */
function centred({ before, after }: RoundValues): RoundValues {
  const level = (mean(before) + mean(after)) / 2;
  return {
    before: before.map((value) => value - level),
    after: after.map((value) => value - level),
  };
}
