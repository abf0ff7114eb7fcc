/**
 * The table at the end of run_all, and the sentence below it.
 *
 * @module
 */
import { formatTable } from "../../common/cli/table.ts";
import { COLUMNS, wrap } from "../../common/cli/wrap.ts";
import { ALL_SIZES } from "../report/all_sizes.ts";
import { answerOf } from "../report/answer.ts";
import { figureOf, type Pick, totalOf } from "../report/figures.ts";
import type { Job } from "../report/jobs.ts";
import {
  cpuOf,
  cpuOfEnd,
  endOf,
  type LaneEnd,
  type LaneRow,
  type LaneTable,
  laneTables,
  lossOf,
  mainJob,
  medianTime,
  nameOf,
  timeOf,
  timesTcp,
} from "../report/lane_rows.ts";
import { receiversOf } from "../report/sections/one_way.ts";
import { formatDuration, formatNumber, formatPercent, listOf, NONE } from "../report/units.ts";

/** A column of a table; one without a figure in any row is left out. */
interface Column<Row> {
  head: string;
  cell: (row: Row) => string;
}

/** What stands in the place of a bar. */
const MARKS: Readonly<Record<LaneEnd, string>> = {
  complete: "",
  failed: "failed",
  interrupted: "part",
};

/** Bars with fewer places than this tell nothing. */
const MIN_BAR = 6;

/**
 * One row a lane, in 80 columns: medians over its rounds, a bar, and what it comes to in a sentence.
 *
 * @param jobs of both ends
 */
export function formatSummary(jobs: readonly Job[]): string {
  const answered = laneTables(jobs);
  const tables = answered.map(formatLanes);
  const oneWay = receiversOf(jobs.filter(({ reply }) => !reply));
  const servers = jobs.some(({ role }) => role === "client")
    ? []
    : jobs.filter(({ reply }) => reply);
  if (servers.length > 0) tables.push(formatServers(servers));
  if (oneWay.length > 0) tables.push(formatOneWay(oneWay));
  return [...tables, ...answerOf(jobs).slice(0, 1).map((text) => wrap(text))].join("\n\n");
}

function formatLanes(table: LaneTable): string {
  const { rows, hasKept } = table;
  // Where sessions are resumed and nothing else, that is what opening costs.
  const hasOpening = rows.some(({ opening }) => opening);
  const hasBoth = hasKept && hasOpening;
  const main = hasKept ? "message" : "opening";
  const time = (head: string, us: (row: LaneRow) => number | null): Column<LaneRow> => ({
    head,
    cell: (row) => formatDuration(us(row)),
  });
  const columns: Column<LaneRow>[] = [
    { head: "lane", cell: ({ name }) => name },
    ...(hasBoth ? [time("opening", ({ opening }) => timeOf(opening, "p50"))] : []),
    ...(hasOpening ? [time("resumed", ({ resumed }) => timeOf(resumed, "p50"))] : []),
    time(main, (row) => timeOf(mainJob(row, table), "p50")),
    ...(hasBoth ? [] : [time("p90", (row) => timeOf(mainJob(row, table), "p90"))]),
    time("p99", (row) => timeOf(mainJob(row, table), "p99")),
    { head: "x TCP", cell: (row) => formatNumber(timesTcp(mainJob(row, table), table).value) },
    { head: "spread", cell: (row) => spreadOf(mainJob(row, table)) },
    time("CPU", (row) => cpuOf(mainJob(row, table), table).both),
    { head: "lost", cell: lostText },
  ];
  const longest = (row: LaneRow) =>
    timeOf(hasBoth ? row.opening : mainJob(row, table), "p50") ?? timeOf(row.resumed, "p50");
  const hasCpu = rows.some((row) => cpuOf(mainJob(row, table), table).both !== null);
  const notes = [
    ...(hasBoth ? ["opening: p50 of the first message on a new connection"] : []),
    ...(hasOpening && rows.some(({ resumed }) => resumed)
      ? ["resumed: the same with a session resumed"]
      : []),
    hasKept
      ? "message: p50 of each further message on an open connection"
      : "opening: p50 of a message on a connection of its own",
    `${listOf(["p99", "x TCP", ...(hasCpu ? ["CPU"] : [])])} are the ${main}'s`,
    "x TCP: p50 by that of TCP with the same I/O",
    ...(hasCpu ? ["CPU: processor time of both ends"] : []),
    `bar: ${hasBoth ? "opening" : main}`,
  ];
  return `${withBars(rows, columns, longest)}\n${wrap(`(${notes.join("; ")})`)}`;
}

/** Rows as a table with a bar at the end of each, as long as the terminal's line allows. */
function withBars(
  rows: readonly LaneRow[],
  columns: readonly Column<LaneRow>[],
  lengthOf: (row: LaneRow) => number | null,
): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const shown = columns.map((_, i) => i === 0 || cells.some((row) => row[i] !== NONE));
  const lines = [columns.map(({ head }) => head), ...cells]
    .map((row) => row.filter((_, i) => shown[i]));
  const text = formatTable(lines, 1).split("\n");
  const width = Math.max(...text.map((line) => line.length)) + 1;
  const places = COLUMNS - width - 1;
  const longest = Math.max(...rows.map((row) => lengthOf(row) ?? 0));
  const barOf = (row: LaneRow) => {
    const end = endOf(row);
    if (end !== "complete") return MARKS[end];
    const length = lengthOf(row);
    if (!length || places < MIN_BAR) return "";
    return "#".repeat(Math.max(Math.round(length / longest * places), 1));
  };
  const bars = ["", ...rows.map(barOf)];
  return text.map((line, i) => `${line.padEnd(width)}${bars[i]}`.trimEnd()).join("\n");
}

function spreadOf(job: Job | null): string {
  return job ? formatPercent(medianTime(job).spread) : NONE;
}

/** A dash where nothing was lost, as in most runs. */
function lostText(row: LaneRow): string {
  const { lost } = lossOf(row);
  return lost ? String(lost) : NONE;
}

/** What servers alone can tell: not how long an answer takes to arrive. */
function formatServers(jobs: readonly Job[]): string {
  const count = (job: Job, pick: Pick) => String(totalOf(job, [ALL_SIZES], pick) ?? NONE);
  const rows = jobs.map((job) => [
    nameOf(job, jobs),
    job.connect,
    count(job, ({ result }) => result.answered),
    count(job, ({ result }) => result.lost),
    formatDuration(
      figureOf(job, ALL_SIZES, ({ result }) => result.steps.handshake?.p50).value,
    ),
    formatDuration(cpuOfEnd(job)),
    job.rounds.some(({ run }) => run.failure) ? MARKS.failed : "",
  ]);
  const head = ["lane", "connect", "answered", "lost", "handshake", "CPU", ""];
  return `${formatTable([head, ...rows])}\n${
    wrap("(what the servers saw; handshake: p50; CPU: processor time of the server for a message)")
  }`;
}

function formatOneWay(jobs: readonly Job[]): string {
  const figure = (job: Job, pick: Pick) => formatNumber(figureOf(job, ALL_SIZES, pick).value);
  const count = (job: Job, pick: Pick) => String(totalOf(job, [ALL_SIZES], pick) ?? NONE);
  const rows = jobs.map((job) => [
    nameOf(job, jobs),
    count(job, ({ result }) => result.sent),
    count(job, ({ result }) => result.lost),
    figure(job, ({ result }) => result.oneWay?.messagesPerSecond),
    figure(job, ({ result }) => result.oneWay?.megabytesPerSecond),
    job.rounds.some(({ run }) => run.failure) ? MARKS.failed : "",
  ]);
  const table = formatTable([["lane", "sent", "lost", "messages/s", "MB/s", ""], ...rows]);
  return `${table}\n(one way: the server does not answer; MB: 10^6 bytes that arrived)`;
}
