/**
 * What changed between two documents, and what of it chance and drift explain.
 *
 * Pure functions; rounds are the blocks, as messages of one round are not independent.
 *
 * @module
 */
import { ALL_SIZES } from "./all_sizes.ts";
import { describeMode } from "./answer.ts";
import { type Drift, driftOf, hasFigures, type JobPair, logMedians, pairJobs } from "./drift.ts";
import { figureOf, medianMessage } from "./figures.ts";
import {
  bootstrap,
  type Interval,
  mean,
  median,
  MIN_ROUNDS,
  type Sides,
  testFamily,
} from "./inference.ts";
import { type Job, sizesOf } from "./jobs.ts";
import { detectableOf, roundsFor, wanderOf } from "./scatter.ts";

/** What may be chosen. */
export interface CompareOptions {
  /** A regression of up to this many percent is accepted. */
  boundPercent: number;
  /** Compares times as they are, without the other lanes' drift taken out. */
  absolute?: boolean;
}

/**
 * What is said of a change. It is unchanged where one as large as the bound would have been found,
 * and none is within the interval; inconclusive where neither that nor a change is shown.
 */
export type Verdict = "slower" | "faster" | "unchanged" | "inconclusive";

/** One lane at one size, or at all that both documents have. */
export interface Change {
  /** Null for all sizes together; where there is one size alone, that one. */
  sizeBytes: number | null;
  /**
   * Median over rounds of their medians, in microseconds, as a report shows it: nothing is taken
   * out.
   */
  beforeUs: number;
  afterUs: number;
  /** afterUs / beforeUs. */
  plainRatio: number;
  /** What the machine was slower by after, as the other lanes show it; null where none do. */
  machineRatio: number | null;
  /** The lane's own: after / before, means over rounds, drift taken out where it is known. */
  ratio: number;
  /** 95 %, of the lane's own ratio. */
  interval: Interval | null;
  /** After / before that so many rounds with so much scatter would hardly have missed. */
  detectable: number | null;
  /**
   * Rounds that each document would have to have for the bound to be detectable; null where no
   * number is enough, or where there are too few rounds to tell.
   */
  roundsNeeded: number | null;
  /** Of a change as large as this by chance, in the whole comparison; null with too few rounds. */
  probability: number | null;
  verdict: Verdict;
  /** Significantly slower, and by more than the bound. */
  isRegression: boolean;
}

/** One lane. */
export interface LaneChanges {
  job: Job;
  /** The same lane in the second document. */
  jobAfter: Job;
  rounds: { before: number; after: number };
  /** Names of the lanes whose drift was taken out; null where none was. */
  driftFrom: readonly string[] | null;
  /** Whether all sizes together are one series in both documents. */
  isPooled: boolean;
  /** All sizes together first. */
  changes: Change[];
}

/** What came of it. */
export interface Comparison {
  lanes: LaneChanges[];
  /** Names of lanes that only one document has. */
  onlyBefore: string[];
  onlyAfter: string[];
  /** Names of lanes that both have, without a figure in common. */
  withoutFigures: string[];
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
export const MARGIN: number = Math.log(1.05);

/** Compares two documents' jobs. */
export function compareJobs(
  before: readonly Job[],
  after: readonly Job[],
  options: CompareOptions,
): Comparison {
  const pairs = pairJobs(before, after);
  const lanes = pairs.filter(hasFigures).map((pair) => measureLane(pair, pairs, options));
  judge(lanes.flatMap(({ figures }) => figures.slice(0, 1)), options);
  judge(lanes.flatMap(({ figures }) => figures.slice(1)), options);
  const isIn = (job: Job, side: "before" | "after") => pairs.some((pair) => pair[side] === job);
  const lone = (jobs: readonly Job[], side: "before" | "after") =>
    jobs.filter((job) => job.role === "client" && !isIn(job, side)).map((job) =>
      `${job.name} (${describeMode(job)})`
    );
  return {
    lanes: lanes.map(({ lane, figures }) => ({
      ...lane,
      changes: figures.map(({ change }) => change),
    })),
    onlyBefore: lone(before, "before"),
    onlyAfter: lone(after, "after"),
    withoutFigures: pairs.filter((pair) => !hasFigures(pair)).map(({ before }) => before.name),
    boundPercent: options.boundPercent,
  };
}

/** A change, and what it is tested with. */
interface Figure {
  change: Change;
  sides: Sides;
}

function measureLane(pair: JobPair, pairs: readonly JobPair[], options: CompareOptions) {
  const drift = options.absolute ? null : driftOf(pair, pairs);
  const scopes = isAlone(pair) ? pair.sizes : [null, ...pair.sizes];
  return {
    lane: {
      job: pair.before,
      jobAfter: pair.after,
      rounds: { before: pair.before.rounds.length, after: pair.after.rounds.length },
      driftFrom: drift?.lanes ?? null,
      isPooled: pair.isPooled,
    },
    figures: scopes.map((scope) => measure(pair, scope, drift, boundOf(options))),
  };
}

/** Of one size, all sizes are the same thing again. */
function isAlone({ before, sizes, isPooled }: JobPair): boolean {
  return sizes.length === 1 && (!isPooled || sizesOf([before]).length === 1);
}

/** The bound as a logarithm. */
function boundOf({ boundPercent }: CompareOptions): number {
  return Math.log(1 + boundPercent / 100);
}

function measure(
  pair: JobPair,
  sizeBytes: number | null,
  drift: Drift | null,
  bound: number,
): Figure {
  const scope = pair.isPooled && isAlone(pair) ? null : sizeBytes;
  const raw = logMedians(pair, scope);
  const before = raw.before.map((value, round) => value - (drift?.before[round] ?? 0));
  const after = raw.after.map((value, round) => value - (drift?.after[round] ?? 0));
  // What the drift between the documents is, nothing shows; what it is like inside them is granted.
  const margin = drift ? MARGIN : Math.max(MARGIN, wanderOf(before), wanderOf(after));
  const interval = bootstrap([before, after], ([a, b]) => mean(b!) - mean(a!));
  const beforeUs = shownUs(pair, "before", scope);
  const afterUs = shownUs(pair, "after", scope);
  return {
    sides: { before, after, margin },
    change: {
      sizeBytes,
      beforeUs,
      afterUs,
      plainRatio: afterUs / beforeUs,
      machineRatio: drift && Math.exp(mean(drift.after) - mean(drift.before)),
      ratio: Math.exp(mean(after) - mean(before)),
      interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
      detectable: interval && Math.exp(detectableOf(before, after, margin)),
      roundsNeeded: roundsFor(bound, before, after, margin),
      probability: null,
      verdict: "inconclusive",
      isRegression: false,
    },
  };
}

/** The figure that a report shows; where it has none of all sizes, what is tested in its place. */
function shownUs(pair: JobPair, side: "before" | "after", sizeBytes: number | null): number {
  if (sizeBytes === null && !pair.isPooled) {
    return median(logMedians(pair, null)[side].map(Math.exp));
  }
  return figureOf(pair[side], sizeBytes ?? ALL_SIZES, medianMessage).value!;
}

/** Tests a family of figures; those with other numbers of rounds are a family of their own. */
function judge(figures: readonly Figure[], options: CompareOptions): void {
  const families = new Map<string, Figure[]>();
  for (const figure of figures) {
    const { before, after } = figure.sides;
    if (Math.min(before.length, after.length) < MIN_ROUNDS) continue;
    const key = `${before.length} ${after.length}`;
    families.set(key, [...families.get(key) ?? [], figure]);
  }
  for (const family of families.values()) {
    const probabilities = testFamily(family.map(({ sides }) => sides));
    for (const [i, figure] of family.entries()) {
      // Bonferroni, for the families there are.
      conclude(figure, Math.min(probabilities[i]! * families.size, 1), boundOf(options));
    }
  }
}

function conclude({ change, sides }: Figure, probability: number, bound: number): void {
  change.probability = probability;
  const { ratio } = change;
  if (probability <= ALPHA) {
    change.verdict = ratio > 1 ? "slower" : "faster";
    change.isRegression = Math.log(ratio) > bound;
  } else if (isWithin(change, bound)) {
    change.verdict = "unchanged";
  } else if (change.roundsNeeded !== null) {
    // As many as there are were not enough, as the change lies near what could be found.
    const rounds = Math.min(sides.before.length, sides.after.length);
    if (change.roundsNeeded <= rounds) change.roundsNeeded = 2 * rounds;
  }
}

/** Whether a change as large as the bound would have been found, and the interval has none in it. */
function isWithin({ detectable, interval }: Change, bound: number): boolean {
  const changes = [detectable!, interval!.low, interval!.high];
  return changes.every((change) => Math.abs(Math.log(change)) <= bound);
}

/** Of a lane: of what has changed, if anything has, slower before faster; else of all its sizes. */
export function verdictOf({ changes }: LaneChanges): Verdict {
  const verdicts = changes.map(({ verdict }) => verdict);
  return (["slower", "faster"] as const).find((verdict) => verdicts.includes(verdict)) ??
    verdicts[0]!;
}

/** Whether some lane is slower beyond the bound, at all sizes or at one. */
export function hasRegression({ lanes }: Comparison): boolean {
  return lanes.some(({ changes }) => changes.some(({ isRegression }) => isRegression));
}

/** Whether something is neither shown to have changed nor to be as it was. */
export function isInconclusive(comparison: Comparison): boolean {
  return comparison.lanes.length === 0 || comparison.withoutFigures.length > 0 ||
    comparison.lanes.some((lane) => verdictOf(lane) === "inconclusive");
}
