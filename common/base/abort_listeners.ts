/**
 * What is done when a signal is aborted that thousands of connections may share.
 *
 * @module
 */

/** What a signal's one listener calls, in the order it was added. */
const shared = new WeakMap<AbortSignal, { acts: Set<() => void>; listener: () => void }>();

/**
 * Calls `act` when the signal is aborted. A listener of the signal's own for each would cost as much
 * time as there are others, both to add and to remove.
 *
 * @param signal none is never aborted
 * @param act each only once at a time; what it throws is reported, as a listener's is
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): void {
  if (!signal) return;
  const known = shared.get(signal);
  if (known) return void known.acts.add(act);
  const acts = new Set([act]);
  const listener = () => {
    for (const each of [...acts]) {
      try {
        // One that was taken back by another is not called any more.
        if (acts.has(each)) each();
      } catch (error) {
        reportError(error);
      }
    }
    shared.delete(signal);
  };
  shared.set(signal, { acts, listener });
  signal.addEventListener("abort", listener, { once: true });
}

/** Takes it back, where it is there; with the last one the signal is let go. */
export function offAbort(signal: AbortSignal | undefined, act: () => void): void {
  if (!signal) return;
  const known = shared.get(signal);
  if (!known?.acts.delete(act) || known.acts.size > 0) return;
  shared.delete(signal);
  signal.removeEventListener("abort", known.listener);
}
