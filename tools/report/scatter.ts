/**
 * How far rounds lie apart, and what can be found in spite of it.
 *
 * Pure functions; all values are natural logarithms of one figure, one for each round.
 *
 * @module
 */
import { mean, MIN_ROUNDS, sum } from "./inference.ts";

/**
 * Standard errors beyond the margin at which nine of ten changes are found: some 2.6 for the level
 * of significance with a dozen rounds, 1.3 for the luck of the draw.
 */
const DETECTABLE = 3.9;

/** The change, as a logarithm, that such rounds would hardly have missed. */
export function detectableOf(
  before: readonly number[],
  after: readonly number[],
  margin: number,
): number {
  const error = Math.sqrt(varianceOf(before, after) * (1 / before.length + 1 / after.length));
  return margin + DETECTABLE * error;
}

/**
 * How many rounds each side would have to have for a change to be detectable, if they scattered as
 * these do.
 *
 * @param change as a logarithm
 * @returns null where no number is enough, as the margin alone hides the change, or where there are
 *   too few rounds to tell how they scatter
 */
export function roundsFor(
  change: number,
  before: readonly number[],
  after: readonly number[],
  margin: number,
): number | null {
  const variance = varianceOf(before, after);
  if (change <= margin || !Number.isFinite(variance)) return null;
  return Math.max(Math.ceil(2 * variance * (DETECTABLE / (change - margin)) ** 2), MIN_ROUNDS);
}

/** Within the two sides; NaN where both have one round. */
function varianceOf(before: readonly number[], after: readonly number[]): number {
  const squares = [before, after].flatMap(squaredDeviations);
  return sum(squares) / (squares.length - 2);
}

function squaredDeviations(values: readonly number[]): number[] {
  const middle = mean(values);
  return values.map((value) => (value - middle) ** 2);
}

/**
 * How far the rounds wander: the standard deviation that is left when what they differ by from one
 * to the next is taken out, as the test allows for that itself (von Neumann's mean square successive
 * difference, Annals of Mathematical Statistics 12, 1941).
 */
export function wanderOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const variance = sum(squaredDeviations(values)) / (values.length - 1);
  const steps = values.slice(1).map((value, i) => (value - values[i]!) ** 2);
  return Math.sqrt(Math.max(variance - mean(steps) / 2, 0));
}
