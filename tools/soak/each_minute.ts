/**
 * How far a long run is.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";

const LINE_MS = 60_000;

/**
 * Begins a run.
 *
 * @returns prints what it is told, where the last line, or the beginning, was a minute ago
 */
export function eachMinute(): (line: string) => void {
  let saidMs = performance.now();
  return (line) => {
    if (performance.now() - saidMs < LINE_MS) return;
    saidMs = performance.now();
    print(`${line}\n`);
  };
}
