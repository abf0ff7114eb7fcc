/**
 * The last line of a long run that has gone well.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";

/** What a run has shown. */
export interface Verdict {
  /** What held. */
  held: string;
  /** What is not judged of so short a run, and from when on it is; null where all was judged. */
  notJudged: string | null;
}

/** Prints it. It is no verdict before every process has ended: that may fail, too. */
export function sayPassed({ held, notJudged }: Verdict): void {
  print(`passed: ${held}${notJudged === null ? "" : `; not judged: ${notJudged}`}\n`);
}
