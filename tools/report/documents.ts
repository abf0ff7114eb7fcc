/**
 * Finds result documents, reads them and checks them.
 *
 * @module
 */
import { Ajv, type ErrorObject } from "ajv";
import { describe, UsageError } from "../../common/base/errors.ts";
import { commandLine } from "../../common/base/program.ts";
import { laneName } from "../../common/model/protocol.ts";
import type { ResultDocument } from "../../common/measure/result.ts";
import { show } from "../../common/settings/kind.ts";
import schema from "../../common/measure/result.schema.json" with { type: "json" };
import { dirname, join } from "../../common/base/std.ts";
import { RESULT_FILE } from "../lib/results_folder.ts";
import { documentFromLogs } from "./from_logs.ts";
import { findLogs, type FoundLog, lookAtLog } from "./logs.ts";
import { permit } from "./permit.ts";

/** A document and where it lies. */
export interface FoundDocument {
  path: string;
  /** Where its logs are looked for, too. */
  folder: string;
  document: ResultDocument;
  /** The logs that it was made of, one for each run; absent where it was read. */
  madeOf?: readonly FoundLog[];
}

const howToMake = () => `make one with: ${commandLine("demo")}`;

/**
 * Reads one document, or makes it of logs.
 *
 * @param path a document's file, the folder it lies in, a folder with logs alone, or a log
 * @throws {UsageError} saying what is wrong with it
 * @throws {RunError} where it may not be read
 */
export async function readDocument(path: string): Promise<FoundDocument> {
  await permit("read", path);
  const file = (await statOf(path)).isDirectory ? join(path, RESULT_FILE) : path;
  const logs = await logsInstead(path, file);
  if (logs.length > 0) {
    const where = `${path} (its logs: there is no document)`;
    const folder = file === path ? dirname(path) : path;
    return { path: where, folder, document: documentFromLogs(logs), madeOf: logs };
  }
  // Its logs lie beside it.
  await permit("read", dirname(file));
  const text = await readText(file, file !== path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The rest of the message quotes the document.
    const [where = ""] = / \(line \d+/.exec((error as Error).message) ?? [];
    throw new UsageError(
      `${file}: not JSON${where && `${where})`}; a result document is wanted, ${howToMake()}`,
    );
  }
  return { path: file, folder: dirname(file), document: checked(value, file) };
}

/**
 * The newest folder of results that holds a document or logs; their names are their start times.
 *
 * @throws {UsageError} where there is none
 */
export async function newestFolder(results: string): Promise<string> {
  await permit("read", results);
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(results)) if (entry.isDirectory) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const name of names.sort().reverse()) {
    const folder = join(results, name);
    if (await isThere(join(folder, RESULT_FILE)) || (await findLogs(folder)).length > 0) {
      return folder;
    }
  }
  throw new UsageError(`there are no results in ${results}; ${howToMake()}, or name a document`);
}

/** Logs that stand for a document: a path may be one, or a folder without a document. */
async function logsInstead(path: string, file: string): Promise<FoundLog[]> {
  if (file !== path) return await isThere(file) ? [] : await findLogs(path);
  const log = path.endsWith(".csv") ? await lookAtLog(path) : null;
  return log ? [log] : [];
}

function isThere(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

async function statOf(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`cannot read ${path}: ${describe(error)}`);
  }
}

async function readText(file: string, inFolder: boolean): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const hint = inFolder ? `; a folder of results holds one, ${howToMake()}` : "";
    throw new UsageError(`cannot read ${file}: ${describe(error)}${hint}`);
  }
}

/** Without its ban on other keys: a later minor version may add some. */
const tolerantSchema = JSON.parse(
  JSON.stringify(schema),
  (key, value) => key === "additionalProperties" ? undefined : value,
);

function checked(value: unknown, file: string): ResultDocument {
  const { schemaVersion, tool } = (value ?? {}) as Record<string, unknown>;
  if (tool !== "netpairs") {
    throw new UsageError(`${file}: not a result document of netpairs; ${howToMake()}`);
  }
  if (schemaVersion !== 1) {
    const version = schemaVersion === undefined ? "none" : show(schemaVersion);
    throw new UsageError(
      `${file}: schemaVersion ${version}; this version reads 1, use the one that wrote it`,
    );
  }
  const violation = violationOf(value);
  if (violation === null) return value as ResultDocument;
  throw new UsageError(`${file}: ${violation}; ${howToMake()}`);
}

/** What makes a value no result document, in a line; null where it is one. */
export function violationOf(value: unknown): string | null {
  const validate = new Ajv({ allowUnionTypes: true }).compile<ResultDocument>(tolerantSchema);
  return validate(value) ? strayLane(value) : describeViolation(validate.errors?.[0]);
}

/** A lane's name says what its other properties say. */
function strayLane({ runs }: ResultDocument): string | null {
  const at = runs.findIndex(({ lane, protocol, io, engine }) =>
    lane !== laneName(protocol, io, engine)
  );
  if (at < 0) return null;
  const { lane, protocol, io, engine } = runs[at]!;
  return `/runs/${at}/lane ${show(lane)} is not the lane of ${protocol}, ${io} and ${engine}`;
}

function describeViolation(error: ErrorObject | undefined): string {
  const where = error?.instancePath || "the document";
  return `${where} ${error?.message ?? "does not fit the schema"}`;
}
