/**
 * The steps of setting up, which come before a message: each place that has one names it here. A
 * program that measures is told of them; for all others nothing happens.
 *
 * @module
 */

/**
 * Look-up of a name, reading and checking of certificate files, making of a context of TLS; socket(2),
 * bind(2) and listen(2), which Deno does in one call; making of a session of TLS.
 */
export const SETUP_STEPS = [
  "lookup",
  "load",
  "context",
  "socket",
  "bind",
  "listen",
  "session",
] as const;
export type SetupStep = typeof SETUP_STEPS[number];

/** Does what a step does. */
export type SetupWatcher = <T>(step: SetupStep, act: () => T) => T;

let watcher: SetupWatcher | undefined;

/** Does what a step does, before the eyes of the watcher where there is one. */
export function setupStep<T>(step: SetupStep, act: () => T): T {
  return watcher === undefined ? act() : watcher(step, act);
}

/**
 * Has all steps done by a watcher from now on.
 *
 * @param next undefined for none
 * @returns the one before
 */
export function watchSetup(next: SetupWatcher | undefined): SetupWatcher | undefined {
  const before = watcher;
  watcher = next;
  return before;
}
