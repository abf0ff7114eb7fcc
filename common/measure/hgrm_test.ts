import { build } from "hdr-histogram-js";
import { formatHgrm, hgrmOf } from "./hgrm.ts";
import { Distribution, HIGHEST_NS } from "./statistics.ts";
import { assert, assertEquals, assertGreater } from "../testing/assert.ts";
import { seededRandom } from "../testing/fake_random.ts";

/** What HdrHistogram's own port makes of durations in microseconds, in nanoseconds as here. */
function theirs(durationsUs: readonly number[]): string {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  });
  for (const us of durationsUs) histogram.recordValue(Math.max(Math.round(us * 1000), 1));
  return histogram.outputPercentileDistribution(5, 1000, false);
}

/** Numbers of a text, in their order. */
function numbersOf(text: string): number[] {
  return [...text.matchAll(/[0-9.]+/g)].map(([number]) => Number(number));
}

/** Within three significant digits, of what is said where it is another number. */
function assertNear(ours: number, others: number, what: string, of = others): void {
  assert(Math.abs(ours - others) <= of * 0.001 + 0.001, `${what}: ${ours} for ${others}`);
}

Deno.test("hgrmOf() writes the lines that HdrHistogram writes", () => {
  const random = seededRandom();
  for (const n of [1, 2, 3, 9, 10, 100, 999, 1000, 20_000]) {
    // From fractions of a microsecond to seconds, some of them the same.
    const values = Array.from({ length: n }, () => Math.round(10 ** (random() * 7 - 1) * 10) / 10);
    const [ours, others] = [hgrmOf(values), theirs(values)].map((text) => text.split("\n"));
    assertEquals(ours!.slice(0, -4), others!.slice(0, -4), `${n} samples`);
    // The port gives the mean and the deviation of the middles of ranges, and the exact maximum.
    for (const [i, line] of ours!.slice(-4).entries()) {
      const other = others!.at(i - 4)!;
      assertEquals(line.replace(/[0-9]/g, " "), other.replace(/[0-9]/g, " "));
      const all = numbersOf(other);
      for (const [k, number] of numbersOf(line).entries()) {
        // Digits of a deviation are as many as the samples' own, and not as its: of two samples that
        // are near each other the middles of their ranges are apart by more or less.
        const of = line.includes("StdDeviation") && k === 1 ? Math.hypot(...all) : all[k];
        assertNear(number, all[k]!, `${n} samples, ${line}`, of);
      }
    }
  }
});

Deno.test("hgrmOf() writes the maximum and the counts of many equal samples", () => {
  const lines = hgrmOf(Array(5000).fill(100)).split("\n");
  assertEquals(lines.slice(2, 4), [
    "     100.031 0.000000000000       5000           1.00",
    "     100.031 1.000000000000       5000",
  ]);
  assertEquals(lines.slice(4), [
    "#[Mean    =      100.000, StdDeviation   =        0.000]",
    "#[Max     =      100.031, Total count    =         5000]",
    "#[Buckets =           32, SubBuckets     =         2048]",
    "",
  ]);
});

Deno.test("hgrmOf() of nothing has no percentiles", () => {
  assertEquals(hgrmOf([]), theirs([]));
});

Deno.test("formatHgrm() is read by the plotter's rules as the percentiles that there are", () => {
  const random = seededRandom();
  const series = new Distribution();
  for (let i = 0; i < 5000; i++) series.record(100 + random() * 10_000);
  // The plotter takes lines of four numbers, and leaves out comments and the line of 100 %.
  const rows = formatHgrm(series).split("\n")
    .filter((line) => !line.startsWith("#") && /^ *[0-9]/.test(line))
    .map((line) => line.trim().split(/ +/).map(Number))
    .filter(({ length }) => length === 4);
  assertGreater(rows.length, 30);
  const { p50, p90, p99 } = series.summary();
  for (const [percentile, us] of [[0.5, p50], [0.9, p90]] as const) {
    assertNear(rows.find(([, p]) => p === percentile)![0]!, us!, `p${percentile}`);
  }
  const after = rows.find(([, p]) => p! >= 0.99)![0]!;
  assert(after >= p99!, `${after} for ${p99}`);
  for (const [i, [us, percentile, count, inverse]] of rows.entries()) {
    const [usBefore, , countBefore] = rows[i - 1] ?? [0, 0, 0];
    assert(us! >= usBefore! && count! >= countBefore!, `row ${i}`);
    assert(count! >= percentile! * 5000 - 1e-6, `row ${i}`);
    assert(Math.abs(inverse! - 1 / (1 - percentile!)) <= 0.01, `row ${i}`);
  }
});
