/**
 * How the cost grows with the message.
 *
 * @module
 */
import { drawChart } from "../chart.ts";
import { type Curve, curveOverSizes, LINES_HEIGHT, sizesChart } from "../charts_by_number.ts";
import type { Section, Table } from "../content.ts";
import { figureOf, medianMessage } from "../figures.ts";
import { sizesOf } from "../jobs.ts";
import { type Panel, panelsOf, type Part } from "../panels.ts";
import * as units from "../units.ts";

/** The section for one mode; null with fewer than two sizes. */
export function sizesSection({ id, jobs }: Part): Section | null {
  if (sizesOf(jobs).length < 2) return null;
  const curves = jobs.map((job) => curveOverSizes(job, medianMessage)).filter(({ points }) =>
    points.length > 0
  );
  const range = curves.flatMap(({ points }) => points.map(([, us]) => us));
  const panels = panelsOf(curves.map(({ job }) => job));
  const charts = panels.map((panel) => {
    const own = curves.filter(({ job }) => panel.jobs.includes(job));
    return drawChart({
      id: `${id}-sizes-${panel.id}`,
      title: `By size, ${panel.title}`,
      description: `From the smallest size to the largest: ${units.listOf(own.map(describe))}.`,
      height: LINES_HEIGHT,
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
      tables: panels.map(sizesTable),
      open: false,
    },
  };
}

function describe({ job, points }: Curve): string {
  const [first, last] = [points[0]![1], points.at(-1)![1]];
  return `${job.label} from ${units.formatDuration(first)} to ${units.formatDuration(last)}`;
}

function sizesTable({ title, jobs }: Panel): Table {
  return {
    caption: `Median time per message in µs, ${title}`,
    head: ["bytes", ...jobs.map(({ label }) => label)],
    rows: sizesOf(jobs).map((sizeBytes) => [
      String(sizeBytes),
      ...jobs.map((job) => units.formatNumber(figureOf(job, sizeBytes, medianMessage).value)),
    ]),
  };
}
