/**
 * The machine's drift, as the other lanes of the same rounds show it.
 *
 * @module
 */
import { medianMessage } from "./figures.ts";
import { mean, median } from "./inference.ts";
import { figuresAt, type Job, modeKey, sizesOf } from "./jobs.ts";

/** The same job in both documents, and the sizes that every round of both has a median of. */
export interface JobPair {
  before: Job;
  after: Job;
  sizes: readonly number[];
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
    const sizes = sizesOf([job]).filter((sizeBytes) =>
      rounds.every((round) => {
        const figures = figuresAt(round, sizeBytes);
        return figures !== null && Boolean(medianMessage(figures));
      })
    );
    return [{ before: job, after: partner, sizes }];
  });
}

function clients(jobs: readonly Job[]): Job[] {
  return jobs.filter(({ role }) => role === "client");
}

/** Machines may differ: that is what is compared. */
function keyOf(job: Job): string {
  return `${job.name} ${modeKey(job)}`;
}

/** Logarithms of the rounds' medians, at one size or, as their mean, at several. */
export function logMedians({ before, after }: JobPair, sizes: readonly number[]): RoundValues {
  const valuesOf = ({ rounds }: Job) =>
    rounds.map((round) => {
      const logs = sizes.map((size) => Math.log(medianMessage(figuresAt(round, size)!)!));
      return mean(logs);
    });
  return { before: valuesOf(before), after: valuesOf(after) };
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
    other !== pair && other.sizes.length > 0 && other.before.reply === pair.before.reply &&
    isInSameRounds(other.before, pair.before) && isInSameRounds(other.after, pair.after)
  );
  const alike = all.filter(({ before }) => before.io === pair.before.io);
  const others = alike.length < ENOUGH_LANES ? all : alike;
  if (others.length === 0) return null;
  const values = others.map((other) => centred(logMedians(other, other.sizes)));
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
