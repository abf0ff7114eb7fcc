/**
 * The time of day, to the microsecond where the system has it.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { EPOCH_US, nowUs } from "../../common/measure/clock.ts";
import { wallClock } from "../../common/posix/clock.ts";

/** A clock that tells microseconds since the epoch. */
export function timeOfDay(): () => number {
  try {
    return wallClock();
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    // Where libc is not known, as on Windows: what was set since the program began is not seen.
    return () => EPOCH_US + nowUs();
  }
}
