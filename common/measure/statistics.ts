/**
 * What a series of durations comes to.
 *
 * @module
 */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** The figures of one series, in microseconds; null is a figure that the series cannot give. */
export interface Summary {
  /** Number of samples. */
  n: number;
  min: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  /** Absent where there are fewer than 1000 samples. */
  p999?: number;
  max: number | null;
  mean: number | null;
  /** Of the sample, with n - 1. */
  stddev: number | null;
}

/** The percentiles that every series has, by their names in a {@linkcode Summary}. */
export const PERCENTILES = ["p50", "p90", "p99"] as const;

/** One of {@linkcode PERCENTILES}. */
export type Percentile = typeof PERCENTILES[number];

/** Longest duration told apart: one hour, in nanoseconds. */
export const HIGHEST_NS = 3_600_000_000_000;

/**
 * A series of durations. Percentiles come from an HDR histogram with three significant digits
 * (hdrhistogram.org), all other figures from the samples themselves.
 *
 * @example
 * ```ts
 * const series = new Distribution();
 * for (const us of [10, 20, 30]) series.record(us);
 * const { n, min, p50, p99, mean } = series.summary();
 * if (n !== 3 || min !== 10 || p50 === null || mean !== 20) throw new Error("wrong");
 * if (p99 !== null) throw new Error("three samples have no 99th percentile");
 * ```
 */
export class Distribution {
  readonly #histogram: RecordableHistogram = createHistogram({ highest: HIGHEST_NS, figures: 3 });
  #n = 0;
  #min = Infinity;
  #max = 0;
  #mean = 0;
  #squares = 0;

  /** Adds one duration in microseconds. */
  record(us: number): void {
    this.#histogram.record(Math.min(Math.max(Math.round(us * 1000), 1), HIGHEST_NS));
    this.#n++;
    if (us < this.#min) this.#min = us;
    if (us > this.#max) this.#max = us;
    // Welford's method: numerically sound in one pass.
    const delta = us - this.#mean;
    this.#mean += delta / this.#n;
    this.#squares += delta * (us - this.#mean);
  }

  /** Adds all durations of another series. */
  add(other: Distribution): void {
    if (other.#n === 0) return;
    this.#histogram.add(other.#histogram);
    const n = this.#n + other.#n;
    // Chan, Golub and LeVeque's method: as sound as Welford's, for two parts.
    const delta = other.#mean - this.#mean;
    this.#mean += delta * other.#n / n;
    this.#squares += other.#squares + delta * delta * this.#n * other.#n / n;
    this.#n = n;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Number of samples. */
  get n(): number {
    return this.#n;
  }

  /** The mean in microseconds; 0 of no samples. */
  get meanUs(): number {
    return this.#mean;
  }

  /** The deviation of these samples from their mean, with n; 0 of no samples. */
  get deviationUs(): number {
    return this.#n > 0 ? Math.sqrt(this.#squares / this.#n) : 0;
  }

  /**
   * The sample at a rank, as the histogram has it: the highest value that it does not tell apart.
   *
   * @param rank from 1 for the smallest to n for the largest
   * @returns microseconds
   */
  atRank(rank: number): number {
    return this.#histogram.percentile((rank - 0.5) / this.#n * 100) / 1000;
  }

  /** All figures, rounded to nanoseconds. */
  summary(): Summary {
    const n = this.#n;
    const p999 = this.#percentile(999);
    return {
      n,
      min: n > 0 ? round(this.#min) : null,
      p50: this.#percentile(500),
      p90: this.#percentile(900),
      p99: this.#percentile(990),
      ...(p999 === null ? {} : { p999 }),
      max: n > 0 ? round(this.#max) : null,
      mean: n > 0 ? round(this.#mean) : null,
      stddev: n > 1 ? round(Math.sqrt(this.#squares / (n - 1))) : null,
    };
  }

  /**
   * A percentile wants at least one sample beyond it: 2 for the 50th, 10 for the 90th, 100 for
   * the 99th, 1000 for the 99.9th; with fewer it would be the maximum under another name.
   */
  #percentile(perMille: number): number | null {
    if (this.#n * (1000 - perMille) < 1000) return null;
    const us = this.atRank(Math.ceil(this.#n * perMille / 1000));
    return round(Math.min(Math.max(us, this.#min), this.#max));
  }
}

function round(us: number): number {
  return Math.round(us * 1000) / 1000;
}
