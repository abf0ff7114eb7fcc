/**
 * The same lanes on the event loop, with blocking calls, and without ever sleeping.
 *
 * @module
 */
import { type Io, IO_KINDS } from "../../../common/model/protocol.ts";
import { IO_NAMES } from "../axes.ts";
import { drawChart } from "../chart.ts";
import { heightOf, ioChart, type IoRow } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { failureOf } from "../failures.ts";
import { figureOf, medianMessage } from "../figures.ts";
import type { Job } from "../jobs.ts";
import { describeSize, type Part } from "../panels.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

const READING = "The event loop is what an ordinary Deno program uses. Blocking calls leave it " +
  "out. Calls that never sleep leave out the operating system's wake-up, too, and keep a core " +
  "busy all the time: what remains is the protocol's own cost. The * in a name stands for the kind.";

/** The section for one mode; null where no lane was measured on two kinds of I/O. */
export function ioSection({ id, jobs, sizeBytes }: Part): Section | null {
  const rows = rowsOf(jobs, sizeBytes);
  if (rows.length === 0) return null;
  const chart = drawChart({
    id: `${id}-io`,
    title: `Kinds of I/O, ${describeSize(sizeBytes)}`,
    description: `Median time per message by kind of I/O: ${units.listOf(rows.map(describe))}.`,
    height: heightOf(rows.length, IO_KINDS),
    option: ioChart(rows),
  });
  return {
    id: `${id}-io-kinds`,
    title: "Async against sync against spin",
    paragraphs: [],
    picture: {
      charts: [chart],
      caption: READING,
      tables: [ioTable(rows, sizeBytes)],
      open: false,
    },
  };
}

function rowsOf(jobs: readonly Job[], sizeBytes: number): IoRow[] {
  const rows = new Map<string, IoRow>();
  const failed = new Map<string, string[]>();
  for (const job of jobs) {
    const name = nameOf({ ...job, name: job.name.replace(`-${job.io}`, "-*") }, jobs);
    const us = figureOf(job, sizeBytes, medianMessage).value;
    if (failureOf(job) !== null) failed.set(name, [...failed.get(name) ?? [], job.io]);
    if (us === null) continue;
    if (!rows.has(name)) rows.set(name, { job, name, values: {} });
    rows.get(name)!.values[job.io] = us;
  }
  return [...rows.values()].filter(({ values }) => Object.keys(values).length > 1).map((row) => {
    const kinds = failed.get(row.name);
    return { ...row, note: kinds ? `failed: ${kinds.join(", ")}` : null };
  });
}

function describe({ name, values }: IoRow): string {
  const parts = Object.entries(values).map(([io, us]) => `${units.formatDuration(us)} ${io}`);
  return `${name} ${units.listOf(parts)}`;
}

function ioTable(rows: readonly IoRow[], sizeBytes: number): Table {
  const ratio = (values: IoRow["values"], a: Io, b: Io) => {
    const [above, below] = [values[a], values[b]];
    return units.formatNumber(above && below ? above / below : null);
  };
  return {
    caption: `Median time per message in µs, ${describeSize(sizeBytes)}`,
    head: ["lanes", ...IO_KINDS.map((io) => IO_NAMES[io]), "async / sync", "sync / spin"],
    rows: rows.map(({ name, note, values }) => [
      note ? `${name} (${note})` : name,
      ...IO_KINDS.map((io) => units.formatNumber(values[io])),
      ratio(values, "async", "sync"),
      ratio(values, "sync", "spin"),
    ]),
  };
}
