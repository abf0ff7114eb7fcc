import { assert } from "../testing/assert.ts";
import { monotonicClock } from "./clock.ts";

/** The two clocks are set against each other within that. */
const APART_US = 50;

Deno.test("monotonicClock() tells the time of performance.now(), in microseconds", () => {
  const read = monotonicClock();
  for (let i = 0; i < 1000; i++) {
    const before = performance.now() * 1000;
    const us = read();
    const after = performance.now() * 1000;
    assert(us > before - APART_US && us < after + APART_US, `${us} from ${before} to ${after}`);
  }
});

Deno.test("monotonicClock() never runs backwards", () => {
  const read = monotonicClock();
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const now = read();
    assert(now >= last, `${now} after ${last}`);
    last = now;
  }
});
