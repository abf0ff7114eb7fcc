/**
 * What a read says instead of a length, the same for every socket, session and connection. All are
 * negative: a length may be 0, of an empty datagram.
 *
 * @module
 */

/** Nothing is there yet. */
export const NOT_YET: -1 = -1;

/** The peer has ended: nothing comes any more. */
export const ENDED: -2 = -2;

/** Nothing came within the time that was given. */
export const TOO_LATE = -3;
