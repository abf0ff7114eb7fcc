import { missesRate, type Rate } from "./rate.ts";
import { assertEquals } from "../testing/assert.ts";

function misses(rate: Rate | undefined, ...sent: (number | null)[]): boolean {
  const sizes = sent.map((sent) => ({ sent }));
  return missesRate(rate ? { rate, sizes } : { sizes });
}

Deno.test("missesRate() is true where more than 1 % of the messages a second are missing", () => {
  assertEquals(misses({ wanted: 100, reached: 98.9 }, 1000), true);
  assertEquals(misses({ wanted: 100, reached: 99.1 }, 1000), false);
  assertEquals(misses({ wanted: 100, reached: 100 }, 1000), false);
});

Deno.test("missesRate() is false where the last message was late by milliseconds alone", () => {
  // Of 10 intervals of a millisecond the last was longer by 9 or by 11.
  assertEquals(misses({ wanted: 1000, reached: 10_000 / 19 }, 11), false);
  assertEquals(misses({ wanted: 1000, reached: 10_000 / 21 }, 11), true);
  assertEquals(misses({ wanted: 1000, reached: 10_000 / 21 }, 6, 6), true);
});

Deno.test("missesRate() is false where nothing was asked for or measured", () => {
  assertEquals(misses(undefined, 1000), false);
  assertEquals(misses({ wanted: 1000, reached: null }, 1), false);
});
