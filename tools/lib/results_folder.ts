/**
 * Where the results of run_all go and what they are called, and what is done where they cannot be
 * kept.
 *
 * @module
 */
import { describe, reportError, RunError } from "../../common/base/errors.ts";
import { makePrivateFolder, PRIVATE, type Write } from "../../common/base/output.ts";
import { basename, resolve } from "../../common/base/std.ts";
import type { Role } from "../../common/model/protocol.ts";

/**
 * Makes the folder of a run, for its owner alone. Another one may have begun in the same millisecond: then it gets the
 * next name.
 *
 * @throws {RunError} where it cannot be made
 */
export async function makeFolder(results: string, startedAt: Date): Promise<string> {
  const name = resolve(results, startedAt.toISOString().replaceAll(":", "-"));
  try {
    await makePrivateFolder(results);
    for (let count = 1;; count++) {
      const folder = count === 1 ? name : `${name}-${count}`;
      const isMade = await Deno.mkdir(folder, { mode: PRIVATE }).then(() => true, (error) => {
        if (error instanceof Deno.errors.AlreadyExists) return false;
        throw error;
      });
      if (isMade) return folder;
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot make the folder ${name}: ${describe(cause)}`, { cause });
  }
}

/** Whether a folder's name is one that {@linkcode makeFolder} gives. */
export function isResultsFolder(name: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z(?:-[0-9]+)?$/.test(name);
}

/** What the result document is called in its folder. */
export const RESULT_FILE = "result.json";

/** A lane's name, with what says that sessions are resumed. */
export function jobName(lane: string, resume: boolean): string {
  return resume ? `${lane}${RESUMED}` : lane;
}

const RESUMED = "-resumed";

/**
 * What the step log of one end is called.
 *
 * @param job see {@linkcode jobName}
 * @param round from 1
 */
export function logName(job: string, role: Role, round: number): string {
  return `${job}-${role}${round > 1 ? `-${round}` : ""}.csv`;
}

/** What a log's name says, and its lines do not. */
export function readLogName(path: string): { resume: boolean; round: number } {
  const name = basename(path);
  return { resume: name.includes(RESUMED), round: Number(/-(\d+)\.csv$/.exec(name)?.[1] ?? 1) };
}

/** Writes a document; where that fails it says so, as the table was shown before. */
export function keep(write: Write | null, text: string): boolean {
  try {
    write?.(text);
    return true;
  } catch (error) {
    reportError(error);
    return false;
  }
}
