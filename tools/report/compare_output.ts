/**
 * A comparison as text for people, and as JSON for programs.
 *
 * @module
 */
import { formatTable } from "../../common/cli/table.ts";
import { visibleJson } from "../../common/base/visible.ts";
import type { Change, Comparison, LaneChanges } from "./compare.ts";
import { ENOUGH_LANES } from "./drift.ts";
import { MIN_ROUNDS } from "./inference.ts";
import { formatDuration, listOf, NONE } from "./units.ts";

/** Formats a comparison; sizes are listed where they changed, or all if asked for. */
export function formatComparison(comparison: Comparison, everySize: boolean): string {
  const { lanes, onlyBefore, onlyAfter } = comparison;
  const rows = lanes.flatMap((lane) =>
    lane.changes.filter((change, i) => i === 0 || everySize || isSignificant(change))
      .map((change) => rowOf(lane, change))
  );
  const head = ["lane", "size", "before", "after", "change", "95 % interval", "p", "verdict"];
  const notes = [
    ...driftNotes(lanes),
    ...roundNotes(lanes),
    ...noiseNotes(comparison),
    ...(onlyBefore.length ? [`Only in the first document: ${listOf(onlyBefore)}.`] : []),
    ...(onlyAfter.length ? [`Only in the second document: ${listOf(onlyAfter)}.`] : []),
  ];
  const table = rows.length > 0 ? formatTable([head, ...rows]) : "No lane is in both documents.";
  return `${[table, "", ...notes].join("\n").trimEnd()}\n`;
}

function isSignificant({ verdict }: Change): boolean {
  return verdict === "slower" || verdict === "faster";
}

function rowOf({ job }: LaneChanges, change: Change): string[] {
  const { sizeBytes, beforeUs, afterUs, ratio, interval, probability } = change;
  return [
    job.reply ? job.name : `${job.name}, one way`,
    sizeBytes === null ? "all" : String(sizeBytes),
    formatDuration(beforeUs),
    formatDuration(afterUs),
    percentOf(ratio),
    interval ? `${percentOf(interval.low)} to ${percentOf(interval.high)}` : NONE,
    probability === null ? NONE : probability.toFixed(3),
    change.isRegression ? "SLOWER, beyond the bound" : change.verdict,
  ];
}

function percentOf(ratio: number): string {
  const percent = (ratio - 1) * 100;
  return `${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`;
}

function driftNotes(lanes: readonly LaneChanges[]): string[] {
  const notes: string[] = [];
  const known = lanes.filter(({ driftFrom }) => driftFrom);
  if (known.length > 0) {
    notes.push(
      "The machine's drift was taken out of the changes, not of the times: it is the median of " +
        "the other lanes, round by round; of those with the same kind of I/O where there are " +
        `at least ${ENOUGH_LANES}.`,
    );
  }
  const unsure = known.filter(({ driftFrom }) => driftFrom!.length < ENOUGH_LANES);
  if (unsure.length > 0) {
    const names = listOf(unsure.map(({ job }) => job.name));
    notes.push(
      `Fewer than ${ENOUGH_LANES} other lanes show the drift of ${names}: where one lane changes, ` +
        "the others seem to change the other way.",
    );
  }
  const unknown = lanes.filter(({ driftFrom }) => !driftFrom);
  if (unknown.length > 0) {
    notes.push(
      `Drift was not taken out for ${listOf(unknown.map(({ job }) => job.name))}: a change has ` +
        "to exceed how far the rounds wander there, and may still be the machine's.",
    );
  }
  return notes;
}

function roundNotes(lanes: readonly LaneChanges[]): string[] {
  const few = lanes.filter(({ changes }) =>
    changes.some(({ verdict }) => verdict === "too few rounds")
  );
  if (few.length === 0) return [];
  const names = few.map(({ job, rounds }) => `${job.name} (${rounds.before}, ${rounds.after})`);
  return [
    `Too few rounds for a statement about ${listOf(names)}: ${MIN_ROUNDS} are needed on each side.`,
  ];
}

/** That nothing was found says little where little could have been found. */
function noiseNotes({ lanes, boundPercent }: Comparison): string[] {
  const noisy = lanes.flatMap(({ job, changes: [change] }) =>
    change?.detectable && change.detectable > 1 + boundPercent / 100 && !isSignificant(change)
      ? [`${job.name} (${percentOf(change.detectable)})`]
      : []
  );
  if (noisy.length === 0) return [];
  return [
    `The rounds scatter too much to be sure of finding ${boundPercent} %. What would be found: ` +
    `${listOf(noisy)}. Measure more rounds, or on a quieter machine.`,
  ];
}

/** A comparison as a document. */
export function comparisonJson(
  comparison: Comparison,
  paths: { before: string; after: string },
): string {
  const lanes = comparison.lanes.map(({ job, rounds, driftFrom, changes }) => ({
    ...{ lane: job.rounds[0]!.run.lane, resume: job.resume, connect: job.connect },
    ...{ reply: job.reply, clients: job.clients },
    ...{ rounds, driftFrom, changes },
  }));
  const { onlyBefore, onlyAfter, boundPercent } = comparison;
  const document = {
    ...{ schemaVersion: 1, tool: "netpairs", kind: "comparison" },
    ...{ ...paths, boundPercent, onlyBefore, onlyAfter, lanes },
  };
  return visibleJson(document);
}
