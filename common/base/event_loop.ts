/**
 * Turns of the event loop.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/**
 * Lets the event loop go round once. While something else is ready it looks for signals, timers and
 * sockets only at every 61st of its rounds.
 */
export function round(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
