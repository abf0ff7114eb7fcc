/**
 * A history: a file of {@linkcode Line}s that grows by what each run took, all sizes together.
 *
 * @module
 */
import { Ajv, type ValidateFunction } from "ajv";
import { describe, UsageError } from "../../common/base/errors.ts";
import { appendTo } from "../../common/base/output.ts";
import { visibleJsonLine } from "../../common/base/visible.ts";
import schema from "../../common/measure/result.schema.json" with { type: "json" };
import type { Source } from "./jobs.ts";
import { type Line, linesOf } from "./ndjson.ts";
import { listOf } from "./units.ts";

/** What a history's file holds. */
export interface History {
  path: string;
  lines: Line[];
  /** Numbers of lines that were cut off, as by a power failure, from 1. */
  cutOff: number[];
}

/**
 * What a history keeps of documents: of each its clients' lines for all sizes together, its servers'
 * where it has no clients.
 */
export function historyLines(sources: readonly Source[]): Line[] {
  // Not put together: each is a point in time of its own.
  return sources.flatMap((source) => {
    const lines = linesOf([source]).filter(({ sizeBytes }) => sizeBytes === null);
    const clients = lines.filter(({ role }) => role === "client");
    return clients.length > 0 ? clients : lines;
  });
}

/** A text that is the same for the same lane, end, mode, machine and start. */
export function lineKey(line: Line): string {
  const { startedAt, lane, role, connect, resume, reply, expectEcho, clients, rate } = line;
  // Lines of earlier versions do not say whether they are of traced runs: they are not.
  const { traced = false } = line;
  const what = [startedAt, lane, role, connect, resume, traced, reply, expectEcho, clients, rate];
  return JSON.stringify([...what, machineKey(line)]);
}

/** A text that is the same for the same machine, whatever programs it has. */
export function machineKey({ hostname, os, arch, cpu, cores }: Line): string {
  return JSON.stringify([hostname, os, arch, cpu, cores]);
}

/**
 * Reads a history.
 *
 * @param isNew whether there may be none yet
 * @throws {UsageError} where it cannot be read, or is none
 */
export async function readHistory(path: string, isNew: boolean): Promise<History> {
  let text: string;
  try {
    if (!(await Deno.stat(path)).isFile) throw new UsageError("it is no file");
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (!(isNew && error instanceof Deno.errors.NotFound)) {
      throw new UsageError(`cannot read ${path}: ${describe(error)}`);
    }
    text = "";
  }
  return parseHistory(text, path);
}

/**
 * Adds lines to a history, or begins it; lines that it has are left out.
 *
 * @returns how many were added
 * @throws {UsageError} where the file is no history: it is left as it is
 * @throws {RunError} where it cannot be written
 */
export function appendHistory(path: string, lines: readonly Line[]): number {
  let count = 0;
  appendTo(path, (there) => {
    const known = new Set(parseHistory(there, path).lines.map(lineKey));
    const added = lines.filter((line) => !known.has(lineKey(line)));
    count = added.length;
    const text = added.map(visibleJsonLine).join("");
    // What was cut off keeps its line to itself.
    return text === "" || there === "" || there.endsWith("\n") ? text : `\n${text}`;
  });
  return count;
}

/**
 * Reads a history's text.
 *
 * @throws {UsageError} naming the first line that is no part of one
 */
export function parseHistory(text: string, path: string): History {
  const history: History = { path, lines: [], cutOff: [] };
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const value = parse(line);
    if (isLine(value)) history.lines.push(value);
    else if (value === undefined && isCutOff(line)) history.cutOff.push(i + 1);
    else {
      throw new UsageError(
        `${path}: line ${i + 1} is none of a history of netpairs; name another file`,
      );
    }
  }
  return history;
}

/** Which lines were cut off, in words. */
export function sayCutOff(cutOff: readonly number[]): string {
  const [one, ...more] = cutOff;
  return more.length > 0
    ? `lines ${listOf(cutOff.map(String))} were cut off`
    : `line ${one} was cut off`;
}

/** Undefined where it is no JSON. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What every line begins with. */
const BEGIN = '{"startedAt":"';

/** After a power failure some file systems have zeros where there was to be text. */
function isCutOff(line: string): boolean {
  const text = line.replace(/\0+$/, "");
  return text.startsWith(BEGIN) || BEGIN.startsWith(text);
}

const { run: { properties: run }, size: { properties: size } } = schema.definitions;
const { startedAt, version, environment: { properties: environment } } = schema.properties;

/** What has to be there; a later version may add more. */
const PROPERTIES = {
  ...{ startedAt, version, lane: run.lane, role: run.role, protocol: run.protocol, io: run.io },
  ...{ engine: run.engine, connect: run.connect, resume: run.resume, reply: run.reply },
  ...{ clients: run.clients, expectEcho: { type: "boolean" }, rate: { type: ["number", "null"] } },
  sizeBytes: { anyOf: [size.sizeBytes, { type: "null" }] },
  p50Us: { type: ["number", "null"], minimum: 0 },
  // Of logs alone the number of cores is not known.
  ...{ ...environment, cores: { type: "integer", minimum: 0 } },
};

let validate: ValidateFunction<Line> | undefined;

function isLine(value: unknown): value is Line {
  validate ??= new Ajv({ allowUnionTypes: true }).compile<Line>({
    type: "object",
    required: Object.keys(PROPERTIES),
    properties: { ...PROPERTIES, traced: { type: "boolean" } },
  });
  return validate(value);
}
