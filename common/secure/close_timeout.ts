/**
 * How long an end waits for the other's end.
 *
 * @module
 */

/** Longest wait for the peer's close_notify, in milliseconds; on UDP it may be lost. */
export const CLOSE_TIMEOUT_MS = { tls: 2_000, dtls: 500 } as const;
