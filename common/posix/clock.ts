/**
 * The clock of performance.now(), read from C.
 *
 * @module
 */
import { loadLibc } from "./libc.ts";

/** In at least one of so many tries nothing came between the readings. */
const TRIES = 16;

let clock: (() => number) | undefined;

/**
 * The system's monotonic clock by clock_gettime(2), in microseconds since the process began. It
 * costs less than half of performance.now(), which a round trip of a few microseconds shows.
 *
 * @returns always the same function
 */
export function monotonicClock(): () => number {
  return clock ??= makeClock();
}

function makeClock(): () => number {
  const { clock_gettime, platform: { MONOTONIC } } = loadLibc();
  // A struct timespec of time.h: seconds and nanoseconds, the lower half of each first.
  const timespec = new Uint32Array(4);
  // As a pointer it costs half of what it does as a buffer.
  const pointer = Deno.UnsafePointer.of(timespec);
  const read = (): number => {
    clock_gettime(MONOTONIC, pointer);
    return timespec[0]! * 1e6 + timespec[2]! / 1000;
  };
  const beganUs = offsetUs(read);
  return () => read() - beganUs;
}

/** What a clock is ahead of performance.now(). */
function offsetUs(read: () => number): number {
  let offset = 0;
  for (let tries = 0, shortest = Infinity; tries < TRIES; tries++) {
    const before = performance.now() * 1000;
    const us = read();
    const after = performance.now() * 1000;
    if (after - before >= shortest) continue;
    shortest = after - before;
    offset = us - (before + after) / 2;
  }
  return offset;
}
