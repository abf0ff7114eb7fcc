/**
 * Finds the step logs beside a document and tells which run each of them belongs to.
 *
 * @module
 */
import { describe, UsageError } from "../../common/base/errors.ts";
import { STEPS } from "../../common/model/protocol.ts";
import type { RunResult } from "../../common/measure/result.ts";
import { join } from "../../common/base/std.ts";
import { LOG_COLUMNS, OTHER_STEPS } from "../../common/measure/step_log.ts";
import { type LogName, readLogName } from "../lib/results_folder.ts";
import { piecesOf } from "./log_reader.ts";
import { type LoggedMessage, readMessages } from "./messages.ts";

/** A sum of durations. */
export interface Total {
  n: number;
  sumUs: number;
}

/** What the counted messages of one log say about one size. */
export interface LoggedSize {
  sizeBytes: number;
  /** Every message's duration in microseconds, in the order of the log. */
  messagesUs: number[];
  steps: Map<string, Total>;
}

/** One log, by size. */
export type LogFigures = ReadonlyMap<number, LoggedSize>;

/** A log, as far as its name and its first line tell. */
export interface FoundLog extends LogName {
  file: string;
  lane: string;
  role: string;
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
): Promise<(FoundLog | null)[]> {
  const logs = Map.groupBy(await findLogs(folder), (log) => keyOf(log, log.kept));
  // A log's name says that a connection was kept only where there are other runs beside it.
  const isSaid = runs.some(({ connect }) => connect !== "once");
  const of = (run: RunResult) => keyOf(run, isSaid && run.connect === "once");
  const found = new Map<RunResult, FoundLog>();
  for (const [key, sameRuns] of Map.groupBy(runs, of)) {
    const sameLogs = logs.get(key) ?? [];
    if (sameLogs.length !== sameRuns.length) continue;
    for (const [i, run] of sameRuns.entries()) found.set(run, sameLogs[i]!);
  }
  return runs.map((run) => found.get(run) ?? null);
}

function keyOf({ lane, role, resume }: LogKey, kept: boolean): string {
  return `${lane} ${role} ${resume} ${kept}`;
}

type LogKey = Pick<FoundLog, "lane" | "role" | "resume">;

/** The step logs in a folder, by their rounds; those of one round by name. */
export async function findLogs(folder: string): Promise<FoundLog[]> {
  const logs: FoundLog[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const log = isFile && name.endsWith(".csv") ? await lookAtLog(join(folder, name)) : null;
    if (log) logs.push(log);
  }
  logs.sort((a, b) => a.file < b.file ? -1 : 1);
  return logs.sort((a, b) => a.round - b.round);
}

/**
 * A log is known by its columns; its name says only the round, and whether sessions are resumed.
 *
 * @returns null where it is none, or has no line of a message
 */
export async function lookAtLog(file: string): Promise<FoundLog | null> {
  const [head, ...lines] = (await startOf(file, HEAD_BYTES)).split("\n").slice(0, -1);
  const cells = lines.map((line) => line.split(","));
  const first = cells.find(([, , step]) => !OTHER_STEPS.some((other) => other === step));
  const [, , , lane, role] = first ?? [];
  if (head !== LOG_COLUMNS || !lane || !role) return null;
  return { file, lane, role, ...readLogName(file) };
}

/** The columns, the steps of setting up and a message's first line; that is some more. */
const HEAD_BYTES = 8000;

/** A file's first bytes, as text: logs and reports are large. */
export async function startOf(file: string, length: number): Promise<string> {
  using open = await Deno.open(file);
  const bytes = new Uint8Array(length);
  return new TextDecoder().decode(bytes.subarray(0, await open.read(bytes) ?? 0));
}

/** What one log says; throws as {@linkcode messagesOf}. */
export function figuresOf(file: string): LogFigures {
  const sizes = new Map<number, LoggedSize>();
  for (const { sizeBytes, totalUs, stepsUs, isCounted } of messagesOf(file)) {
    if (!isCounted) continue;
    let size = sizes.get(sizeBytes);
    if (!size) sizes.set(sizeBytes, size = { sizeBytes, messagesUs: [], steps: new Map() });
    size.messagesUs.push(totalUs);
    for (const step of STEPS) add(size.steps, step, stepsUs[step]);
  }
  return sizes;
}

/**
 * The messages of a log.
 *
 * @throws {UsageError} naming file and line, where it is none
 */
export function* messagesOf(file: string): Generator<LoggedMessage> {
  try {
    yield* readMessages(piecesOf(file));
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
