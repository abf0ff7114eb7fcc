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
  const name = resolve(results, timeName(startedAt));
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

/** A time as a part of a file's name. */
function timeName(time: Date): string {
  return time.toISOString().replaceAll(":", "-");
}

/** Whether a folder's name is one that {@linkcode makeFolder} gives. */
export function isResultsFolder(name: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z(?:-[0-9]+)?$/.test(name);
}

/** Where results go unless a user says where. */
export const RESULTS = "results";

/** What a capture of packets is called in that folder. */
export function captureName(what: string, startedAt: Date): string {
  return `${timeName(startedAt)}-${what}.pcapng`;
}

/** The end of a capture's name. */
export const CAPTURES = /\.pcap(?:ng)?$/;

/** Whether a file's name is one of a capture in that folder, or of its keys. */
export function isCapture(name: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z-[a-z0-9-]+\.(?:pcap|pcapng|keys)$/.test(
    name,
  );
}

/** What the result document is called in its folder. */
export const RESULT_FILE = "result.json";

/** A lane's name, with what says that sessions are resumed. */
export function jobName(lane: string, resume: boolean): string {
  return resume ? `${lane}${RESUMED}` : lane;
}

const RESUMED = "-resumed";

/** What says that one connection was kept for all messages, where a run has others beside it. */
const KEPT = "-kept";

/** The beginning of a job's logs' names. */
export function logStem(job: string, isKept: boolean): string {
  return isKept ? `${job}${KEPT}` : job;
}

/**
 * What the step log of one end is called.
 *
 * @param stem see {@linkcode logStem}
 * @param round from 1
 */
export function logName(stem: string, role: Role, round: number): string {
  return `${stem}-${role}${round > 1 ? `-${round}` : ""}.csv`;
}

/** What a log's name says, and its lines do not. */
export function readLogName(path: string): LogName {
  const name = basename(path);
  const round = Number(/-(\d+)\.csv$/.exec(name)?.[1] ?? 1);
  return { resume: name.includes(RESUMED), kept: name.includes(KEPT), round };
}

/** What a log's name says. */
export interface LogName {
  resume: boolean;
  /** Whether one connection was kept, where that was measured beside others. */
  kept: boolean;
  /** From 1. */
  round: number;
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
