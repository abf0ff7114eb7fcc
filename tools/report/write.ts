/**
 * Reads documents and logs, and writes the report's files.
 *
 * @module
 */
import { join } from "../../common/base/std.ts";
import { describe, RunError, UsageError } from "../../common/base/errors.ts";
import { makePrivateFolder, openDocument, type Write } from "../../common/base/output.ts";
import { say } from "../../common/base/say.ts";
import { averagesCsv, COLUMNS } from "./averages.ts";
import { buildReport, TITLE } from "./build.ts";
import { type FoundDocument, readDocument } from "./documents.ts";
import { appendHistory, type History, historyLines, readHistory, sayCutOff } from "./history.ts";
import { type Job, jobsOf, type Source } from "./jobs.ts";
import { figuresOf, logsOf, startOf } from "./logs.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatPage } from "./page.ts";
import { ndjsonOf } from "./ndjson.ts";
import { permit } from "./permit.ts";

/** The files of a report. */
export interface ReportFiles {
  html: string;
  markdown: string;
  csv: string;
}

/** What to write besides. */
export interface ReportOptions {
  /** Folder for the files (default: the first document's). */
  out?: string | undefined;
  /** File for NDJSON, see {@linkcode ndjsonOf}; - is stdout. */
  ndjson?: string | undefined;
  /** A history that the report draws, see {@linkcode History}. */
  history?: string | undefined;
  /** A history to which these documents are added; drawn where there is no other to be drawn. */
  append?: string | undefined;
}

/** Makes the texts of a report's files. */
export function formatReport(
  sources: readonly Source[],
  history: History | null = null,
): ReportFiles {
  const jobs = jobsOf(sources);
  const report = buildReport(sources, jobs, history);
  return {
    html: formatPage(report),
    markdown: formatMarkdown(report),
    csv: averagesCsv(jobs),
  };
}

/**
 * Writes report.html, report.md and averages.csv, and what else is wanted. Nothing is written where
 * one of the documents or the history cannot be used.
 *
 * @param paths result documents, their folders or logs, at least one
 * @returns where the files are
 * @throws {UsageError} for a document, a log or a history that cannot be used
 * @throws {RunError} for a file that cannot be written
 */
export async function writeReport(
  paths: readonly string[],
  { out, ndjson, history: drawn, append }: ReportOptions = {},
): Promise<ReportFiles> {
  const sources = await readSources(await readDocuments(paths));
  const history = await openHistory(drawn, append);
  const writeNdjson = ndjson === undefined ? null : await openNdjson(ndjson);
  const texts = formatReport(sources, history);
  const folder = out ?? sources[0]!.folder;
  await makeReportFolder(folder);
  const files = {
    html: join(folder, "report.html"),
    markdown: join(folder, "report.md"),
    csv: join(folder, "averages.csv"),
  };
  const kinds = ["html", "markdown", "csv"] as const;
  for (const kind of kinds) await refuseForeign(files[kind], texts[kind]);
  for (const kind of kinds) openDocument(files[kind])(texts[kind]);
  writeNdjson?.(ndjsonOf(sources));
  if (append !== undefined) appendHistory(append, historyLines(sources));
  return files;
}

async function readSources(found: readonly FoundDocument[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const document of found) {
    const { madeOf, folder } = document;
    const logs = madeOf ?? await logsOf(document.document.runs, folder);
    // One after the other, as logs are large.
    sources.push({ ...document, logs: logs.map((log) => log && figuresOf(log.file)) });
  }
  return sources;
}

/** The history to draw; one that is to be added to has to be one, too, and may not be there yet. */
async function openHistory(drawn?: string, append?: string): Promise<History | null> {
  for (const path of new Set([drawn, append])) if (path !== undefined) await permit("read", path);
  if (append !== undefined) await permit("write", append);
  const added = append === undefined ? null : await readHistory(append, true);
  const history = drawn === undefined ? added : await readHistory(drawn, drawn === append);
  for (const { path, cutOff } of new Set([added, history].filter((one) => one !== null))) {
    if (cutOff.length > 0) say(`warning: ${path}: ${sayCutOff(cutOff)}; the rest is used`);
  }
  return history;
}

async function openNdjson(path: string): Promise<Write> {
  if (path !== "-") await permit("write", path);
  return openDocument(path);
}

async function makeReportFolder(folder: string): Promise<void> {
  // A file takes another's place where the folder may be read, too.
  for (const name of ["read", "write"] as const) await permit(name, folder);
  try {
    await makePrivateFolder(folder);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot make the folder ${folder}: ${describe(cause)}`, { cause });
  }
}

/** What tells a file of an earlier report: its title, or the names of its columns. */
const MARKS = [`<title>${TITLE}</title>`, `# ${TITLE}\n`, `${COLUMNS.join(",")}\n`];

/** So much of a file is looked at: the marks stand at its beginning. */
const HEAD_BYTES = 4096;

/**
 * A file that bears a report's name and is none stays as it is.
 *
 * @throws {RunError} naming it
 */
async function refuseForeign(path: string, text: string): Promise<void> {
  const mark = MARKS.find((mark) => text.slice(0, HEAD_BYTES).includes(mark)) ?? text;
  let head: string;
  try {
    head = await startOf(path, HEAD_BYTES);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot write ${path}: ${describe(cause)}`, { cause });
  }
  if (head === "" || head.includes(mark)) return;
  throw new RunError(
    `cannot write ${path}: it is there already, and no report of this program's; ` +
      "move it away, or name another folder with --out",
  );
}

/**
 * Reads the jobs of one document, without logs.
 *
 * @throws {UsageError} where it cannot be used
 */
export async function readJobs(path: string): Promise<Job[]> {
  const [found] = await readDocuments([path]);
  return jobsOf([{ ...found!, logs: [] }]);
}

/** A document without runs has nothing to report. */
async function readDocuments(paths: readonly string[]): Promise<FoundDocument[]> {
  const found: FoundDocument[] = [];
  for (const path of paths) {
    const document = await readDocument(path);
    if (document.document.runs.length === 0) {
      throw new UsageError(`${document.path}: there are no runs in it; measure again`);
    }
    found.push(document);
  }
  return found;
}
