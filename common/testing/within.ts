/**
 * Waits that end, for tests.
 *
 * @module
 */

/** Longest wait, in milliseconds, for what is bound to come. */
export const PATIENCE_MS = 10_000;

/**
 * What a promise gives, as long as it gives it in time.
 *
 * @throws {Error} where nothing came
 */
export async function within<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("still waiting")), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
