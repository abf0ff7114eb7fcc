/**
 * What makes the figures of run_all doubtful, and what to do about it: one line each.
 *
 * @module
 */
import { missesRate } from "../../common/measure/rate.ts";
import { type Percentile, PERCENTILES } from "../../common/measure/statistics.ts";
import { medianOf } from "../report/figures.ts";
import { formatNumber, listOf } from "../report/units.ts";
import { ALL_SIZES } from "../report/all_sizes.ts";
import { figuresAt, type Job } from "../report/jobs.ts";
import { mixedGroups } from "../report/key_exchange.ts";
import { wideSpread, worst } from "../report/wide_spread.ts";
import type { Cores } from "../lib/machine.ts";

/** How it was measured. */
export interface Circumstances {
  /** Of the end whose figures count. */
  jobs: readonly Job[];
  /** How many times as long the first messages of each job took as the rest, round by round. */
  slowStarts: ReadonlyMap<string, readonly number[]>;
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

/** The first tenth takes that many times as long as the rest where a warm-up is visible. */
const SLOW_START = 1.5;

/** The part of all cores that may be busy: a quiet desktop stays below it. */
const QUIET = 0.1;

/** All warnings, the weightiest first; none where there is nothing to say. */
export function warningsOf(circumstances: Circumstances): string[] {
  const { jobs } = circumstances;
  return [
    ...sharedCore(circumstances),
    ...busyMachine(circumstances),
    ...missedRate(jobs),
    ...mixedGroups(jobs),
    ...wideSpread(jobs),
    ...slowStart(circumstances),
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

function missedRate(jobs: readonly Job[]): string[] {
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

function slowStart({ jobs, slowStarts }: Circumstances): string[] {
  const slow = jobs.flatMap((job) => {
    const by = medianOf(slowStarts.get(keyOf(job)) ?? []);
    return by !== null && by > SLOW_START ? [{ job, by }] : [];
  });
  return slow.length === 0 ? [] : [
    `the first messages were slow on ${worst(slow, (by) => `${formatNumber(by)} times`)}: the ` +
    "warm-up is in the figures; use more messages (--repeat)",
  ];
}

/** What tells a lane's jobs apart. */
export function keyOf({ name, connect }: { name: string; connect: string }): string {
  return `${name} ${connect}`;
}

function fewSamples(all: readonly Job[]): string[] {
  // Of both modes the table shows the percentiles of messages on open connections.
  const kept = all.filter(({ connect }) => connect !== "message");
  const jobs = kept.length > 0 ? kept : all;
  const lacks = (job: Job, name: Percentile) =>
    job.rounds.some((round) => {
      const { messageUs } = figuresAt(round, ALL_SIZES)!.result;
      return messageUs.n > 0 && messageUs[name] === null;
    });
  const few = PERCENTILES.flatMap((name) => {
    const lacking = jobs.filter((job) => lacks(job, name));
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
