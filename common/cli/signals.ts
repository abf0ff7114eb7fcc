/**
 * The signals that end a run in order, so that what was measured is kept.
 *
 * @module
 */

/**
 * Has a function called whenever the program is told to end: by Ctrl-C, by kill(1), or because its
 * terminal is closed. Without a terminal the last (SIGHUP) is left as it was: nohup(1) has a program
 * live on by having it ignored.
 *
 * @returns leaves the signals as they were, when it is disposed
 */
export function onEndSignals(handler: () => void): Disposable {
  const signals = endSignals();
  for (const signal of signals) Deno.addSignalListener(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, handler);
    },
  };
}

function endSignals(): Deno.Signal[] {
  // Windows has no other that Deno could listen to.
  if (Deno.build.os === "windows") return ["SIGINT"];
  const hasTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((file) => file.isTerminal());
  return ["SIGINT", "SIGTERM", ...(hasTerminal ? ["SIGHUP"] as const : [])];
}
