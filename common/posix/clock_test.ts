import { assert } from "../testing/assert.ts";
import { monotonicClock } from "./clock.ts";

/** The two clocks are set against each other within that. */
const APART_US = 50;

/** More than V8 wants to see before it makes its best code, and so long that a second turns. */
const READINGS = 20_000;
const LASTING_US = 1_100_000;

Deno.test("monotonicClock() tells the time of performance.now(), in microseconds", () => {
  const read = monotonicClock();
  const first = read();
  let last = first;
  for (let i = 0; i < READINGS || last < first + LASTING_US; i++) {
    const before = performance.now() * 1000;
    const us = read();
    const after = performance.now() * 1000;
    assert(us > before - APART_US && us < after + APART_US, `${us} from ${before} to ${after}`);
    assert(us >= last, `${us} after ${last}`);
    last = us;
  }
});
