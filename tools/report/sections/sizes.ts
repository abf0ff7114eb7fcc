/**
 * How the cost grows with the message.
 *
 * @module
 */
import { drawChart } from "../chart.ts";
import { type Curve, linesHeight, pointsOverSizes, sizesChart } from "../charts_by_number.ts";
import type { Section, Table } from "../content.ts";
import { figureOf, medianMessage } from "../figures.ts";
import { type Job, sizesOf } from "../jobs.ts";
import { type Panel, panelsOf, type Part } from "../panels.ts";
import { withFailure } from "../failures.ts";
import * as units from "../units.ts";
import { nameOf } from "../lane_rows.ts";

/** The section for one mode; null with fewer than two sizes. */
export function sizesSection({ id, jobs }: Part): Section | null {
  if (sizesOf(jobs).length < 2) return null;
  const curves = jobs.map((job): Curve => ({
    ...{ job, name: nameOf(job, jobs), hasMarks: true },
    points: pointsOverSizes(job, medianMessage),
  })).filter(({ points }) => points.length > 0);
  const range = curves.flatMap(({ points }) => points.map(([, us]) => us));
  const charts = panelsOf(curves.map(({ job }) => job)).map((panel) => {
    const own = curves.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-sizes-${panel.id}`,
      title: `By size, ${panel.title}`,
      description: `From the smallest size to the largest: ${units.listOf(own.map(describe))}.`,
      height: linesHeight(own.length),
      option: sizesChart(own, range),
    });
  });
  return {
    id: `${id}-sizes`,
    title: "By message size",
    paragraphs: [],
    picture: {
      charts,
      caption: "Medians. Dashed: the session was resumed. Dotted: TLS by rustls, Deno's own.",
      tables: panelsOf(jobs).map((panel) => sizesTable(panel, jobs)),
      open: false,
    },
  };
}

function describe({ name, points }: Curve): string {
  const [first, last] = [points[0]![1], points.at(-1)![1]];
  return `${name} from ${units.formatDuration(first)} to ${units.formatDuration(last)}`;
}

function sizesTable({ title, jobs }: Panel, all: readonly Job[]): Table {
  return {
    caption: `Median time per message in µs, ${title}`,
    head: ["bytes", ...jobs.map((job) => withFailure(nameOf(job, all), job))],
    rows: sizesOf(jobs).map((sizeBytes) => [
      String(sizeBytes),
      ...jobs.map((job) => units.formatNumber(figureOf(job, sizeBytes, medianMessage).value)),
    ]),
  };
}
