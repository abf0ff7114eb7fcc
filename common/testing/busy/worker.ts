/**
 * A Worker that does nothing but handshakes, so that it is inside libcrypto nearly all of the time.
 * Says once that it has begun.
 *
 * @module
 */
import { Shaker } from "./handshakes.ts";

const scope = globalThis as unknown as { postMessage(message: string): void };

using shaker = new Shaker();
for (let count = 0;; count++) {
  shaker.shake();
  if (count === 0) scope.postMessage("busy");
}
