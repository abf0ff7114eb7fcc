/**
 * The system's clocks, read from C.
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

/** CLOCK_REALTIME of time.h, the same everywhere. */
const REALTIME = 0;

/**
 * The time of day in microseconds since the epoch, as it is now: performance.timeOrigin and
 * performance.now() go on from what it was when the process began, whatever was set since.
 *
 * @throws as {@linkcode loadLibc}
 */
export function wallClock(): () => number {
  return reader(REALTIME);
}

function makeClock(): () => number {
  const read = reader(loadLibc().platform.MONOTONIC);
  const beganUs = offsetUs(read);
  return () => read() - beganUs;
}

/** Reads one of the clocks of clock_gettime(2), in microseconds. */
function reader(clock: number): () => number {
  const { clock_gettime } = loadLibc();
  // A struct timespec of time.h: seconds and nanoseconds, the lower half of each first.
  const timespec = new Uint32Array(4);
  // As a pointer it costs half of what it does as a buffer.
  const pointer = Deno.UnsafePointer.of(timespec);
  return () => {
    clock_gettime(clock, pointer);
    return timespec[0]! * 1e6 + timespec[2]! / 1000;
  };
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
