/**
 * The table at the end of run_all.
 *
 * @module
 */
import { formatTable, formatUs } from "../../common/cli/table.ts";
import {
  baselineOf,
  figureOf,
  medianMessage,
  type Pick,
  ratioOf,
  totalOf,
} from "../report/figures.ts";
import { median } from "../report/inference.ts";
import { NONE } from "../report/units.ts";
import { type Percentile, PERCENTILES } from "../../common/measure/statistics.ts";
import { ALL_SIZES, type MeasuredJob } from "./rounds_figures.ts";

const HEAD = [
  ...["lane", "messages", "lost", "resumed", "p50 us", "p90 us", "p99 us", "spread"],
  ...["x TCP", "msg/s", "MB/s", "handshake", "secs", "version cipher"],
];

/**
 * One row a job: medians over its rounds, counts of all of them.
 *
 * @param planned messages of a whole round, for those that were cut off; null where no number was
 * planned
 */
export function formatJobs(
  jobs: readonly MeasuredJob[],
  rounds: number,
  planned: number | null = null,
): string {
  const rows = [HEAD, ...jobs.map((job) => rowOf(job, jobs, planned))];
  const hidden = new Set([
    ...(rounds > 1 ? [] : ["spread"]),
    ...(isAnswered(jobs) ? ["msg/s", "MB/s"] : ["x TCP"]),
  ]);
  const shown = HEAD.map((name) => !hidden.has(name));
  return formatTable(rows.map((row) => row.filter((_, column) => shown[column])));
}

/** What the columns mean, in a line or two. */
export function explainColumns(jobs: readonly MeasuredJob[], rounds: number): string {
  const isTwoWay = isAnswered(jobs);
  const what = isTwoWay ? "a message and its answer" : "sending a message without an answer";
  const over = rounds > 1 ? `medians over ${rounds} rounds, ` : "";
  const spread = rounds > 1 ? "spread: of p50 over rounds; " : "";
  return `(${what}, all sizes together: ${over}microseconds; ${spread}` +
    (isTwoWay ? "x TCP: p50 by that of TCP with the same I/O" : "MB: 10^6 bytes that arrived") +
    "; handshake: its p50)";
}

function isAnswered(jobs: readonly MeasuredJob[]): boolean {
  return jobs.every(({ reply }) => reply);
}

function rowOf(
  job: MeasuredJob,
  jobs: readonly MeasuredJob[],
  planned: number | null,
): string[] {
  const percentile = (name: Percentile) => at(job, ({ result }) => result.messageUs[name]);
  const seconds = job.reports.flatMap(({ totals }) =>
    totals?.elapsedUs ? totals.elapsedUs / 1e6 : []
  );
  const { spread } = figureOf(job, ALL_SIZES, medianMessage);
  const security = job.rounds.find(({ run }) => run.security)?.run.security;
  const agreed = [security?.version, security?.cipher].filter((text) => text).join(" ");
  return [
    job.name,
    countsOf(job, planned),
    count(job, ({ result }) => result.lost),
    job.resume ? count(job, ({ result }) => result.resumed) : NONE,
    ...PERCENTILES.map((name) => formatUs(percentile(name))),
    spread === null ? NONE : `${Math.round(spread * 100)} %`,
    ratioText(job, jobs),
    rateText(job, ({ result }) => result.oneWay?.messagesPerSecond),
    rateText(job, ({ result }) => result.oneWay?.megabytesPerSecond),
    formatUs(at(job, ({ result }) => result.steps.handshake?.p50)),
    seconds.length > 0 ? median(seconds).toFixed(2) : NONE,
    agreed || NONE,
  ];
}

function at(job: MeasuredJob, pick: Pick): number | null {
  return figureOf(job, ALL_SIZES, pick).value;
}

function count(job: MeasuredJob, pick: Pick): string {
  return String(totalOf(job, [ALL_SIZES], pick) ?? NONE);
}

/** Answered of sent; one-way, arrived of sent. Of a round that was cut off, of those planned. */
function countsOf(job: MeasuredJob, planned: number | null): string {
  if (job.rounds.length === 0) return NONE;
  const sent = totalOf(job, [ALL_SIZES], ({ result }) => result.sent);
  const cut = job.reports.filter(({ interrupted, ok }) => interrupted && !ok);
  const missing = planned === null ? 0 : planned * job.rounds.length - (sent ?? 0);
  const all = cut.length > 0 && sent !== null ? sent + Math.max(missing, 0) : sent;
  return `${count(job, ({ result }) => result.answered)}/${all ?? NONE}`;
}

function rateText(job: MeasuredJob, pick: Pick): string {
  const rate = at(job, pick);
  return rate === null ? NONE : rate.toFixed(rate >= 100 ? 0 : 1);
}

/** The ratio and, where there are rounds enough, its 95 % interval. */
function ratioText(job: MeasuredJob, jobs: readonly MeasuredJob[]): string {
  const { value, interval } = ratioOf(job, baselineOf(job, jobs), ALL_SIZES);
  if (value === null) return NONE;
  const text = (ratio: number) => ratio.toFixed(ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2);
  return interval ? `${text(value)} ${text(interval.low)}-${text(interval.high)}` : text(value);
}
