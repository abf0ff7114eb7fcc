/**
 * What a message costs on each lane: the report's main picture.
 *
 * @module
 */
import { PERCENTILES } from "../../../common/measure/statistics.ts";
import { drawChart } from "../chart.ts";
import { type Cost, costChart, heightOf } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { baselineOf, figureOf, medianMessage, ratioOf, slowestOf, totalOf } from "../figures.ts";
import { type Job, sizesOf } from "../jobs.ts";
import { panelsOf, type Part } from "../panels.ts";
import * as units from "../units.ts";

const READING = "Each mark is the median: half of the messages were faster. The line goes on to " +
  "the time that nine of ten messages stay below. Hollow marks: the session was resumed. " +
  "Each step of the scale is ten times the one before.";

/** The section for one mode. */
export function costSection({ id, jobs, sizeBytes }: Part): Section {
  const costs = jobs.flatMap((job) => costOf(job, sizeBytes) ?? []);
  const range = costs.flatMap(({ p50, p90 }) => [p50, p90 ?? p50]);
  const charts = panelsOf(costs.map(({ job }) => job)).map((panel) => {
    const rows = costs.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-cost-${panel.id}`,
      title: `${units.formatBytes(sizeBytes)}, ${panel.title}`,
      description: `Median time per message: ${units.listOf(rows.map(describeCost))}.`,
      height: heightOf(rows.length),
      option: costChart(rows, range),
    });
  });
  const tables = [costTable(jobs, sizeBytes)];
  return {
    id: `${id}-cost`,
    title: "What a message costs",
    paragraphs: [],
    picture: { charts, caption: READING, tables, open: true },
  };
}

function costOf(job: Job, sizeBytes: number): Cost | null {
  const p50 = figureOf(job, sizeBytes, medianMessage).value;
  const p90 = figureOf(job, sizeBytes, ({ result }) => result.messageUs.p90).value;
  return p50 === null ? null : { job, p50, p90 };
}

function describeCost({ job, p50 }: Cost): string {
  return `${job.label} ${units.formatDuration(p50)}`;
}

const HEAD = [
  ...["lane", "rounds", "p50 µs", "p90 µs", "p99 µs", "spread of p50"],
  ...["× TCP", "95 % of × TCP", "lost of sent", "slowest message"],
];

function costTable(jobs: readonly Job[], sizeBytes: number): Table {
  return {
    caption: `A message of ${units.formatBytes(sizeBytes)} and its answer: medians over rounds, ` +
      "lost and slowest messages of all sizes",
    head: HEAD,
    rows: jobs.map((job) => rowOf(job, jobs, sizeBytes)),
  };
}

function rowOf(job: Job, jobs: readonly Job[], sizeBytes: number): string[] {
  const percentiles = PERCENTILES.map((name) =>
    figureOf(job, sizeBytes, ({ result }) => result.messageUs[name])
  );
  const ratio = ratioOf(job, baselineOf(job, jobs), sizeBytes);
  const sizes = sizesOf([job]);
  const lost = totalOf(job, sizes, ({ result }) => result.lost);
  const sent = totalOf(job, sizes, ({ result }) => result.sent);
  const slowest = slowestOf(job);
  return [
    nameOf(job, jobs),
    String(job.rounds.length),
    ...percentiles.map(({ value }) => units.formatNumber(value)),
    units.formatPercent(figureOf(job, sizeBytes, medianMessage).spread),
    units.formatNumber(ratio.value),
    units.formatInterval(ratio.interval),
    `${units.formatCount(lost)} of ${units.formatCount(sent)}`,
    slowest
      ? `${units.formatDuration(slowest.us)} (${units.formatBytes(slowest.sizeBytes)})`
      : units.NONE,
  ];
}

/** A job's name, with its machine where there are several. */
export function nameOf(job: Job, jobs: readonly Job[]): string {
  const hasOneMachine = jobs.every(({ machine }) => machine === job.machine);
  return hasOneMachine ? job.name : `${job.name} [${job.machine + 1}]`;
}
