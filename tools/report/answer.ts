/**
 * What a message costs, in plain words, from the figures.
 *
 * @module
 */
import type { ConnectMode, Io } from "../../common/model/protocol.ts";
import type { Job, Mode } from "./jobs.ts";
import {
  cpuOf,
  endOf,
  type LaneEnd,
  type LaneRow,
  type LaneTable,
  laneTables,
  lossOf,
  mainJob,
  timeOf,
  timesTcp,
} from "./lane_rows.ts";
import { formatDuration, formatPercent, listOf } from "./units.ts";

/** How each kind of I/O is said in a sentence. */
const HOW: Readonly<Record<Io, string>> = {
  async: "On the event loop",
  sync: "With blocking calls",
  spin: "With calls that never sleep",
};

/**
 * What opening a connection and what each further message costs on the first kind of I/O; what was
 * lost; what resumption saves; what the messages take of the processors.
 *
 * @param jobs of both ends; answered messages count
 */
export function answerOf(jobs: readonly Job[]): string[] {
  const [table] = laneTables(jobs);
  const first = table?.clients[0];
  if (!table || !first) return [];
  const rows = table.rows.filter((row) => {
    const job = mainJob(row, table);
    return job?.io === first.io && job.machine === first.machine;
  });
  return [
    [costs(rows, first, table), lost(table.rows), failed(table.rows)].join(""),
    ...sayResumed(rows),
    ...sayCpu(rows, table),
    ...sayIo(table),
  ];
}

function costs(rows: readonly LaneRow[], first: Job, table: LaneTable): string {
  const how = `${HOW[first.io]}${manner(first)}`;
  const opening = each(
    rows,
    (row) => row.opening ?? row.resumed,
    (job) => formatDuration(timeOf(job, "p50")),
  );
  const kept = rows.filter(({ kept }) => timeOf(kept, "p50") !== null);
  if (!table.hasKept && opening.length > 0 || kept.length === 0) {
    if (opening.length === 0) return `${how}, no message was answered.`;
    return `${how}, a message on a connection of its own costs ${listOf(opening)}.`;
  }
  const further = `a message costs ${listOf(relative(kept, table))}`;
  return opening.length === 0
    ? `${how}, on an open connection ${further}.`
    : `${how}, opening costs ${listOf(opening)}; after that ${further}.`;
}

/** TCP's cost, and how many times as much the others are; their own where TCP is not there. */
function relative(rows: readonly LaneRow[], table: LaneTable): string[] {
  let isFirst = true;
  return each(rows, ({ kept }) => kept, (job) => {
    const { value } = timesTcp(job, table);
    if (value === null) return formatDuration(timeOf(job, "p50"));
    const text = `${formatTimes(value)}${isFirst ? " times that" : ""}`;
    isFirst = false;
    return text;
  });
}

/** What is said of a row's job, for those that have figures. */
function each(
  rows: readonly LaneRow[],
  pick: (row: LaneRow) => Job | null,
  say: (job: Job) => string,
): string[] {
  return rows.flatMap((row) => {
    const job = pick(row);
    return job && timeOf(job, "p50") !== null ? [`${say(job)} over ${job.label}`] : [];
  });
}

/** Two digits are enough for a sentence. */
function formatTimes(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2);
}

function lost(rows: readonly LaneRow[]): string {
  const losses = rows.flatMap((row) => {
    const { sent, lost } = lossOf(row);
    return lost && sent ? [`${formatPercent(lost / sent)} on ${row.name}`] : [];
  });
  return losses.length > 0 ? ` Lost: ${listOf(losses)}.` : "";
}

function failed(rows: readonly LaneRow[]): string {
  const named = (end: LaneEnd) => rows.filter((row) => endOf(row) === end).map(({ name }) => name);
  const [failed, partial] = [named("failed"), named("interrupted")];
  return (failed.length > 0 ? ` Failed: ${listOf(failed)}.` : "") +
    (partial.length > 0 ? ` Interrupted: ${listOf(partial)}.` : "");
}

function sayResumed(rows: readonly LaneRow[]): string[] {
  const parts = rows.flatMap(({ opening, resumed }) =>
    opening && resumed && timeOf(resumed, "p50") !== null
      ? [`${formatDuration(timeOf(resumed, "p50"))} over ${resumed.label.replace(", resumed", "")}`]
      : []
  );
  return parts.length > 0
    ? [`A connection that resumes the session of an earlier one opens in ${listOf(parts)}.`]
    : [];
}

function sayCpu(rows: readonly LaneRow[], table: LaneTable): string[] {
  const parts = rows.flatMap((row) => {
    const job = mainJob(row, table);
    const { both } = cpuOf(job, table);
    return job && both !== null ? [`${formatDuration(both)} over ${job.label}`] : [];
  });
  if (parts.length === 0) return [];
  const what = table.hasKept ? "a message on an open connection" : "a message";
  return [`Of the processors ${what} takes ${listOf(parts)}, both ends together.`];
}

/** What the kind of I/O does to the plainest lane there is. */
function sayIo(table: LaneTable): string[] {
  const jobs = table.rows.flatMap((row) => mainJob(row, table) ?? []);
  const same = jobs.filter((job) =>
    job.label === jobs[0]!.label && job.connect === jobs[0]!.connect &&
    timeOf(job, "p50") !== null
  );
  if (same.length < 2) return [];
  const names = {
    async: "on the event loop",
    sync: "with blocking calls",
    spin: "without sleeping",
  };
  const parts = same.map((job) => `${formatDuration(timeOf(job, "p50"))} ${names[job.io]}`);
  return [`How a program waits matters, too: over ${same[0]!.label} that is ${listOf(parts)}.`];
}

const CONNECTIONS: Readonly<Record<ConnectMode, string>> = {
  message: "with a new connection for every message",
  size: "over one connection for each size",
  once: "over one connection that stays open",
};

/** A mode in a few words, to stand after a comma. */
export function describeMode(mode: Mode): string {
  return `${CONNECTIONS[mode.connect]}${manner(mode)}`;
}

/** What is not the usual way, to stand after a comma. */
export function manner({ clients, expectEcho, rate }: Mode): string {
  const echo = expectEcho ? ", with answers as long as the messages" : "";
  const pace = rate === null ? "" : `, at ${rate} ${rate === 1 ? "message" : "messages"} a second`;
  return `${clients > 1 ? `, with ${clients} clients at once` : ""}${echo}${pace}`;
}
