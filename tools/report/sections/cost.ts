/**
 * What opening a connection costs on each lane, and what each message costs after that: the report's
 * first picture.
 *
 * @module
 */
import { manner } from "../answer.ts";
import { type Chart, drawChart } from "../chart.ts";
import { type Cost, costChart, heightOf } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { failureOf } from "../failures.ts";
import { slowestOf } from "../figures.ts";
import type { Job } from "../jobs.ts";
import {
  cpuOf,
  jobsOf,
  type LaneRow,
  type LaneTable,
  lossOf,
  mainJob,
  medianTime,
  nameOf,
  timeOf,
  timesTcp,
} from "../lane_rows.ts";
import { panelsOf } from "../panels.ts";
import * as units from "../units.ts";

const READING = "Each mark is the median: half of the messages were faster. The line goes on to " +
  "the time that nine of ten messages stay below. Hollow marks: the session was resumed. " +
  "The scales of these charts have the same ends.";

/** What is asked about a lane. */
const QUESTIONS = [
  {
    id: "opening",
    title: "first message on a new connection",
    told: "the first message on a new connection",
    jobsOf: ({ opening, resumed }: LaneRow) => [opening, resumed],
  },
  {
    id: "message",
    title: "each further message on an open connection",
    told: "each further message on an open connection",
    jobsOf: ({ kept }: LaneRow) => [kept],
  },
] as const;

/** @param id starts the ids of the section and its charts */
export function costSection(id: string, table: LaneTable): Section {
  return {
    id,
    title: `What it costs${manner(table.clients[0]!)}`,
    paragraphs: [],
    picture: {
      ...{ charts: chartsOf(id, table), caption: READING },
      ...{ tables: [costTable(table)], open: true },
    },
  };
}

/** For each kind of I/O a chart for each question, all with the same scale. */
function chartsOf(id: string, table: LaneTable): Chart[] {
  const costs = table.rows.flatMap((row) => QUESTIONS.flatMap(({ jobsOf }) => jobsOf(row)))
    .flatMap((job) => job ? [costOf(job, table)] : []);
  const range = costs.flatMap(({ p50, p90 }) => [p50, p90 ?? p50]);
  return panelsOf(costs.map(({ job }) => job)).flatMap((panel) =>
    QUESTIONS.flatMap((question) => {
      const jobs = table.rows.flatMap(question.jobsOf);
      const rows = costs.filter(({ job }) => jobs.includes(job) && panel.jobs.includes(job));
      if (rows.length === 0) return [];
      return [drawChart({
        id: `${id}-${question.id}-${panel.id}`,
        title: capitalized(`${panel.title}: ${question.title}`),
        description: `Median time of ${question.told}: ${units.listOf(rows.map(describe))}.`,
        height: heightOf(rows.length),
        option: costChart(rows, range),
      })];
    })
  );
}

function capitalized(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function costOf(job: Job, { clients }: LaneTable): Cost {
  const [p50, p90] = [timeOf(job, "p50"), timeOf(job, "p90")];
  return { job, name: nameOf(job, clients), note: failureOf(job), p50, p90 };
}

function describe({ name, note, p50 }: Cost): string {
  return `${name} ${p50 === null ? note ?? "not known" : units.formatDuration(p50)}`;
}

const HEAD = [
  ...["lane", "rounds", "opening p50", "p90", "p99", "resumed p50"],
  ...["message p50", "p90", "p99", "spread of p50", "× TCP", "95 % of × TCP"],
  ...["CPU, client", "CPU, server", "lost of sent", "slowest message"],
];

function costTable(table: LaneTable): Table {
  const rows = table.rows.map((row) => rowOf(row, table));
  // What no lane has is no column.
  const shown = HEAD.map((_, i) => i === 0 || rows.some((row) => row[i] !== units.NONE));
  const isShown = (_: string, i: number) => shown[i]!;
  return {
    caption: "Opening is the first message on a new connection, message each further one on an " +
      "open connection: all sizes together, medians over rounds. Spread, × TCP and CPU time are " +
      "of the message, where that was measured, else of the opening.",
    head: HEAD.filter(isShown),
    rows: rows.map((row) => row.filter(isShown)),
  };
}

/** Says how much of a lane has failed, each part once. */
function nameWithFailure(row: LaneRow): string {
  const { name } = row;
  const failures = jobsOf(row).flatMap((job) => failureOf(job) ?? []);
  return failures.length > 0 ? `${name} (${[...new Set(failures)].join("; ")})` : name;
}

function rowOf(row: LaneRow, table: LaneTable): string[] {
  const { opening, resumed, kept } = row;
  const main = mainJob(row, table);
  const times = (job: Job | null) =>
    (["p50", "p90", "p99"] as const).map((name) => units.formatDuration(timeOf(job, name)));
  const ratio = timesTcp(main, table);
  const { sent, lost } = lossOf(row);
  const cpu = cpuOf(main, table);
  const slowest = main && slowestOf(main);
  return [
    nameWithFailure(row),
    String(main?.rounds.length ?? units.NONE),
    ...times(opening),
    units.formatDuration(timeOf(resumed, "p50")),
    ...times(kept),
    units.formatPercent(main && medianTime(main).spread),
    units.formatNumber(ratio.value),
    units.formatInterval(ratio.interval),
    units.formatDuration(cpu.client),
    units.formatDuration(cpu.server),
    sent === null && lost === null
      ? units.NONE
      : `${units.formatCount(lost)} of ${units.formatCount(sent)}`,
    slowest
      ? `${units.formatDuration(slowest.us)} (${units.formatBytes(slowest.sizeBytes)})`
      : units.NONE,
  ];
}
