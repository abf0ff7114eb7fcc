/**
 * What went wrong on the lanes of a run, each thing said once.
 *
 * @module
 */
import { listOf } from "../report/units.ts";
import type { LaneReport } from "./job.ts";

/** So many lanes are named in a line. */
const MAX_NAMES = 4;

/** A line for each reason, with the lanes that it stopped. */
export function failureLines(reports: readonly LaneReport[]): string[] {
  const lanes = new Map<string, Set<string>>();
  for (const { job, failure } of reports) {
    if (failure) lanes.set(failure, (lanes.get(failure) ?? new Set()).add(job.name));
  }
  const count = new Set(reports.map(({ job }) => job.name)).size;
  return [...lanes].map(([failure, names]) => `${whoOf([...names], count)}: ${failure}`);
}

function whoOf(names: readonly string[], count: number): string {
  if (names.length === count && count > 1) return `all ${count} lanes`;
  const rest = names.length - MAX_NAMES;
  return listOf(rest > 1 ? [...names.slice(0, MAX_NAMES), `${rest} more`] : names);
}

/** What is there of a run that was interrupted. */
export function interruptedLine(
  reports: readonly LaneReport[],
  lanes: number,
  rounds: number,
): string {
  const good = new Map<string, number>();
  for (const { job, ok } of reports) {
    if (ok) good.set(job.name, (good.get(job.name) ?? 0) + 1);
  }
  const complete = [...good.values()].filter((count) => count === rounds).length;
  const verb = complete === 1 ? "is" : "are";
  return `interrupted; the results are partial: ${complete} of ${lanes} lanes ${verb} complete`;
}
