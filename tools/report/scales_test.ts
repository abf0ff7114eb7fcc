import fc from "fast-check";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { VIEWS } from "./chart.ts";
import {
  durationScale,
  linearScale,
  logScale,
  partOf,
  type Scale,
  shareScale,
  sizeScale,
  timeScale,
} from "./scales.ts";

const [WIDE, NARROW] = [VIEWS[0]!, VIEWS[1]!];

/** What is written at an axis. */
function told(scale: Scale, view = NARROW): string[] {
  return scale.ticks(view).map(scale.tell);
}

Deno.test("durationScale() names every decade, with its unit", () => {
  assertEquals(told(durationScale([8, 3_100_000])), [
    ...["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"],
  ]);
  assertEquals(told(durationScale([12, 90]), WIDE), ["10 µs", "20 µs", "50 µs", "100 µs"]);
  assertEquals(told(durationScale([12, 90])), ["10 µs", "20 µs", "50 µs", "100 µs"]);
});

Deno.test("durationScale() takes lanes without a figure", () => {
  assertEquals(told(durationScale([null, 12, null])), ["10 µs", "20 µs", "50 µs", "100 µs"]);
  const empty = durationScale([null]);
  assertEquals([empty.min, empty.max], [1, 10]);
});

const values = fc.array(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { minLength: 1 });

Deno.test("logScale() holds all values, and names each power of ten that is in it", () => {
  fc.assert(fc.property(values, (numbers) => {
    const scale = logScale(numbers, String);
    for (const number of numbers) {
      const part = partOf(scale, number);
      assert(part > -1e-6 && part < 1 + 1e-6, `${number} in ${scale.min} to ${scale.max}`);
    }
    for (const view of VIEWS) {
      const ticks = scale.ticks(view);
      for (let exponent = -3; exponent <= 10; exponent++) {
        const decade = 10 ** exponent;
        if (decade < scale.min * 0.999 || decade > scale.max * 1.001) continue;
        assert(ticks.some((tick) => Math.abs(tick / decade - 1) < 1e-6), `${decade}: ${ticks}`);
      }
    }
  }));
});

Deno.test("linearScale() goes from zero to the end of a round step", () => {
  assertEquals(told(linearScale([3616], String)), ["0", "1000", "2000", "3000", "4000"]);
  assertEquals(told(linearScale([6.2], String), WIDE), [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
  ]);
  const nothing = linearScale([0], String);
  assert(nothing.max > 0 && nothing.ticks(WIDE).every(Number.isFinite));
});

Deno.test("sizeScale() names decades, and its ends where they do not touch one", () => {
  const scale = sizeScale([50, 16384, 999]);
  assertEquals(told(scale, WIDE), ["50", "100", "1000", "10000", "16384"]);
  assertEquals(told(scale), ["100", "1000", "10000"]);
  assertEquals(told(sizeScale([300, 300])), ["300"]);
});

Deno.test("shareScale() names the shares of one in ten, in a hundred and so on", () => {
  assertEquals(told(shareScale(2500), WIDE), ["0 %", "50 %", "90 %", "99 %", "99.9 %"]);
  assertEquals(told(shareScale(2500)), ["0 %", "90 %", "99 %", "99.9 %"]);
  assertEquals(told(shareScale(4)), ["0 %", "50 %"]);
});

Deno.test("timeScale() names round times, and with a longer span days", () => {
  const start = Date.parse("2026-01-31T12:03:00Z");
  assertEquals(told(timeScale([start, start + 3 * 3_600_000]), WIDE), [
    ...["01-31 12:30", "01-31 13:00", "01-31 13:30", "01-31 14:00", "01-31 14:30", "01-31 15:00"],
  ]);
  const days = told(timeScale([start, start + 6 * 86_400_000]));
  assert(days.length > 0 && days.length <= 3, days.join());
  for (const day of days) assert(/^2026-02-0\d$/.test(day), day);
  assert(told(timeScale([start, start])).length > 0);
});
