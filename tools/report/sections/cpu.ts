/**
 * The CPU time that a message takes on both ends.
 *
 * @module
 */
import type { Role } from "../../../common/model/protocol.ts";
import { drawChart } from "../chart.ts";
import { type Bar, barsChart, heightOf, lengthOf } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { failureOf, withFailure } from "../failures.ts";
import type { Job } from "../jobs.ts";
import { cpuOf, type LaneTable, laneTables, nameOf } from "../lane_rows.ts";
import { panelsOf, type Part } from "../panels.ts";
import { formatTick } from "../scales.ts";
import * as units from "../units.ts";

const WORDS = "User and system time of the whole process (getrusage), from the end of the first " +
  "message to the end of the exchange, divided by the messages: recording and the threads of the " +
  "JavaScript engine are in it, and lanes that never sleep burn what they wait, too.";

/** A row's parts are what client and server take, in microseconds. */
type Burnt = Bar & { name: string };

/**
 * The section for one mode; null where no CPU time was measured.
 *
 * @param all jobs of both ends
 */
export function cpuSection({ id, jobs }: Part, all: readonly Job[]): Section | null {
  const tables = laneTables(all);
  const rows = jobs.map((job) =>
    rowOf(job, jobs, tables.find(({ clients }) => clients.includes(job))!)
  );
  const known = rows.filter(({ parts, note }) => note || parts.some((us) => us !== null));
  if (!known.some(({ parts }) => parts.some((us) => us !== null))) return null;
  const range = known.map(lengthOf);
  const charts = panelsOf(known.map(({ job }) => job)).map((panel) => {
    const own = known.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-cpu-${panel.id}`,
      title: `CPU time, ${panel.title}`,
      description: `CPU time per message of client and server: ${units.listOf(own.map(describe))}.`,
      height: heightOf(own.length, ENDS),
      option: barsChart(own, {
        parts: ENDS.map((end) => ({ name: end, ink: end })),
        axis: "CPU time per message",
        tell: formatTick,
        range,
      }),
    });
  });
  return {
    id: `${id}-cpu`,
    title: "CPU time per message",
    paragraphs: [WORDS],
    picture: {
      charts,
      caption: "Medians over rounds; the number is the sum of both ends.",
      tables: [cpuTable(rows)],
      open: false,
    },
  };
}

function rowOf(job: Job, jobs: readonly Job[], table: LaneTable): Burnt {
  const note = failureOf(job);
  const { client, server, both } = cpuOf(job, table);
  const name = nameOf(job, jobs);
  // Of a lane that has failed, what its server took is no message's.
  if (client === null && note !== null) return { job, name, note, parts: [null, null], text: "" };
  const text = units.formatDuration(both ?? client ?? server);
  const more = both === null ? `the ${client === null ? "server" : "client"} alone` : undefined;
  return { job, name, note, parts: [client, server], text, more };
}

const ENDS: readonly Role[] = ["client", "server"];

function describe({ name, note, parts }: Burnt): string {
  const known = ENDS.flatMap((end, i) =>
    parts[i] === null ? [] : [`${units.formatDuration(parts[i])} on the ${end}`]
  );
  return `${name} ${known.length > 0 ? units.listOf(known) : note}`;
}

function cpuTable(rows: readonly Burnt[]): Table {
  return {
    caption: "CPU time per message in µs, medians over rounds",
    head: ["lane", ...ENDS, "both"],
    rows: rows.map(({ job, name, parts }) => [
      withFailure(name, job),
      ...parts.map(units.formatNumber),
      units.formatNumber(parts.includes(null) ? null : lengthOf({ parts })),
    ]),
  };
}
