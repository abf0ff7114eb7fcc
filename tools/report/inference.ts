/**
 * What a few rounds allow to be said: medians, intervals by bootstrap, changes by permutation.
 *
 * Pure functions. Chance comes from a seed, so that the same documents give the same report.
 *
 * @module
 */
import { randomNumbers } from "../../common/base/random.ts";

/** Fewer rounds than this on either side support neither an interval nor a test. */
export const MIN_ROUNDS = 5;

/** A 95 % confidence interval. */
export interface Interval {
  low: number;
  high: number;
}

/** The seed of everything that is drawn at random; any number does. */
const SEED = 1443;

const RESAMPLES = 2000;

/** Of more ways than this to deal the rounds out, so many are drawn. */
const MAX_DEALS = 2000;

/** Half a percent: scales below it are the clock's and the histogram's, not the lane's. */
const SMALLEST_SCALE = 0.005;

/** The sum; 0 of none. */
export function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The arithmetic mean; NaN of none. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values.toSorted((a, b) => a - b), 0.5);
}

/**
 * A quantile, interpolated between the two nearest values (type 7 of Hyndman and Fan, 1996).
 *
 * @param sorted in ascending order
 * @param part from 0 to 1
 */
export function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const low = sorted[Math.floor(place)] ?? NaN;
  const high = sorted[Math.ceil(place)] ?? NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/**
 * A percentile bootstrap over rounds: each group of rounds is drawn again, with replacement.
 *
 * @returns null where a group has fewer than {@linkcode MIN_ROUNDS}
 *
 * @example
 * ```ts
 * const interval = bootstrap([[10, 11, 12, 13, 14]], ([rounds]) => median(rounds!));
 * if (!interval || interval.low < 10 || interval.high > 14) throw new Error("outside the data");
 * ```
 */
export function bootstrap(
  groups: readonly (readonly number[])[],
  statistic: (groups: number[][]) => number,
): Interval | null {
  if (groups.some((group) => group.length < MIN_ROUNDS)) return null;
  const random = randomNumbers(SEED);
  const draw = (group: readonly number[]) =>
    group.map(() => group[Math.floor(random() * group.length)]!);
  const found = Array.from({ length: RESAMPLES }, () => statistic(groups.map(draw)));
  found.sort((a, b) => a - b);
  return { low: quantile(found, 0.025), high: quantile(found, 0.975) };
}

/** Values of two documents' rounds, on a logarithmic scale. */
export interface Sides {
  before: readonly number[];
  after: readonly number[];
  /** A difference of up to this is no finding: rounds close in time cannot show slow drift. */
  margin: number;
}

/**
 * How probable differences like these are where nothing has changed, for a whole family at once:
 * the rounds are dealt out to the two sides anew, alike for all, and every member is held against
 * the largest statistic of any of them (Westfall and Young's max-T), so that many members do not
 * make many false findings.
 *
 * @param family all with the same numbers of rounds
 * @returns one probability for each member
 */
export function testFamily(family: readonly Sides[]): number[] {
  const first = family[0];
  if (!first) return [];
  const members = family.map(valuesLessMargin);
  const deals = dealsOf(first.before.length, first.after.length);
  // The first deal is the way they were.
  const observed = members.map((values) => statisticOf(values, deals[0]!));
  const reached = members.map(() => 0);
  for (const deal of deals) {
    const largest = Math.max(...members.map((values) => statisticOf(values, deal)));
    observed.forEach((statistic, i) => {
      if (largest >= statistic - 1e-9) reached[i]!++;
    });
  }
  return reached.map((count) => count / deals.length);
}

/** All rounds of both sides, those after moved towards those before by up to the margin. */
function valuesLessMargin({ before, after, margin }: Sides): number[] {
  const shift = mean(after) - mean(before);
  const moved = Math.sign(shift) * Math.min(Math.abs(shift), margin);
  return [...before, ...after.map((value) => value - moved)];
}

/** Student's t without its sign, the scale kept from vanishing where rounds agree by chance. */
function statisticOf(values: readonly number[], isBefore: readonly boolean[]): number {
  let [n, before, after, squares] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    squares += value * value;
    if (isBefore[i]) {
      n++;
      before += value;
    } else after += value;
  }
  const m = values.length - n;
  const within = Math.max(squares - before * before / n - after * after / m, 0);
  const scatter = Math.sqrt(within / (values.length - 2) * (1 / n + 1 / m));
  return Math.abs(after / m - before / n) / (scatter + SMALLEST_SCALE);
}

/** Ways to deal rounds out, true for the side before; the way they were is the first. */
function dealsOf(before: number, after: number): boolean[][] {
  const rounds = before + after;
  if (waysToChoose(before, rounds) > MAX_DEALS) {
    const random = randomNumbers(SEED);
    const asTheyWere = Array.from({ length: rounds }, (_, i) => i < before);
    return Array.from(
      { length: MAX_DEALS },
      (_, i) => i ? shuffled(asTheyWere, random) : asTheyWere,
    );
  }
  const deals: boolean[][] = [];
  const extend = (deal: boolean[], left: number) => {
    if (deal.length === rounds) return void deals.push(deal);
    if (left > 0) extend([...deal, true], left - 1);
    if (rounds - deal.length > left) extend([...deal, false], left);
  };
  extend([], before);
  return deals;
}

function waysToChoose(some: number, all: number): number {
  let ways = 1;
  for (let i = 1; i <= some; i++) ways = ways * (all - some + i) / i;
  return ways;
}

/** Fisher and Yates's shuffle. */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const copy = [...values];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
