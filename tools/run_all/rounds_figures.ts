/**
 * The rounds of run_all as the jobs that the report's figures are made of, all sizes in one.
 *
 * @module
 */
import type { OneWay } from "../../common/measure/one_way.ts";
import { byStep, type Role } from "../../common/model/protocol.ts";
import type { RunResult, SizeResult } from "../../common/measure/result.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import type { LaneReport } from "./job.ts";
import type { Job, Round, SizeFigures } from "../report/jobs.ts";

/** Stands for all sizes together. */
export const ALL_SIZES = 0;

/** A job with what came of it in each round. */
export interface MeasuredJob extends Job {
  reports: readonly LaneReport[];
}

/** Sorts reports by job, and makes each round's run one of a single size: all of them. */
export function measuredJobs(
  reports: readonly LaneReport[],
  role: Role,
): MeasuredJob[] {
  const jobs = new Map<string, LaneReport[]>();
  for (const report of reports) {
    const { name } = report.job;
    jobs.set(name, [...jobs.get(name) ?? [], report]);
  }
  return [...jobs.values()].map((reports) => measuredJob(reports, role));
}

function measuredJob(reports: readonly LaneReport[], role: Role): MeasuredJob {
  const { lane, resume, name } = reports[0]!.job;
  const rounds = reports.flatMap((report) => roundOf(report, role) ?? []);
  const run = rounds[0]?.run;
  return {
    ...{ name, label: name, protocol: lane.protocol, io: lane.io, engine: lane.engine },
    ...{ resume, role, machine: 0, rounds, reports },
    ...{ connect: run?.connect ?? "message", reply: run?.reply ?? true },
    ...{ clients: run?.clients ?? 1, expectEcho: run?.expectEcho ?? false },
    rate: run?.rate?.wanted ?? null,
  };
}

function roundOf(report: LaneReport, role: string): Round | null {
  const run = report.runs.find((run) => run.role === role);
  if (!run) return null;
  const other = report.runs.find((run) => run.role !== role);
  return {
    id: String(report.round),
    run: { ...run, sizes: [sumOf(report, run, other)] },
    log: null,
  };
}

/** Counts are sums; times come from the log, as percentiles of sizes cannot be put together. */
function sumOf(
  { totals }: LaneReport,
  run: RunResult,
  other: RunResult | undefined,
): SizeFigures["result"] {
  const sum = (run: RunResult | undefined, pick: (size: SizeResult) => number | null) => {
    const counts = run?.sizes.map(pick) ?? [];
    if (counts.length === 0 || counts.includes(null)) return null;
    return counts.reduce<number>((total, count) => total + count!, 0);
  };
  const sent = sum(run, (size) => size.sent);
  // One-way, only the receiver knows.
  const lost = sum(run, (size) => size.lost) ?? sum(other, (size) => size.lost);
  const arrived = sent !== null && lost !== null ? sent - lost : null;
  return {
    sizeBytes: ALL_SIZES,
    sent,
    answered: sum(run, (size) => size.answered) ?? (run.reply ? null : arrived),
    lost,
    resumed: sum(run, (size) => size.resumed) ?? 0,
    messageUs: (totals?.message ?? new Distribution()).summary(),
    steps: byStep((step) => totals?.steps[step]?.summary() ?? null),
    ...(run.reply ? {} : { oneWay: oneWayOf([run, other]) }),
  };
}

/** What the receiver counted, all sizes together: rates weigh as much as the time they held. */
function oneWayOf(runs: readonly (RunResult | undefined)[]): OneWay {
  const parts = runs.flatMap((run) => run?.sizes ?? [])
    .flatMap(({ oneWay }) => oneWay ?? []);
  const total = (pick: (part: OneWay) => number | null) =>
    parts.length === 0 || parts.some((part) => pick(part) === null)
      ? null
      : parts.reduce((sum, part) => sum + pick(part)!, 0);
  const rate = (name: "messagesPerSecond" | "megabytesPerSecond") => {
    const all = total((part) => part[name] === null ? null : part[name] * (part.seconds ?? 0));
    return all !== null && seconds ? all / seconds : null;
  };
  const seconds = total((part) => part.seconds);
  return {
    seconds,
    messagesPerSecond: rate("messagesPerSecond"),
    megabytesPerSecond: rate("megabytesPerSecond"),
    duplicates: total((part) => part.duplicates),
    reordered: total((part) => part.reordered),
    delayUs: null,
  };
}
