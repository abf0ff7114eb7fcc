/**
 * The distribution of times as a text that HdrHistogram's plotter reads, and wrk2 writes: what
 * `outputPercentileDistribution` of hdrhistogram.org makes of a histogram.
 *
 * @module
 */
import { Distribution, HIGHEST_NS } from "./statistics.ts";

/** So many lines for each half of what is left to 100 %. */
const TICKS_PER_HALF = 5;

/** Of a histogram with three significant digits: the power of two that 2 * 10^3 fits into. */
const SUB_BUCKETS = 2048;

/** The percentiles of a series, with 5 lines for each half of the distance to 100 %. */
export function formatHgrm(series: Distribution): string {
  const { n, meanUs, deviationUs } = series;
  const maxUs = n > 0 ? series.atRank(n) : 0;
  return [
    columns("Value", "Percentile", "TotalCount", "1/(1-Percentile)"),
    "",
    ...linesOf(series),
    `#[Mean    = ${wide(meanUs)}, StdDeviation   = ${wide(deviationUs)}]`,
    `#[Max     = ${wide(maxUs)}, Total count    = ${String(n).padStart(12)}]`,
    `#[Buckets = ${String(bucketCount()).padStart(12)}, SubBuckets     = ${
      String(SUB_BUCKETS).padStart(12)
    }]`,
    "",
  ].join("\n");
}

/**
 * The same of durations in microseconds.
 *
 * @example
 * ```ts
 * const lines = hgrmOf([10, 20, 30]).split("\n");
 * if (lines[0] !== "       Value     Percentile TotalCount 1/(1-Percentile)") throw new Error();
 * if (lines[2] !== "      10.007 0.000000000000          1           1.00") throw new Error();
 * ```
 */
export function hgrmOf(durationsUs: Iterable<number>): string {
  const series = new Distribution();
  for (const us of durationsUs) series.record(us);
  return formatHgrm(series);
}

/** A line for each percentile, up to the first that is the largest value, and one for 100 %. */
function linesOf(series: Distribution): string[] {
  const { n } = series;
  const lines: string[] = [];
  let us = 0;
  let count = 0;
  for (let percent = 0; count < n; percent = nextPercent(percent)) {
    // Several percentiles may be the same value.
    if (100 * count < percent * n || count === 0) {
      us = series.atRank(Math.max(Math.ceil(percent * n / 100), 1));
      count = countUpTo(series, us, count);
    }
    const level = percent / 100;
    const inverse = fixed(1 / (1 - level), 2);
    lines.push(columns(fixed(us, 3), fixed(level, 12), String(count), inverse));
  }
  if (n > 0) lines.push(columns(fixed(us, 3), fixed(1, 12), String(n)));
  return lines;
}

/** HdrHistogram's next one: the steps become shorter with every half of the way to 100 %. */
function nextPercent(percent: number): number {
  const halves = Math.trunc(Math.log(100 / (100 - percent)) / Math.log(2)) + 1;
  return percent + 100 / (TICKS_PER_HALF * 2 ** halves);
}

/** How many samples are not more than that; at least `count` are, and one more. */
function countUpTo(series: Distribution, us: number, count: number): number {
  let [low, high] = [count + 1, series.n];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (series.atRank(middle) <= us) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Each has twice the values of the one before, until the longest duration is among them. */
function bucketCount(): number {
  return Math.floor(Math.log2(HIGHEST_NS / SUB_BUCKETS)) + 2;
}

function columns(value: string, percentile: string, count: string, inverse?: string): string {
  const line = `${value.padStart(12)} ${percentile.padStart(14)} ${count.padStart(10)}`;
  return inverse === undefined ? line : `${line} ${inverse.padStart(14)}`;
}

function wide(us: number): string {
  return fixed(us, 3).padStart(12);
}

/** As Java's formats do it, which round the shortest decimal digits of a number. */
function fixed(value: number, digits: number): string {
  return new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  }).format(value);
}
