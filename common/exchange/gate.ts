/**
 * A bound on what begins at once: thousands of clients connect some at a time, so that neither a
 * server's limits nor its backlog of new connections turns any away. A client that keeps its
 * connection has its place until its first message is answered.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe_promise.ts";

/** So many clients connect at once; a listener takes 128 handshakes of an address, unless told. */
export const MAX_CONNECTING = 64;

/** Lets so many in, and the next one as soon as one of them leaves, in the order they came. */
export class Gate {
  #free: number;
  readonly #signal: AbortSignal;
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  /**
   * @param places how many are let in at once
   * @param signal ends every wait, with its reason
   */
  constructor(places: number, signal: AbortSignal) {
    this.#free = places;
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(signal.reason);
    });
  }

  /** Waits where all places are taken; each call is followed by one of {@linkcode leave}. */
  enter(): MaybePromise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const waiting = Promise.withResolvers<void>();
    if (this.#signal.aborted) waiting.reject(this.#signal.reason);
    else this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Gives the place to the one that has waited longest. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next.resolve();
    else this.#free++;
  }
}
