/**
 * How much loss a run survives, and how long the ends wait because of it.
 *
 * @module
 */
import type { PairOptions } from "../model/pair_options.ts";

/** So many lost in a row are no loss any more: with half of all lost, one run in a million has it. */
export const LOST_LIMIT = 20;

/**
 * Where the first messages or handshakes have no answer that is said; where a datagram was refused
 * besides, nothing listens.
 */
export const FIRST_LOST = 3;

/** Before a copy of a run's last message, which is not timed, and for the answer to it. */
export const COPY_PAUSE_MS = 10;
const COPY_ANSWER_MS = 100;

/** So many copies are sent at most: of one more than may be lost in a row, one arrives. */
export const COPIES = LOST_LIMIT + 1;

/** How long a client waits for the answer to a copy of its last message. */
export function copyAnswerMs({ timeoutMs }: Pick<PairOptions, "timeoutMs">): number {
  return Math.min(COPY_ANSWER_MS, timeoutMs);
}

/** How long a client waits between two messages; at a rate, for its next turn. */
export function pauseMs(
  { waitMs, rate, clients }: Pick<PairOptions, "waitMs" | "rate" | "clients">,
): number {
  return rate === null ? waitMs : clients * 1000 / rate;
}

/** The longest silence of a client whose messages or answers get lost. */
export function lossySilenceMs(
  options: Pick<PairOptions, "timeoutMs" | "waitMs" | "rate" | "clients">,
): number {
  return (LOST_LIMIT + 1) * (options.timeoutMs + pauseMs(options));
}

/** How long a client may wait for a lost answer to its last message, and for one to a copy. */
export function lossyEndMs(options: Pick<PairOptions, "timeoutMs">): number {
  return 2 * options.timeoutMs + COPIES * (COPY_PAUSE_MS + copyAnswerMs(options));
}
