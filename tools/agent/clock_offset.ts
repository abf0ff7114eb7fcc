/**
 * How far the clocks of two machines are apart, by time stamps that they exchange (RFC 5905).
 *
 * @module
 */
import type { ClockOffset } from "../../common/measure/one_way.ts";

/** One exchange, in microseconds since the epoch: RFC 5905, section 8. */
export interface TimeStamps {
  /** T1 and T4: by this machine's clock, when the question left and when the answer came. */
  askedUs: number;
  answeredUs: number;
  /** T2 and T3: by the other's clock, when the question came and when the answer left. */
  receivedUs: number;
  sentUs: number;
}

/**
 * What the clocks of programs may be off from the clock of their machine, both together: each has
 * read it once, when it began, and goes on by the monotonic clock.
 */
const READING_US = 10;

/**
 * The offset that the exchange with the shortest delay tells. Half of that delay bounds its error,
 * however unequal the two ways are.
 *
 * @returns the other clock less this one; null where no exchange can be true
 */
export function offsetOf(exchanges: readonly TimeStamps[]): ClockOffset | null {
  const possible = exchanges.map(sampleOf).filter(({ delayUs }) => delayUs >= 0);
  if (possible.length === 0) return null;
  const { offsetUs, delayUs } = possible.reduce((best, sample) =>
    sample.delayUs < best.delayUs ? sample : best
  );
  return { offsetUs: round(offsetUs), uncertaintyUs: round(delayUs / 2 + READING_US) };
}

/** RFC 5905, section 8: theta and delta. */
function sampleOf({ askedUs, receivedUs, sentUs, answeredUs }: TimeStamps) {
  return {
    offsetUs: (receivedUs - askedUs + (sentUs - answeredUs)) / 2,
    delayUs: answeredUs - askedUs - (sentUs - receivedUs),
  };
}

/**
 * The offset during a run, from what it was before and after: in between it was anywhere from one to
 * the other, each give or take its own uncertainty.
 */
export function offsetBetween(
  before: ClockOffset | null,
  after: ClockOffset | null,
): ClockOffset | null {
  if (!before || !after) return null;
  const apartUs = Math.abs(after.offsetUs - before.offsetUs);
  return {
    offsetUs: round((before.offsetUs + after.offsetUs) / 2),
    uncertaintyUs: round(apartUs / 2 + Math.max(before.uncertaintyUs, after.uncertaintyUs)),
  };
}

/** To tenths: numbers as large as these have quarters of a microsecond. */
function round(us: number): number {
  return Math.round(us * 10) / 10;
}
