import { assert } from "../testing/assert.ts";
import { monotonicClock, wallClock } from "./clock.ts";

/** The two clocks are set against each other within that. */
const APART_US = 50;

/** More than V8 wants to see before it makes its best code. */
const READINGS = 20_000;

/** A second turns meanwhile. */
const REST_MS = 1100;

Deno.test("monotonicClock() tells the time of performance.now(), in microseconds", async () => {
  const read = monotonicClock();
  let last = read();
  for (let i = 0; i < 2 * READINGS; i++) {
    if (i === READINGS) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const before = performance.now() * 1000;
    const us = read();
    const after = performance.now() * 1000;
    assert(us > before - APART_US && us < after + APART_US, `${us} from ${before} to ${after}`);
    assert(us >= last, `${us} after ${last}`);
    last = us;
  }
});

Deno.test("wallClock() tells the time of day", () => {
  const read = wallClock();
  const before = Date.now() * 1000;
  const us = read();
  const after = (Date.now() + 1) * 1000;
  assert(us >= before && us <= after, `${us} from ${before} to ${after}`);
});
