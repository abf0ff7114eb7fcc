/**
 * A Worker that does nothing but handshakes, so that it is inside libcrypto nearly all of the time.
 * Says once that it has begun.
 *
 * @module
 */
import { Handshakes } from "./handshakes.ts";

const scope = globalThis as unknown as { postMessage(message: string): void };

using handshakes = new Handshakes();
for (let count = 0;; count++) {
  handshakes.makeOne();
  if (count === 0) scope.postMessage("busy");
}
