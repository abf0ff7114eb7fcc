/**
 * What is said to people besides the results: progress, warnings, errors.
 *
 * @module
 */
import { visible } from "./visible.ts";

/** Says a line, or some, on stderr. Where that is closed, full or a terminal that has gone, no more. */
export function say(text: string): void {
  attempt(() => console.error(visible(text)));
}

/** Writes to stderr as it is, for a line that is written anew: text of this program's own. */
export function writeStderr(text: string): void {
  attempt(() => Deno.stderr.writeSync(new TextEncoder().encode(text)));
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // What cannot be said must not end what is measured.
  }
}
