/**
 * What is said to people besides the results: progress, warnings, errors.
 *
 * @module
 */
import { visible } from "./visible.ts";

/** Says a line, or some, on stderr. One that is closed or full ends nothing. */
export function say(text: string): void {
  console.error(visible(text));
}
