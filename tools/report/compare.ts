/**
 * What changed between two documents, and what of it chance and drift explain.
 *
 * Pure functions; rounds are the blocks, as messages of one round are not independent.
 *
 * @module
 */
import { type Drift, driftOf, type JobPair, logMedians, pairJobs } from "./drift.ts";
import {
  bootstrap,
  type Interval,
  mean,
  MIN_ROUNDS,
  type Sides,
  sum,
  testFamily,
} from "./inference.ts";
import type { Job } from "./jobs.ts";

/** What may be chosen. */
export interface CompareOptions {
  /** A regression of up to this many percent is accepted. */
  boundPercent: number;
  /** Compares times as they are, without the other lanes' drift taken out. */
  absolute?: boolean;
}

/** One lane at one size, or at all that both documents have. */
export interface Change {
  /** Null for all sizes. */
  sizeBytes: number | null;
  /** Geometric means over rounds (and sizes) of their medians, in microseconds, drift included. */
  beforeUs: number;
  afterUs: number;
  /** After / before, drift taken out where it is known. */
  ratio: number;
  /** 95 %, of the ratio. */
  interval: Interval | null;
  /** After / before that so many rounds with so much scatter would hardly have missed. */
  detectable: number | null;
  /** Of a change as large as this by chance, in the whole comparison; null with too few rounds. */
  probability: number | null;
  verdict: "slower" | "faster" | "no significant change" | "too few rounds";
  /** Significantly slower, and by more than the bound. */
  isRegression: boolean;
}

/** One lane. */
export interface LaneChanges {
  job: Job;
  rounds: { before: number; after: number };
  /** Names of the lanes whose drift was taken out; null where none was. */
  driftFrom: readonly string[] | null;
  /** All sizes together first. */
  changes: Change[];
}

/** What came of it. */
export interface Comparison {
  lanes: LaneChanges[];
  /** Names of lanes that only one document has. */
  onlyBefore: string[];
  onlyAfter: string[];
  boundPercent: number;
}

/**
 * Half of the 5 % of false findings goes to lanes as a whole, half to their sizes: the many sizes
 * would take the lanes' power otherwise.
 */
const ALPHA = 0.025;

/**
 * Changes of up to 5 % are never called significant: two documents of one lane differ by as much,
 * and rounds that lie close together in time cannot show it.
 */
const MARGIN = Math.log(1.05);

/**
 * Standard errors beyond the margin at which nine of ten changes are found: some 2.6 for the level
 * of significance with a dozen rounds, 1.3 for the luck of the draw.
 */
const DETECTABLE = 3.9;

/** Compares two documents' jobs. */
export function compareJobs(
  before: readonly Job[],
  after: readonly Job[],
  options: CompareOptions,
): Comparison {
  const pairs = pairJobs(before, after);
  const lanes = pairs.map((pair) => measureLane(pair, pairs, options));
  judge(lanes.flatMap(({ figures }) => figures.slice(0, 1)), options);
  judge(lanes.flatMap(({ figures }) => figures.slice(1)), options);
  const isIn = (job: Job, side: "before" | "after") => pairs.some((pair) => pair[side] === job);
  const lone = (jobs: readonly Job[], side: "before" | "after") =>
    jobs.filter((job) => job.role === "client" && !isIn(job, side)).map(({ name }) => name);
  return {
    lanes: lanes.map(({ lane, figures }) => ({
      ...lane,
      changes: figures.map(({ change }) => change),
    })),
    onlyBefore: lone(before, "before"),
    onlyAfter: lone(after, "after"),
    boundPercent: options.boundPercent,
  };
}

/** A change, and what it is tested with. */
interface Figure {
  change: Change;
  sides: Sides;
}

function measureLane(pair: JobPair, pairs: readonly JobPair[], { absolute }: CompareOptions) {
  const drift = absolute ? null : driftOf(pair, pairs);
  // Of one size, all sizes are the same thing again.
  const scopes = pair.sizes.length > 1 ? [null, ...pair.sizes] : pair.sizes;
  return {
    lane: {
      job: pair.before,
      rounds: { before: pair.before.rounds.length, after: pair.after.rounds.length },
      driftFrom: drift?.lanes ?? null,
    },
    figures: scopes.map((scope) => measure(pair, scope, drift)),
  };
}

function measure(pair: JobPair, sizeBytes: number | null, drift: Drift | null): Figure {
  const raw = logMedians(pair, sizeBytes === null ? pair.sizes : [sizeBytes]);
  const before = raw.before.map((value, round) => value - (drift?.before[round] ?? 0));
  const after = raw.after.map((value, round) => value - (drift?.after[round] ?? 0));
  // What the drift between the documents is, nothing shows; what it is like inside them is granted.
  const margin = drift ? MARGIN : Math.max(MARGIN, wanderOf(before), wanderOf(after));
  const interval = bootstrap([before, after], ([a, b]) => mean(b!) - mean(a!));
  return {
    sides: { before, after, margin },
    change: {
      sizeBytes,
      beforeUs: Math.exp(mean(raw.before)),
      afterUs: Math.exp(mean(raw.after)),
      ratio: Math.exp(mean(after) - mean(before)),
      interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
      detectable: interval && Math.exp(margin + DETECTABLE * standardError(before, after)),
      probability: null,
      verdict: "too few rounds",
      isRegression: false,
    },
  };
}

function squaredDeviations(values: readonly number[]): number[] {
  const middle = mean(values);
  return values.map((value) => (value - middle) ** 2);
}

/** Of the difference of two means. */
function standardError(before: readonly number[], after: readonly number[]): number {
  const squares = [before, after].flatMap(squaredDeviations);
  const variance = sum(squares) / (squares.length - 2);
  return Math.sqrt(variance * (1 / before.length + 1 / after.length));
}

/**
 * How far the rounds wander: the standard deviation that is left when what they differ by from one
 * to the next is taken out, as the test allows for that itself (von Neumann's mean square successive
 * difference, Annals of Mathematical Statistics 12, 1941).
 */
function wanderOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const variance = sum(squaredDeviations(values)) / (values.length - 1);
  const steps = values.slice(1).map((value, i) => (value - values[i]!) ** 2);
  return Math.sqrt(Math.max(variance - mean(steps) / 2, 0));
}

/** Tests a family of figures; those with other numbers of rounds are a family of their own. */
function judge(figures: readonly Figure[], { boundPercent }: CompareOptions): void {
  const families = new Map<string, Figure[]>();
  for (const figure of figures) {
    const { before, after } = figure.sides;
    if (Math.min(before.length, after.length) < MIN_ROUNDS) continue;
    const key = `${before.length} ${after.length}`;
    families.set(key, [...families.get(key) ?? [], figure]);
  }
  for (const family of families.values()) {
    const probabilities = testFamily(family.map(({ sides }) => sides));
    for (const [i, { change }] of family.entries()) {
      // Bonferroni, for the families there are.
      change.probability = Math.min(probabilities[i]! * families.size, 1);
      const isSignificant = change.probability <= ALPHA;
      const direction = change.ratio > 1 ? "slower" : "faster";
      change.verdict = isSignificant ? direction : "no significant change";
      change.isRegression = isSignificant && change.ratio > 1 + boundPercent / 100;
    }
  }
}
