/**
 * Reads documents and logs, and writes the report's files.
 *
 * @module
 */
import { join } from "../../common/base/std.ts";
import { describe, RunError, UsageError } from "../../common/base/errors.ts";
import { makePrivateFolder, openDocument } from "../../common/base/output.ts";
import { averagesCsv, COLUMNS } from "./averages.ts";
import { buildReport, TITLE } from "./build.ts";
import { type FoundDocument, readDocument } from "./documents.ts";
import { type Job, jobsOf, type Source } from "./jobs.ts";
import { figuresOf, logsOf, startOf } from "./logs.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatPage } from "./page.ts";
import { permit } from "./permit.ts";

/** The files of a report. */
export interface ReportFiles {
  html: string;
  markdown: string;
  csv: string;
}

/** Makes the texts of a report's files. */
export function formatReport(sources: readonly Source[]): ReportFiles {
  const jobs = jobsOf(sources);
  const report = buildReport(sources, jobs);
  return {
    html: formatPage(report),
    markdown: formatMarkdown(report),
    csv: averagesCsv(jobs),
  };
}

/**
 * Writes report.html, report.md and averages.csv.
 *
 * @param paths result documents, their folders or logs, at least one
 * @param out folder for the files (default: the first document's)
 * @returns where the files are
 * @throws {UsageError} for a document or a log that cannot be used
 * @throws {RunError} for a file that cannot be written
 */
export async function writeReport(paths: readonly string[], out?: string): Promise<ReportFiles> {
  const found = await readDocuments(paths);
  const sources: Source[] = [];
  for (const document of found) {
    const { madeOf } = document;
    const logs = madeOf
      ? madeOf.map(({ file }) => figuresOf(file))
      : await logsOf(document.document.runs, document.folder);
    sources.push({ ...document, logs });
  }
  const texts = formatReport(sources);
  const folder = out ?? found[0]!.folder;
  // A file takes another's place where the folder may be read, too.
  for (const name of ["read", "write"] as const) await permit(name, folder);
  try {
    await makePrivateFolder(folder);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot make the folder ${folder}: ${describe(cause)}`, { cause });
  }
  const files = {
    html: join(folder, "report.html"),
    markdown: join(folder, "report.md"),
    csv: join(folder, "averages.csv"),
  };
  const kinds = ["html", "markdown", "csv"] as const;
  for (const kind of kinds) await refuseForeign(files[kind], texts[kind]);
  for (const kind of kinds) openDocument(files[kind])(texts[kind]);
  return files;
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
