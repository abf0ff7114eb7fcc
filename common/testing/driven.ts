/**
 * A driven session whose calls a test makes by itself.
 *
 * @module
 */
import { DrivenSession } from "../secure/driver.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";

/** Long enough for whatever is bound to come, in milliseconds. */
export const LONG_MS = 20_000;

/** Opens what the pairs' connections build upon. */
export class Driven extends DrivenSession {
  /** See {@linkcode DrivenSession}. */
  handshake(timeoutMs = LONG_MS): MaybePromise<void> {
    return this.shake(timeoutMs);
  }

  /** See {@linkcode DrivenSession}. */
  receive(into: Uint8Array, timeoutMs = LONG_MS): MaybePromise<number> {
    return this.receiveWithin(into, timeoutMs);
  }
}
