/**
 * How the messages of one size, or of all sizes, are distributed.
 *
 * @module
 */
import { PERCENTILES } from "../../../common/measure/statistics.ts";
import { drawChart } from "../chart.ts";
import { type Curve, linesHeight, rarestOf, shareChart } from "../charts_by_number.ts";
import type { Section, Table } from "../content.ts";
import { withFailure } from "../failures.ts";
import { figureOf } from "../figures.ts";
import { sum } from "../inference.ts";
import { figuresAt, type Job } from "../jobs.ts";
import { describeSize, panelsOf, type Part } from "../panels.ts";
import { samplesOf, sharePoints } from "../share_curves.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

const READING = "Read from left to right: at 90 %, one message of ten takes longer than the line " +
  "says; at 99 %, one of a hundred.";

/** One job's messages. */
interface Shares extends Curve {
  /** All rounds' messages in ascending order; null where a log is missing. */
  samples: number[] | null;
}

/** The section for one mode; null where no lane has figures. */
export function shareSection({ id, jobs, sizeBytes }: Part): Section | null {
  const all = jobs.map((job) => sharesOf(job, nameOf(job, jobs), sizeBytes));
  const curves = all.filter(({ points }) => points.length > 1);
  if (curves.length === 0) return null;
  const range = curves.flatMap(({ points }) => points.map(([, us]) => us));
  const rarest = rarestOf(curves);
  const charts = panelsOf(curves.map(({ job }) => job)).map((panel) => {
    const own = curves.filter(({ job }) => panel.jobs.includes(job));
    const worst = own.map(({ name, points }) =>
      `${name} ${units.formatDuration(points.at(-1)![1])}`
    );
    return drawChart({
      id: `${id}-share-${panel.id}`,
      title: `${describeSize(sizeBytes)}, ${panel.title}`,
      description: `How long messages take, from the fastest to the slowest of each lane: the ` +
        `right ends of the lines are ${units.listOf(worst)}.`,
      height: linesHeight(own.length),
      option: shareChart(own, range, rarest),
    });
  });
  return {
    id: `${id}-share`,
    title: "How even it is",
    paragraphs: [],
    picture: {
      charts,
      caption: `${READING} ${sayWhence(curves)}`,
      tables: [shareTable(all, sizeBytes)],
      open: false,
    },
  };
}

/** What the lines are made from. */
function sayWhence(curves: readonly Shares[]): string {
  const few = curves.filter(({ samples }) => samples === null).map(({ name }) => name);
  if (few.length === 0) return "Every message of all rounds, from the logs.";
  const points = "has only a few points of each line: they are marked, and straight lines stand " +
    "between them";
  return few.length === curves.length
    ? `There are no logs, and a document ${points}.`
    : `Every message of all rounds, from the logs; but of ${
      units.listOf(few)
    } there is not every ` +
      `log, and a document ${points}.`;
}

function sharesOf(job: Job, name: string, sizeBytes: number): Shares {
  const samples = samplesOf(job, sizeBytes);
  return { job, name, samples, ...sharePoints(job, sizeBytes, samples) };
}

function shareTable(all: readonly Shares[], sizeBytes: number): Table {
  const names = ["min", ...PERCENTILES, "p999", "max", "mean", "stddev"] as const;
  return {
    caption: `Time per message in µs, ${describeSize(sizeBytes)}: medians over rounds`,
    head: ["lane", "n", ...names.map((name) => name === "p999" ? "p99.9" : name)],
    rows: all.map(({ job, name }) => [
      withFailure(name, job),
      countOf(job, sizeBytes),
      ...names.map((figure) =>
        units.formatNumber(figureOf(job, sizeBytes, ({ result }) => result.messageUs[figure]).value)
      ),
    ]),
  };
}

function countOf(job: Job, sizeBytes: number): string {
  const counts = job.rounds.map((round) => figuresAt(round, sizeBytes)?.result.messageUs.n ?? 0);
  return String(sum(counts));
}
