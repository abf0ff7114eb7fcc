import { assert, assertEquals } from "../../common/testing/assert.ts";
import { randomNumbers } from "../../common/base/random.ts";
import { bootstrap, median, quantile, testFamily } from "./inference.ts";

Deno.test("median() and quantile() interpolate", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 2, 3]), 2.5);
  assertEquals(quantile([1, 2, 3, 4, 5], 0.25), 2);
  assertEquals(quantile([10, 20], 0.9), 19);
  assert(Number.isNaN(median([])));
});

Deno.test("bootstrap() gives an interval around the median, and none of too few rounds", () => {
  const rounds = [10, 11, 12, 13, 14, 15, 16, 17, 18];
  const interval = bootstrap([rounds], ([drawn]) => median(drawn!));
  assert(interval && interval.low >= 11 && interval.low < 14, JSON.stringify(interval));
  assert(interval.high > 14 && interval.high <= 17, JSON.stringify(interval));
  assertEquals(interval, bootstrap([rounds], ([drawn]) => median(drawn!)));
  assertEquals(bootstrap([rounds, [1, 2, 3, 4]], () => 0), null);
});

Deno.test("bootstrap()'s interval for a mean is as wide as the normal one", () => {
  const random = randomNumbers(3);
  const rounds = Array.from({ length: 200 }, () => random() + random() + random());
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const { low, high } = bootstrap([rounds], ([drawn]) => mean(drawn!))!;
  // Three uniform numbers have a standard deviation of 1/2: 2 x 1.96 x 0.5 / sqrt(200).
  assert(Math.abs(high - low - 0.1386) < 0.015, String(high - low));
});

Deno.test("testFamily() counts the ways to deal the rounds out: 2 of 252 are as extreme", () => {
  const apart = { before: [1, 2, 3, 4, 5], after: [11, 12, 13, 14, 15], margin: 0 };
  assertEquals(testFamily([apart]), [2 / 252]);
  const same = { before: [1, 2, 3, 4, 5], after: [1, 2, 3, 4, 5], margin: 0 };
  assertEquals(testFamily([same]), [1]);
  assertEquals(testFamily([]), []);
});

Deno.test("testFamily() grants the margin", () => {
  const values = [0, 0.01, 0.02, 0.03, 0.04];
  const after = values.map((value) => value + 0.05);
  assertEquals(testFamily([{ before: values, after, margin: 0 }]), [2 / 252]);
  assertEquals(testFamily([{ before: values, after, margin: 0.06 }]), [1]);
});

Deno.test("testFamily() finds no more than 5 of 100 where nothing is, in families of 20", () => {
  const random = randomNumbers(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const draw = () => Array.from({ length: 5 }, normal);
  let found = 0;
  for (let trial = 0; trial < 100; trial++) {
    const family = Array.from({ length: 20 }, () => ({
      ...{ before: draw(), after: draw(), margin: 0 },
    }));
    if (Math.min(...testFamily(family)) <= 0.05) found++;
  }
  // 5 are to be expected; more than 11 come once in 200 seeds.
  assert(found <= 11, `${found} of 100`);
});
