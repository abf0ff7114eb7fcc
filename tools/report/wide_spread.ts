/**
 * Lanes whose figures are doubtful, in a line each.
 *
 * @module
 */
import { ALL_SIZES } from "./all_sizes.ts";
import { figureOf, medianMessage } from "./figures.ts";
import type { Job } from "./jobs.ts";
import { formatPercent, listOf } from "./units.ts";

/** (largest - smallest) / median of p50 from which on it is too wide. */
const WIDE_SPREAD = 0.25;

/** So many names at most stand in a line. */
const MAX_NAMES = 4;

/** Warns of lanes whose rounds differ a lot; empty where none does. */
export function wideSpread(jobs: readonly Job[]): string[] {
  const wide = jobs.flatMap((job) => {
    const { spread } = figureOf(job, ALL_SIZES, medianMessage);
    return spread !== null && spread > WIDE_SPREAD ? [{ job, by: spread }] : [];
  });
  return wide.length === 0 ? [] : [
    `the rounds differ a lot on ${worst(wide, formatPercent)}: trust ratios more than times; ` +
    "measure more rounds (--rounds), or on a quieter machine",
  ];
}

/** The names with the highest figures, each once, and how many more there are. */
export function worst(
  found: readonly { job: Job; by: number }[],
  format?: (by: number) => string,
): string {
  const highest = new Map<string, number>();
  for (const { job: { name, connect, protocol }, by } of found) {
    const isOpening = connect === "message" && protocol !== "udp";
    const what = isOpening ? `opening ${name}` : name;
    highest.set(what, Math.max(highest.get(what) ?? by, by));
  }
  const sorted = [...highest].sort(([, a], [, b]) => b - a);
  const names = sorted.slice(0, MAX_NAMES)
    .map(([name, by]) => format ? `${name} (${format(by)})` : name);
  const rest = sorted.length - names.length;
  return listOf(rest > 0 ? [...names, `${rest} more`] : names);
}
