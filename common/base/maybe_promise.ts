/**
 * Calls that return values while they can.
 *
 * @module
 */

/** A value, or a promise of it: blocking calls return the one, calls on the event loop the other. */
export type MaybePromise<T> = T | Promise<T>;
