/**
 * The distributions of jobs' messages, as files for HdrHistogram's plotter.
 *
 * @module
 */
import { hgrmOf } from "../../common/measure/hgrm.ts";
import { logName, logStem } from "../lib/results_folder.ts";
import type { Job } from "./jobs.ts";
import type { LogFigures } from "./logs.ts";

/** How every such file begins, but for blanks. */
export const HGRM_MARK = "Value     Percentile TotalCount 1/(1-Percentile)\n";

/** A file to be written beside the report. */
export interface HgrmFile {
  name: string;
  text: string;
}

/**
 * A file for each job that has a log: the messages of all its rounds and sizes, but for warm-up and
 * lost ones. It is called as the log of the first round; of several jobs that would be called the
 * same (on several machines, or in several modes) those after the first bear a number.
 */
export function hgrmFiles(jobs: readonly Job[]): HgrmFile[] {
  const counts = new Map<string, number>();
  const hasOthers = jobs.some(({ connect }) => connect !== "once");
  return jobs.flatMap((job) => {
    const logs = job.rounds.flatMap(({ log }) => log ?? []);
    if (logs.length === 0) return [];
    const stem = logStem(job.name, hasOthers && job.connect === "once");
    const count = (counts.get(`${stem} ${job.role}`) ?? 0) + 1;
    counts.set(`${stem} ${job.role}`, count);
    const name = logName(stem, job.role, count).replace(/\.csv$/, ".hgrm");
    return [{ name, text: hgrmOf(timesOf(logs)) }];
  });
}

function* timesOf(logs: readonly LogFigures[]): Generator<number> {
  for (const log of logs) for (const { messagesUs } of log.values()) yield* messagesUs;
}
