/**
 * A driven session whose calls need no time.
 *
 * @module
 */
import { SessionDriver } from "../secure/driver.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";

/** Long enough for whatever is bound to come, in milliseconds. */
export const LONG_MS = 20_000;

/** Waits {@linkcode LONG_MS} where nothing else is said. */
export class Driven extends SessionDriver {
  override handshake(timeoutMs = LONG_MS): MaybePromise<void> {
    return super.handshake(timeoutMs);
  }

  override receive(into: Uint8Array, timeoutMs = LONG_MS): MaybePromise<number> {
    return super.receive(into, timeoutMs);
  }
}
