/**
 * Finds the step logs beside a document and tells which run each of them belongs to.
 *
 * @module
 */
import { describe, UsageError } from "../../common/errors.ts";
import { type Role, STEPS } from "../../common/protocol.ts";
import type { RunResult } from "../../common/result.ts";
import { join } from "../../common/std.ts";
import { LOG_COLUMNS } from "../../common/step_log.ts";
import { type LoggedMessage, readMessages } from "./messages.ts";

/** A sum of durations. */
export interface Total {
  n: number;
  sumUs: number;
}

/** What one log says about one size; the first message of the run and lost ones are left out. */
export interface LoggedSize {
  sizeBytes: number;
  /** Every message's duration in microseconds, in the order of the log. */
  messagesUs: number[];
  steps: Map<string, Total>;
}

/** One log, by size. */
export type LogFigures = ReadonlyMap<number, LoggedSize>;

interface FoundLog {
  file: string;
  /** Lane, role and whether sessions are resumed. */
  of: string;
  round: number;
}

/**
 * The logs of a document's runs.
 *
 * @param folder where they lie
 * @returns in the order of the runs; null for one without a log, or where it is not clear which log
 *   belongs to which run
 */
export async function logsOf(
  runs: readonly RunResult[],
  folder: string,
): Promise<(LogFigures | null)[]> {
  const logs = await findLogs(folder);
  const found: (LogFigures | null)[] = [];
  // One after the other, as logs are large.
  for (const run of runs) {
    const of = keyOf(run.lane, run.role, run.resume);
    const sameRuns = runs.filter((other) => keyOf(other.lane, other.role, other.resume) === of);
    const sameLogs = logs.filter((log) => log.of === of);
    const log = sameLogs[sameRuns.indexOf(run)];
    const isClear = log && sameLogs.length === sameRuns.length;
    found.push(isClear ? figuresOf(log.file, await Deno.readTextFile(log.file)) : null);
  }
  return found;
}

function keyOf(lane: string, role: Role | string, resume: boolean): string {
  return `${lane} ${role} ${resume}`;
}

/** A log is known by its columns; its name says only the round, and whether sessions are resumed. */
async function findLogs(folder: string): Promise<FoundLog[]> {
  const logs: FoundLog[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.endsWith(".csv")) continue;
    const file = join(folder, name);
    const [head, first] = (await startOf(file)).split("\n", 2);
    const [, , , lane, role] = first?.split(",") ?? [];
    if (head !== LOG_COLUMNS || !lane || !role) continue;
    const round = Number(/-(\d+)\.csv$/.exec(name)?.[1] ?? 1);
    logs.push({ file, of: keyOf(lane, role, name.includes("-resumed")), round });
  }
  return logs.sort((a, b) => a.round - b.round);
}

/** The first two lines, and some more: logs are large. */
async function startOf(file: string): Promise<string> {
  using open = await Deno.open(file);
  const bytes = new Uint8Array(1000);
  return new TextDecoder().decode(bytes.subarray(0, await open.read(bytes) ?? 0));
}

function figuresOf(file: string, text: string): LogFigures {
  const sizes = new Map<number, LoggedSize>();
  for (const message of messagesOf(file, text).slice(1)) {
    if (message.lost) continue;
    const { sizeBytes, totalUs, stepsUs } = message;
    let size = sizes.get(sizeBytes);
    if (!size) sizes.set(sizeBytes, size = { sizeBytes, messagesUs: [], steps: new Map() });
    size.messagesUs.push(totalUs);
    for (const step of STEPS) add(size.steps, step, stepsUs[step]);
  }
  return sizes;
}

function messagesOf(file: string, text: string): LoggedMessage[] {
  try {
    return readMessages(text);
  } catch (error) {
    throw new UsageError(`${file}: ${describe(error)}; remove the file to go without it`);
  }
}

function add(steps: Map<string, Total>, step: string, us: number | undefined): void {
  if (us === undefined) return;
  const total = steps.get(step);
  if (!total) steps.set(step, { n: 1, sumUs: us });
  else {
    total.n++;
    total.sumUs += us;
  }
}
