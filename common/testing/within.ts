/**
 * Waits that end, for tests.
 *
 * @module
 */

import { assert } from "./assert.ts";

/** Longest wait, in milliseconds, for what is bound to come. */
export const PATIENCE_MS = 60_000;

/**
 * What a promise gives, as long as it gives it in time.
 *
 * @param failure tells what is the case where nothing came
 * @throws {Error} where nothing came
 */
export async function within<T>(
  promise: Promise<T>,
  failure: () => string = () => "still waiting",
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(failure())), patienceMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a call gives that must not be waited for. */
export function atOnce<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) {
    // Nobody will wait for it: where it fails, too, that must not end the tests that follow.
    value.catch(() => {});
    throw new Error("a value was expected, and no promise");
  }
  return value;
}

/** What a call gives later. */
export async function later<T>(value: T | Promise<T>): Promise<T> {
  assert(value instanceof Promise, "a promise was expected, and no value");
  return await within(value);
}
