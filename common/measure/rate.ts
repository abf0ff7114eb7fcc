/**
 * How many messages a second a run sent, where it was told how many.
 *
 * @module
 */

/** Messages a second of all clients together. */
export interface Rate {
  wanted: number;
  /**
   * From the time at which the first message of a size was due to the sending of the last one, sizes
   * added up; null where no message came after a first one, and for a server.
   */
  reached: number | null;
}

/** So much less than what was wanted is less; and the last message was later by so much. */
const MISSED_PART = 0.01;
const MISSED_MS = 10;

/**
 * Whether a run sent less than it was told: by more than 1 %, and not just because its last message
 * was late by a few milliseconds.
 */
export function missesRate(
  { rate, sizes }: { rate?: Rate; sizes: readonly { sent: number | null }[] },
): boolean {
  if (!rate || rate.reached === null) return false;
  const { wanted, reached } = rate;
  // Each size begins with a message that is due at once.
  const others = sizes.reduce((sum, { sent }) => sum + Math.max((sent ?? 0) - 1, 0), 0);
  const lateMs = others * (1 / reached - 1 / wanted) * 1000;
  return reached < wanted * (1 - MISSED_PART) && lateMs > MISSED_MS;
}
