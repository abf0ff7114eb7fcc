/**
 * A comparison as text for people, and as JSON for programs.
 *
 * @module
 */
import { visibleJson } from "../../common/base/visible.ts";
import { formatTable } from "../../common/cli/table.ts";
import { wrap } from "../../common/cli/wrap.ts";
import type { BoundCheck } from "./bounds.ts";
import { type Change, type Comparison, type LaneChanges, verdictOf } from "./compare.ts";
import {
  byMode,
  conclusionOf,
  countVerdicts,
  formatMode,
  formatPoints,
  notesOf,
} from "./compare_notes.ts";
import type { Interval } from "./inference.ts";
import { formatBytes, formatDuration, NONE } from "./units.ts";

const HEAD = ["lane", "before", "after", "change", "own", "± 95 %", "verdict"];

/** What the columns are; below the table. */
const COLUMNS = "Before and after: the median message of all sizes together, median over rounds, " +
  "as a report shows it. Change: between these two. Own: the lane's own change, without the " +
  "machine's drift, and half its 95 % interval. Changes are percent.";

/**
 * Formats a comparison in 80 columns; sizes are listed where they changed, or all if asked for. The
 * last lines are one sentence.
 */
export function formatComparison(comparison: Comparison, everySize: boolean): string {
  const parts = [
    ...(comparison.lanes.length > 0 ? [tableOf(comparison, everySize)] : []),
    [...(comparison.lanes.length > 0 ? [COLUMNS] : []), ...notesOf(comparison)]
      .map((note) => wrap(note)).join("\n"),
    wrap(conclusionOf(comparison)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Rows below the name of their mode. */
function tableOf({ lanes }: Comparison, everySize: boolean): string {
  const blocks = byMode(lanes).map((own) => ({
    mode: formatMode(own[0]!.job),
    rows: own.flatMap((lane) => rowsOf(lane, everySize)),
  }));
  const [head, ...lines] = formatTable([HEAD, ...blocks.flatMap(({ rows }) => rows)]).split("\n");
  const shown = blocks.flatMap(({ mode, rows }) => [`${mode}:`, ...lines.splice(0, rows.length)]);
  return [head, ...shown].join("\n");
}

function rowsOf({ job, changes: [all, ...sizes] }: LaneChanges, everySize: boolean): string[][] {
  const listed = sizes.filter(({ verdict }) =>
    everySize || verdict === "slower" || verdict === "faster"
  );
  return [
    rowOf(job.name, all!),
    ...listed.map((change) => rowOf(`  ${formatBytes(change.sizeBytes!)}`, change)),
  ];
}

function rowOf(name: string, change: Change): string[] {
  const { beforeUs, afterUs, plainRatio, ratio, interval, isRegression, verdict } = change;
  return [
    name,
    formatDuration(beforeUs),
    formatDuration(afterUs),
    formatPoints(plainRatio),
    formatPoints(ratio),
    interval ? halfOf(interval, ratio) : NONE,
    isRegression ? "SLOWER" : verdict,
  ];
}

/** The longer half of an interval, in percent. */
function halfOf({ low, high }: Interval, ratio: number): string {
  return (Math.max(high - ratio, ratio - low) * 100).toFixed(1);
}

/** A comparison as a document. */
export function comparisonJson(
  comparison: Comparison,
  paths: { before: string; after: string },
  bounds: readonly BoundCheck[] = [],
): string {
  const lanes = comparison.lanes.map((lane) => {
    const { job, rounds, driftFrom, isPooled, changes } = lane;
    return {
      ...{ lane: job.rounds[0]!.run.lane, resume: job.resume, connect: job.connect },
      ...{ reply: job.reply, clients: job.clients },
      ...{ rounds, driftFrom, isPooled, verdict: verdictOf(lane), changes },
    };
  });
  const { onlyBefore, onlyAfter, withoutFigures, boundPercent } = comparison;
  const document = {
    ...{ schemaVersion: 1, tool: "netpairs", kind: "comparison" },
    ...{ ...paths, boundPercent, onlyBefore, onlyAfter, withoutFigures, lanes },
    ...{ counts: countVerdicts(comparison), conclusion: conclusionOf(comparison), bounds },
  };
  return visibleJson(document);
}
