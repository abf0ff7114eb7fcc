/**
 * A comparison as a page: both documents' distributions over each other, and the table.
 *
 * @module
 */
import { ALL_SIZES } from "./all_sizes.ts";
import { type Chart, drawChart } from "./chart.ts";
import { linesHeight, shareChart } from "./charts_by_number.ts";
import type { Change, Comparison, LaneChanges } from "./compare.ts";
import { byMode, conclusionOf, formatChange, formatMode, notesOf } from "./compare_notes.ts";
import type { Report, Section, Table } from "./content.ts";
import type { Source } from "./jobs.ts";
import { formatPage } from "./page.ts";
import { environmentTable } from "./sections/method.ts";
import { samplesOf, sharePoints } from "./share_curves.ts";
import * as units from "./units.ts";

/** What every such page is called; a file that bears it was made here. */
export const COMPARISON_TITLE = "What has changed between two runs";

const READING = "Grey and dashed: the first document. Read from left to right: at 90 %, one " +
  "message of ten takes longer than the line says; at 99 %, one of a hundred. A curve shows all " +
  "messages as they were, the machine's drift included.";

const METHOD: readonly string[] = [
  "Before and after are the median message of all sizes together, median over rounds, as a report " +
  "of each document shows it; the change is between these two.",
  "A lane's own change is the ratio of the rounds' geometric means, the machine's drift taken out " +
  "round by round; its interval is a bootstrap over rounds.",
  "A lane is slower or faster where a permutation test over rounds says so (5 % false findings for " +
  "the whole comparison, 5 % granted to drift); unchanged where a change as large as the bound " +
  "would have been found, and the interval has none in it; inconclusive in all other cases.",
];

/** The page. */
export function formatComparisonPage(comparison: Comparison, sources: readonly Source[]): string {
  return formatPage(comparisonReport(comparison, sources));
}

/** What the page says. */
export function comparisonReport(comparison: Comparison, sources: readonly Source[]): Report {
  const blocks = byMode(comparison.lanes);
  return {
    title: COMPARISON_TITLE,
    subtitle: sources.map(({ path, document: { startedAt } }) =>
      `${path}, measured ${startedAt.replace("T", " ").slice(0, 16)} UTC`
    ).join("; "),
    answer: [conclusionOf(comparison)],
    warnings: notesOf(comparison),
    sections: [
      ...blocks.map((lanes, i) => modeSection(`mode${i + 1}`, lanes)),
      methodSection(sources),
    ],
  };
}

function modeSection(id: string, lanes: readonly LaneChanges[]): Section {
  const isLogged = lanes.every(isLoggedLane);
  const source = isLogged
    ? "Every message of all rounds, from the logs."
    : "Where a lane's logs do not lie beside both documents, straight lines stand between the few " +
      "points that the documents have.";
  return {
    id: `${id}-changes`,
    title: `Both runs, ${formatMode(lanes[0]!.job)}`,
    paragraphs: [],
    picture: {
      charts: lanes.flatMap((lane, i) => chartOf(`${id}-lane${i + 1}`, lane) ?? []),
      caption: `${READING} ${source}`,
      tables: [changesTable(lanes)],
      open: true,
    },
  };
}

function isLoggedLane({ job, jobAfter }: LaneChanges): boolean {
  return [job, jobAfter].every((one) => samplesOf(one, ALL_SIZES) !== null);
}

/** Null where the documents tell nothing of all sizes together. */
function chartOf(id: string, lane: LaneChanges): Chart | null {
  const { job, jobAfter, changes: [change] } = lane;
  const isLogged = isLoggedLane(lane);
  const curves = [
    { job, name: "before", isBackdrop: true },
    { job: jobAfter, name: "after" },
  ].map((curve) => {
    const samples = isLogged ? samplesOf(curve.job, ALL_SIZES) : null;
    return { ...curve, ...sharePoints(curve.job, ALL_SIZES, samples) };
  });
  if (curves.some(({ points }) => points.length < 2)) return null;
  const range = curves.flatMap(({ points }) => points.map(([, us]) => us));
  const worst = curves.map(({ points }) => units.formatDuration(points.at(-1)![1]));
  const { beforeUs, afterUs, plainRatio, ratio } = change!;
  return drawChart({
    id,
    title: `${job.name}: ${wordOf(change!)}`,
    description: `How long messages take over ${job.name} in both documents, from the fastest to ` +
      `the slowest. The median message went from ${units.formatDuration(beforeUs)} to ` +
      `${units.formatDuration(afterUs)} (${formatChange(plainRatio)}; the lane's own change ` +
      `${formatChange(ratio)}); the right ends of the lines are ${worst[0]} and ${worst[1]}.`,
    height: linesHeight(curves.length),
    option: shareChart(curves, range),
  });
}

function wordOf({ isRegression, verdict }: Change): string {
  return isRegression ? "slower, beyond the bound" : verdict;
}

function changesTable(lanes: readonly LaneChanges[]): Table {
  return {
    caption: "What has changed: medians over rounds of the median message, and the lane's own " +
      "change with the machine's drift taken out",
    head: [
      ...["lane", "size", "rounds", "before", "after", "change"],
      ...["own change", "95 % interval", "would be found", "p", "verdict"],
    ],
    rows: lanes.flatMap((lane) => lane.changes.map((change) => rowOf(lane, change))),
  };
}

function rowOf({ job, rounds }: LaneChanges, change: Change): string[] {
  const { sizeBytes, beforeUs, afterUs, plainRatio, ratio, interval, detectable } = change;
  return [
    job.name,
    sizeBytes === null ? "all" : units.formatBytes(sizeBytes),
    `${rounds.before}, ${rounds.after}`,
    units.formatDuration(beforeUs),
    units.formatDuration(afterUs),
    formatChange(plainRatio),
    formatChange(ratio),
    interval ? `${formatChange(interval.low)} to ${formatChange(interval.high)}` : units.NONE,
    detectable === null ? units.NONE : formatChange(detectable),
    change.probability === null ? units.NONE : change.probability.toFixed(3),
    wordOf(change),
  ];
}

function methodSection(sources: readonly Source[]): Section {
  return {
    id: "method",
    title: "Machine and method",
    paragraphs: METHOD,
    picture: { charts: [], caption: "", tables: [environmentTable(sources)], open: true },
  };
}
