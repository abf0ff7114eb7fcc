/**
 * Where messages and answers were lost, and on which way.
 *
 * @module
 */
import { drawChart, type Ink } from "../chart.ts";
import { type Bar, barsChart, heightOf, lengthOf } from "../charts_by_lane.ts";
import type { Section, Table } from "../content.ts";
import { failureOf, withFailure } from "../failures.ts";
import { type Pick, totalOf } from "../figures.ts";
import { type Job, sizesOf } from "../jobs.ts";
import type { Part } from "../panels.ts";
import { formatPlain } from "../scales.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

const WORDS = "A message whose answer has not come counts as lost, whichever of the two got lost " +
  "on the way; where both ends' results are together, it is known which. Lost messages are in no " +
  "other figure: nor is the time that was waited for them.";

/** Counts of all rounds and sizes; null where one of them is not known. */
interface Loss {
  job: Job;
  name: string;
  sent: number | null;
  lost: number | null;
  toServer: number | null;
  toClient: number | null;
}

/** The section for one mode; null where nothing was lost. */
export function lossSection({ id, jobs }: Part): Section | null {
  const rows = jobs.map((job) => lossOf(job, jobs));
  const losing = rows.filter(({ lost }) => lost !== null && lost > 0);
  if (losing.length === 0) return null;
  const bars = losing.map(barOf);
  const parts = PARTS.filter((_, i) => bars.some((bar) => bar.parts[i]));
  const shown = bars.map((bar) => ({
    ...bar,
    parts: parts.map((part) => bar.parts[PARTS.indexOf(part)] ?? null),
  }));
  const chart = drawChart({
    id: `${id}-loss`,
    title: "Loss by lane",
    description: `Lost messages and answers in percent of the messages sent: ${
      units.listOf(bars.map(({ name, text }) => `${name} ${text}`))
    }.`,
    height: heightOf(shown.length, parts.map(({ name }) => name)),
    option: barsChart(shown, {
      parts,
      axis: "lost of the messages sent (%)",
      tell: (percent) => `${formatPlain(percent)} %`,
      range: shown.map(lengthOf),
    }),
  });
  return {
    id: `${id}-loss-by-lane`,
    title: "What was lost",
    paragraphs: [WORDS],
    picture: {
      charts: [chart],
      caption: "All rounds and sizes together. Lanes that lost nothing are in the table alone.",
      tables: [lossTable(rows)],
      open: false,
    },
  };
}

/** What a bar can be made of. */
const PARTS: readonly { name: string; ink: Ink }[] = [
  { name: "to the server", ink: "client" },
  { name: "to the client", ink: "server" },
  { name: "not known which way", ink: "unknown" },
];

function lossOf(job: Job, jobs: readonly Job[]): Loss {
  const sizes = sizesOf([job]);
  const count = (pick: Pick) => totalOf(job, sizes, pick);
  return {
    ...{ job, name: nameOf(job, jobs) },
    sent: count(({ result }) => result.sent),
    lost: count(({ result }) => result.lost),
    toServer: count(({ result }) => result.loss?.toServer),
    toClient: count(({ result }) => result.loss?.toClient),
  };
}

function barOf(loss: Loss): Bar & { name: string } {
  const { job, name, sent, lost, toServer, toClient } = loss;
  const isKnown = toServer !== null && toClient !== null;
  const counts = isKnown ? [toServer, toClient, 0] : [0, 0, lost];
  const parts = counts.map((count) => percentOf(count!, sent));
  const text = `${units.formatNumber(percentOf(lost, sent))} %`;
  const more = `${units.formatCount(lost)} of ${units.formatCount(sent)}`;
  return { job, name, note: failureOf(job), parts, text, more };
}

function percentOf(count: number | null, sent: number | null): number | null {
  return count === null || !sent ? null : 100 * count / sent;
}

function lossTable(rows: readonly Loss[]): Table {
  return {
    caption: "Lost messages and answers, all rounds and sizes",
    head: ["lane", "sent", "lost", "lost %", "lost to the server", "lost to the client"],
    rows: rows.map(({ job, name, sent, lost, toServer, toClient }) => [
      withFailure(name, job),
      ...[sent, lost].map(units.formatCount),
      units.formatNumber(percentOf(lost, sent)),
      ...[toServer, toClient].map(units.formatCount),
    ]),
  };
}
