/**
 * Waits for what is under way on loopback, for tests.
 *
 * @module
 */

import type { Receiver } from "../posix/pollable.ts";
import { assert } from "./assert.ts";
import { PATIENCE_MS } from "./within.ts";

/**
 * Waits until a socket has something to receive. On loopback it mostly has when the call that sends
 * returns; on a busy system it has a little later.
 */
export async function arrival(at: Receiver): Promise<void> {
  assert(await at.readable(performance.now() + PATIENCE_MS), "nothing came");
}
