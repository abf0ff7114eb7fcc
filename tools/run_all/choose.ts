/**
 * Which lanes run: all of them, or those that are named.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { LANES } from "../../common/model/lanes.ts";
import { nearest } from "../../common/settings/nearest.ts";
import type { ConnectMode } from "../../common/model/protocol.ts";
import { jobName, logStem } from "../lib/results_folder.ts";
import type { Job } from "./job.ts";

/**
 * Every lane and, right after it, the same with resumed sessions where its engine has them: first in
 * one mode, then in the next. One connection for all messages has nothing to resume; UDP has no
 * connections, and no modes.
 */
export function jobsIn(modes: readonly ConnectMode[]): Job[] {
  return modes.flatMap((connect) =>
    LANES.filter(({ protocol }) => protocol !== "udp" || connect === modes.at(-1)).flatMap((lane) =>
      [false, true].filter((resume) => !resume || lane.engine === "openssl" && connect !== "once")
        .map((resume) => {
          const name = jobName(lane.name, resume);
          const isBeside = connect === "once" && modes.length > 1;
          return { lane, resume, connect, name, file: logStem(name, isBeside) };
        })
    )
  );
}

/**
 * The jobs that a text names, in their order. Without a text, or where it names groups of lanes,
 * resumption shows on one kind of I/O, as all of them would take more than two minutes; in a quick
 * run there is none, and no I/O that never sleeps.
 *
 * @param text names, or beginnings of names, with commas between; `all` for all
 * @param all the jobs there are in this run
 * @param isQuick resumed sessions and spin lanes only where a name says so
 * @throws {UsageError} where there is no such lane
 */
export function chooseJobs(
  text: string | undefined,
  all: readonly Job[],
  isQuick: boolean,
): readonly Job[] {
  const usual = all.filter(({ lane, resume }) =>
    isQuick ? !resume && lane.io !== "spin" : !resume || lane.io === "async"
  );
  if (text === undefined) return usual;
  const chosen = new Set(
    text.split(",").flatMap((word) => {
      if (word === "all") return isQuick ? all.filter(({ resume }) => !resume) : all;
      const exact = all.filter(({ name }) => name === word);
      if (exact.length > 0) return exact;
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
  if (jobsIn(["message"]).some(({ name, resume }) => resume && name === word)) {
    return "nothing is resumed with --connect once";
  }
  const near = nearest(word, [...new Set(all.map(({ name }) => name))]);
  const known = LANES.map(({ name }) => name).join(", ");
  const hint = near ? `did you mean ${near}?` : `there are ${known}, and beginnings of these`;
  return `no lane "${shownArgument(word)}"; ${hint}`;
}
