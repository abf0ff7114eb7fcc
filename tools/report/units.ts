/**
 * Numbers as text, for people. What was not measured is a dash.
 *
 * @module
 */
import type { Interval } from "./inference.ts";

type MaybeNumber = number | null | undefined;

/** What stands for a figure that is not there. */
export const NONE = "-";

/** Three significant digits, and all digits of what is longer. */
export function formatNumber(value: MaybeNumber): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  return value.toFixed(size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** A duration in the unit that suits it. */
export function formatDuration(us: MaybeNumber): string {
  if (us === null || us === undefined) return NONE;
  if (us >= 1e6) return `${formatNumber(us / 1e6)} s`;
  return us >= 1000 ? `${formatNumber(us / 1000)} ms` : `${formatNumber(us)} µs`;
}

/** A part of 1 in percent. */
export function formatPercent(part: MaybeNumber): string {
  return part === null || part === undefined ? NONE : `${formatNumber(part * 100)} %`;
}

/** A count. */
export function formatCount(count: MaybeNumber): string {
  return count === null || count === undefined ? NONE : String(count);
}

/** An interval's two ends. */
export function formatInterval(interval: Interval | null): string {
  return interval ? `${formatNumber(interval.low)} to ${formatNumber(interval.high)}` : NONE;
}

/** A message size. */
export function formatBytes(sizeBytes: number): string {
  return `${sizeBytes} ${sizeBytes === 1 ? "byte" : "bytes"}`;
}

/** Words as a list: "a, b and c". */
export function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
