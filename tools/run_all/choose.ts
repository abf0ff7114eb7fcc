/**
 * Which lanes run: all of them, or those that are named.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { LANES } from "../../common/model/lanes.ts";
import { nearest } from "../../common/settings/nearest.ts";
import { jobName } from "../lib/results_folder.ts";
import type { Job } from "./job.ts";

/** Every lane and, right after it, the same with resumed sessions where its engine has them. */
export const JOBS: readonly Job[] = LANES.flatMap((lane) => [
  { lane, resume: false, name: lane.name },
  ...(lane.engine === "openssl" ? [{ lane, resume: true, name: jobName(lane.name, true) }] : []),
]);

/**
 * The jobs that a text names, in their order. Without a text, or where it names groups of lanes,
 * resumption shows on one kind of I/O, as all of them would take more than two minutes.
 *
 * @param text names, or beginnings of names, with commas between; `all` for all
 * @param all the jobs there are in this run
 * @param isQuick resumed sessions only where a name says so
 * @throws {UsageError} where there is no such lane
 */
export function chooseJobs(
  text: string | undefined,
  all: readonly Job[],
  isQuick: boolean,
): readonly Job[] {
  const usual = all.filter(({ lane, resume }) => !resume || (!isQuick && lane.io === "async"));
  if (text === undefined) return usual;
  const chosen = new Set(
    text.split(",").flatMap((word) => {
      if (word === "all") return isQuick ? usual : all;
      const exact = all.find(({ name }) => name === word);
      if (exact) return [exact];
      const matches = matcherOf(word);
      // A pattern that only resumed jobs fit is meant for them.
      const found = [usual, all].map((jobs) => jobs.filter(({ name }) => matches(name)))
        .find(({ length }) => length > 0);
      if (found) return found;
      throw new UsageError(`--lanes ${shownArgument(text)}: ${unknown(word, all)}`);
    }),
  );
  return all.filter((job) => chosen.has(job));
}

/** A word stands for the names that begin with it and go on with a dash, if they go on. */
function matcherOf(word: string): (name: string) => boolean {
  if (!/^[a-z0-9*-]+$/.test(word)) return () => false;
  const pattern = new RegExp(`^${word.replaceAll("*", ".*")}(?:-|$)`);
  return (name) => pattern.test(name);
}

function unknown(word: string, all: readonly Job[]): string {
  if (JOBS.some(({ name, resume }) => resume && name === word)) {
    return "nothing is resumed with --connect once";
  }
  const near = nearest(word, all.map(({ name }) => name));
  const known = LANES.map(({ name }) => name).join(", ");
  const hint = near ? `did you mean ${near}?` : `there are ${known}, and beginnings of these`;
  return `no lane "${shownArgument(word)}"; ${hint}`;
}
