import { Distribution, type Summary } from "./statistics.ts";
import { assert, assertEquals, assertGreater } from "../testing/assert.ts";
import { seededRandom } from "../testing/fake_random.ts";

function summaryOf(values: Iterable<number>): Summary {
  const series = new Distribution();
  for (const us of values) series.record(us);
  return series.summary();
}

/** 1, 2, ... n microseconds. */
function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

Deno.test("Distribution.summary() of nothing has no figures", () => {
  assertEquals(summaryOf([]), {
    n: 0,
    min: null,
    p50: null,
    p90: null,
    p99: null,
    max: null,
    mean: null,
    stddev: null,
  });
});

Deno.test("Distribution.summary() of one sample has neither percentile nor deviation", () => {
  assertEquals(summaryOf([97.5]), {
    n: 1,
    min: 97.5,
    p50: null,
    p90: null,
    p99: null,
    max: 97.5,
    mean: 97.5,
    stddev: null,
  });
});

/** Number of samples, and which of p50, p90, p99 it supports: one sample has to lie beyond. */
const SUPPORT: [number, boolean, boolean, boolean][] = [
  [1, false, false, false],
  [2, true, false, false],
  [9, true, false, false],
  [10, true, true, false],
  [99, true, true, false],
  [100, true, true, true],
];

for (const [n, ...supported] of SUPPORT) {
  Deno.test(`Distribution.summary() of ${n} samples gives the percentiles they support`, () => {
    const { p50, p90, p99 } = summaryOf(upTo(n));
    assertEquals([p50, p90, p99].map((us) => us !== null), supported);
  });
}

Deno.test("Distribution.summary() has a 99.9th percentile of 1000 samples, and none of fewer", () => {
  assertEquals(Object.hasOwn(summaryOf(upTo(999)), "p999"), false);
  const { p99, p999, max } = summaryOf(upTo(1000));
  assertEquals([p99, p999, max].map((us) => Math.round(us!)), [990, 999, 1000]);
});

Deno.test("Distribution.add() makes of two series what their samples make of one", () => {
  const random = seededRandom();
  const values = Array.from({ length: 3000 }, () => 10 ** (random() * 5));
  for (const cut of [0, 1, 1500, 3000]) {
    const parts = [values.slice(0, cut), values.slice(cut)].map((part) => {
      const series = new Distribution();
      for (const us of part) series.record(us);
      return series;
    });
    parts[0]!.add(parts[1]!);
    const [added, whole] = [parts[0]!.summary(), summaryOf(values)];
    assertGreater(0.01, Math.abs(added.mean! - whole.mean!));
    assertGreater(0.01, Math.abs(added.stddev! - whole.stddev!));
    assertEquals({ ...added, mean: 0, stddev: 0 }, { ...whole, mean: 0, stddev: 0 });
  }
});

Deno.test("Distribution.atRank() is the sample that comes so far from the smallest", () => {
  const series = new Distribution();
  for (const us of [30, 10, 20, 20]) series.record(us);
  assertEquals([1, 2, 3, 4].map((rank) => Math.round(series.atRank(rank))), [10, 20, 20, 30]);
});

Deno.test("Distribution.deviationUs is that of its samples, and 0 of none", () => {
  const series = new Distribution();
  assertEquals([series.meanUs, series.deviationUs], [0, 0]);
  for (const us of [2, 4, 4, 4, 5, 5, 7, 9]) series.record(us);
  assertEquals([series.meanUs, series.deviationUs], [5, 2]);
});

Deno.test("Distribution.summary() has exact minimum, maximum, mean and deviation", () => {
  const { n, min, max, mean, stddev } = summaryOf([2, 4, 4, 4, 5, 5, 7, 9]);
  // The squares of the distances to 5 come to 32; 32 / 7 is the variance of a sample of 8.
  assertEquals({ n, min, max, mean, stddev }, { n: 8, min: 2, max: 9, mean: 5, stddev: 2.138 });
});

Deno.test("Distribution.summary() rounds to nanoseconds", () => {
  const { min, max, mean } = summaryOf([1.00049, 2.0006]);
  assertEquals({ min, max, mean }, { min: 1, max: 2.001, mean: 1.501 });
});

Deno.test("Distribution.summary() of equal samples is that sample", () => {
  const { p50, p90, p99, stddev } = summaryOf(Array(100).fill(123.456));
  assertEquals({ p50, p90, p99, stddev }, { p50: 123.456, p90: 123.456, p99: 123.456, stddev: 0 });
});

Deno.test("Distribution.summary() keeps percentiles between minimum and maximum", () => {
  const { min, p50, p99, max } = summaryOf([...Array(99).fill(1000.001), 1000.002]);
  assert(p50! >= min! && p50! <= max!);
  assert(p99! >= min! && p99! <= max!);
});

Deno.test("Distribution.summary() takes durations of zero and of hours", () => {
  const { min, p50, max } = summaryOf([0, 0, 7_200_000_000]);
  assertEquals({ min, max }, { min: 0, max: 7_200_000_000 });
  // The histogram's unit is a nanosecond.
  assert(p50 !== null && p50 <= 0.001);
});

Deno.test("Distribution.summary() can be read while samples are still coming", () => {
  const series = new Distribution();
  series.record(10);
  assertEquals(series.summary().mean, 10);
  series.record(20);
  assertEquals([series.n, series.summary().mean, series.summary().n], [2, 15, 2]);
});

Deno.test("Distribution keeps its deviation apart from a large mean", () => {
  const { stddev } = summaryOf([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
  assertEquals(stddev, 5.477);
});

/** The sample at a percentile's rank, counted from 1: the smallest that this share reaches. */
function exactPercentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.ceil(sorted.length * percent / 100) - 1]!;
}

Deno.test("Distribution.summary() has percentiles within 0.1 % of the exact ones", () => {
  const random = seededRandom();
  for (const n of [100, 1000, 2199, 20_000]) {
    // Spread over decades, from microseconds to a second, as waits on a network are.
    const values = Float64Array.from({ length: n }, () => 10 ** (random() * 6));
    const summary = summaryOf(values);
    const sorted = values.toSorted();
    for (const [percent, us] of [[50, summary.p50], [90, summary.p90], [99, summary.p99]]) {
      const exact = exactPercentile(sorted, percent!);
      const error = Math.abs(us! - exact) / exact;
      assertGreater(0.001, error, `p${percent} of ${n}: ${us} for ${exact}`);
    }
  }
});

Deno.test("Distribution.summary() has the exact figures of a random series", () => {
  const random = seededRandom();
  const values = Float64Array.from({ length: 5000 }, () => 1 + random() * 10_000);
  const mean = values.reduce((sum, us) => sum + us, 0) / values.length;
  const squares = values.reduce((sum, us) => sum + (us - mean) ** 2, 0);
  const summary = summaryOf(values);
  assertEquals(summary.min, Math.round(Math.min(...values) * 1000) / 1000);
  assertEquals(summary.max, Math.round(Math.max(...values) * 1000) / 1000);
  assertGreater(0.002, Math.abs(summary.mean! - mean));
  assertGreater(0.002, Math.abs(summary.stddev! - Math.sqrt(squares / (values.length - 1))));
});

Deno.test("Distribution.add() makes of two series what one of all durations is", () => {
  const random = seededRandom();
  const values = Float64Array.from({ length: 3000 }, () => 1 + random() * 10_000);
  const [all, small, large] = [new Distribution(), new Distribution(), new Distribution()];
  for (const us of values) {
    all.record(us);
    (us < 2000 ? small : large).record(us);
  }
  const sum = new Distribution();
  for (const part of [small, new Distribution(), large]) sum.add(part);
  const { mean, stddev, ...exact } = all.summary();
  const { mean: itsMean, stddev: itsStddev, ...its } = sum.summary();
  assertEquals(its, exact);
  assertGreater(0.002, Math.abs(itsMean! - mean!));
  assertGreater(0.002, Math.abs(itsStddev! - stddev!));
});
