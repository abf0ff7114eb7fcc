/**
 * What makes the figures of run_all doubtful, and what to do about it: one line each.
 *
 * @module
 */
import { missesRate } from "../../common/measure/rate.ts";
import { PERCENTILES } from "../../common/measure/statistics.ts";
import { figureOf, medianMessage } from "../report/figures.ts";
import { median } from "../report/inference.ts";
import { formatNumber, formatPercent, listOf } from "../report/units.ts";
import { ALL_SIZES, type MeasuredJob } from "./rounds_figures.ts";
import type { Cores } from "../lib/machine.ts";

/** How it was measured. */
export interface Circumstances {
  jobs: readonly MeasuredJob[];
  /** Whether both ends ran here. */
  isOneMachine: boolean;
  /** Number of cores. */
  cores: number;
  /** Where the ends of sync and spin lanes were kept; null for nowhere. */
  pinned: Cores | null;
  /** Why not, where they were to be. */
  pinFailure: string | null;
  /** Highest share of all cores that others used between rounds. */
  busy: number | null;
}

/** (largest - smallest) / median of p50 from which on it is too wide. */
const WIDE_SPREAD = 0.25;

/** The first tenth takes that many times as long as the rest where a warm-up is visible. */
const SLOW_START = 1.5;

/** The part of all cores that may be busy: a quiet desktop stays below it. */
const QUIET = 0.1;

/** So many names at most stand in a line. */
const MAX_NAMES = 4;

/** All warnings, the weightiest first; none where there is nothing to say. */
export function warningsOf(circumstances: Circumstances): string[] {
  const { jobs } = circumstances;
  return [
    ...sharedCore(circumstances),
    ...busyMachine(circumstances),
    ...missedRate(jobs),
    ...wideSpread(jobs),
    ...slowStart(jobs),
    ...fewSamples(jobs),
  ];
}

function sharedCore({ jobs, isOneMachine, cores, pinned, pinFailure }: Circumstances): string[] {
  if (!isOneMachine) {
    return pinFailure === null ? [] : [`the ends were not kept on cores: ${pinFailure}`];
  }
  if (cores < 2) {
    return ["both ends shared the one core there is: use a machine with two, or two machines"];
  }
  const calling = jobs.filter(({ io }) => io !== "async");
  if (calling.length === 0) return [];
  if (!pinned) {
    const why = pinFailure ? ` (${pinFailure})` : "";
    return [
      `the ends of sync and spin lanes were on no cores of their own${why}: they may have shared ` +
      "one, which changes a round trip by a factor of four; name two with --cpu A,B",
    ];
  }
  if (pinned.server !== pinned.client) return [];
  return [`both ends shared core ${pinned.server}: name two cores with --cpu A,B`];
}

function busyMachine({ busy }: Circumstances): string[] {
  if (busy === null || busy <= QUIET) return [];
  return [
    `the machine was busy: other programs used ${Math.round(busy * 100)} % of its cores between ` +
    "the runs; end them and measure again",
  ];
}

function missedRate(jobs: readonly MeasuredJob[]): string[] {
  const missed = jobs.flatMap((job) => {
    const parts = job.rounds.flatMap(({ run }) =>
      missesRate(run) ? run.rate!.reached! / run.rate!.wanted : []
    );
    return parts.length > 0 ? [{ job, by: 1 - Math.min(...parts) }] : [];
  });
  return missed.length === 0 ? [] : [
    `the rate was not reached on ${
      worst(missed, (by) => `${Math.floor((1 - by) * 100)} % of it`)
    }: times hold what messages waited for their turn; ask for a lower --rate`,
  ];
}

function wideSpread(jobs: readonly MeasuredJob[]): string[] {
  const wide = jobs.flatMap((job) => {
    const { spread } = figureOf(job, ALL_SIZES, medianMessage);
    return spread !== null && spread > WIDE_SPREAD ? [{ job, by: spread }] : [];
  });
  return wide.length === 0 ? [] : [
    `the rounds differ a lot on ${worst(wide, formatPercent)}: trust ratios more than times; ` +
    "measure more rounds (--rounds), or on a quieter machine",
  ];
}

function slowStart(jobs: readonly MeasuredJob[]): string[] {
  const slow = jobs.flatMap((job) => {
    const starts = job.reports.flatMap(({ slowStart }) => slowStart ?? []);
    const by = median(starts);
    return by > SLOW_START ? [{ job, by }] : [];
  });
  return slow.length === 0 ? [] : [
    `the first messages were slow on ${worst(slow, (by) => `${formatNumber(by)} times`)}: the ` +
    "warm-up is in the figures; use more messages (--repeat)",
  ];
}

function fewSamples(jobs: readonly MeasuredJob[]): string[] {
  const few = PERCENTILES.flatMap((name) => {
    const lacking = jobs.filter(({ rounds }) =>
      rounds.some(({ run: { sizes: [all] } }) => all!.messageUs.n > 0 && !all!.messageUs[name])
    );
    return lacking.length > 0 ? [{ name, lacking }] : [];
  });
  const [first] = few;
  if (!first) return [];
  const whose = first.lacking.length === jobs.length
    ? ""
    : ` on ${worst(first.lacking.map((job) => ({ job, by: 0 })))}`;
  const names = listOf(few.map(({ name }) => name));
  return [`too few messages for ${names}${whose}: use more of them (--repeat)`];
}

/** The names with the highest figures, and how many more there are. */
function worst(
  found: readonly { job: MeasuredJob; by: number }[],
  format?: (by: number) => string,
): string {
  const sorted = found.toSorted((a, b) => b.by - a.by);
  const names = sorted.slice(0, MAX_NAMES)
    .map(({ job, by }) => format ? `${job.name} (${format(by)})` : job.name);
  const rest = sorted.length - names.length;
  return listOf(rest > 0 ? [...names, `${rest} more`] : names);
}
