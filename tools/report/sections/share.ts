/**
 * How the messages of one size are distributed.
 *
 * @module
 */
import { PERCENTILES } from "../../../common/measure/statistics.ts";
import { drawChart } from "../chart.ts";
import { LINES_HEIGHT, shareChart } from "../charts_by_number.ts";
import type { Section, Table } from "../content.ts";
import { figureOf } from "../figures.ts";
import { quantile, sum } from "../inference.ts";
import { figuresAt, type Job } from "../jobs.ts";
import { panelsOf, type Part } from "../panels.ts";
import { samplesOf, shareCurve } from "../share_curves.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

const READING = "Read from left to right: at 90 %, one message of ten takes longer than the line " +
  "says; at 99 %, one of a hundred.";

/** The section for one mode. */
export function shareSection({ id, jobs, sizeBytes }: Part): Section {
  const isLogged = jobs.every((job) => samplesOf(job, sizeBytes) !== null);
  const curves = jobs.map((job) => shareCurve(job, sizeBytes, isLogged))
    .filter(({ points }) => points.length > 1);
  const range = curves.flatMap(({ points }) => points.map(([, us]) => us));
  const charts = panelsOf(curves.map(({ job }) => job)).map((panel) => {
    const own = curves.filter(({ job }) => panel.jobs.includes(job));
    const worst = own.map(({ job, points }) =>
      `${job.label} ${units.formatDuration(points.at(-1)![1])}`
    );
    return drawChart({
      id: `${id}-share-${panel.id}`,
      title: `${units.formatBytes(sizeBytes)}, ${panel.title}`,
      description: `How long messages take, from the fastest to the slowest of each lane: the ` +
        `right ends of the lines are ${units.listOf(worst)}.`,
      height: LINES_HEIGHT,
      option: shareChart(own, range),
    });
  });
  const source = isLogged
    ? "Every message of all rounds, from the logs."
    : "Made from the documents alone, which have only a few points of each line: the curve " +
      "between them is left out, and straight lines stand in its place.";
  return {
    id: `${id}-share`,
    title: "How even it is",
    paragraphs: [],
    picture: {
      charts,
      caption: `${READING} ${source}`,
      tables: [shareTable(jobs, sizeBytes, isLogged)],
      open: false,
    },
  };
}

function shareTable(jobs: readonly Job[], sizeBytes: number, isLogged: boolean): Table {
  const names = ["min", ...PERCENTILES, "max", "mean", "stddev"] as const;
  return {
    caption: `Time per message in µs at ${units.formatBytes(sizeBytes)}: medians over rounds` +
      (isLogged ? "; p99.9 is of all rounds' messages together" : ""),
    head: ["lane", "n", ...names, ...(isLogged ? ["p99.9"] : [])],
    rows: jobs.map((job) => [
      nameOf(job, jobs),
      countOf(job, sizeBytes),
      ...names.map((name) =>
        units.formatNumber(figureOf(job, sizeBytes, ({ result }) => result.messageUs[name]).value)
      ),
      ...(isLogged ? [rarest(samplesOf(job, sizeBytes)!)] : []),
    ]),
  };
}

function countOf(job: Job, sizeBytes: number): string {
  const counts = job.rounds.map((round) => figuresAt(round, sizeBytes)?.result.messageUs.n ?? 0);
  return String(sum(counts));
}

/** As for the others: at least one sample has to lie beyond it. */
function rarest(samples: readonly number[]): string {
  return units.formatNumber(samples.length < 1000 ? null : quantile(samples, 0.999));
}
