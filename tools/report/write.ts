/**
 * Reads documents and logs, and writes the report's files.
 *
 * @module
 */
import { join } from "../../common/base/std.ts";
import { UsageError } from "../../common/base/errors.ts";
import { openDocument, type Write } from "../../common/base/output.ts";
import { say } from "../../common/base/say.ts";
import { averagesCsv, COLUMNS } from "./averages.ts";
import { buildReport, TITLE } from "./build.ts";
import { appendHistory, type History, historyLines, readHistory, sayCutOff } from "./history.ts";
import { HGRM_MARK, hgrmFiles } from "./hgrm.ts";
import { filesOf, refuseSameFiles, refuseTwice } from "./distinct.ts";
import { jobsOf, type Source } from "./jobs.ts";
import { formatMarkdown } from "./markdown.ts";
import { writeOwnFiles } from "./own_files.ts";
import { formatPage } from "./page.ts";
import { ndjsonOf } from "./ndjson.ts";
import { permit } from "./permit.ts";
import { readSources } from "./sources.ts";

/** The files of a report. */
export interface ReportFiles {
  html: string;
  markdown: string;
  csv: string;
}

/** Where a report's files are. */
export interface WrittenFiles extends ReportFiles {
  /** Distributions, where they were asked for. */
  hgrm: string[];
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
  /** Whether each job's distribution is written, as its logs have it, see {@linkcode hgrmFiles}. */
  hgrm?: boolean;
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
  options?: ReportOptions,
): Promise<WrittenFiles> {
  return await writeReportOf(await readSources(paths), options);
}

/** The same of documents that were read. */
export async function writeReportOf(
  sources: readonly Source[],
  { out, ndjson, history: drawn, append, hgrm = false }: ReportOptions = {},
): Promise<WrittenFiles> {
  const distributions = hgrm ? hgrmFiles(jobsOf(sources)) : [];
  if (hgrm && distributions.length === 0) {
    throw new UsageError("--hgrm: there are no step logs beside the documents to make it of");
  }
  refuseTwice(sources);
  const history = await openHistory(drawn, append);
  const writeNdjson = ndjson === undefined ? null : await openNdjson(ndjson);
  const texts = formatReport(sources, history);
  const folder = out ?? sources[0]!.folder;
  const hgrms = distributions.map(({ name, text }) => ({
    ...{ path: join(folder, name), text, mark: HGRM_MARK },
  }));
  const files = {
    html: join(folder, "report.html"),
    markdown: join(folder, "report.md"),
    csv: join(folder, "averages.csv"),
    hgrm: hgrms.map(({ path }) => path),
  };
  await refuseSameFiles(
    [
      ...await filesOf(sources, ["averages.csv"]),
      ...(drawn === undefined || drawn === append ? [] : [{ name: "--history", path: drawn }]),
    ],
    [
      ...[files.html, files.markdown, files.csv].map((path) => ({ name: "the report's", path })),
      ...(append === undefined ? [] : [{ name: "--append", path: append }]),
      ...(ndjson === undefined || ndjson === "-" ? [] : [{ name: "--ndjson", path: ndjson }]),
    ],
  );
  await writeOwnFiles(folder, [
    { path: files.html, text: texts.html, mark: `<title>${TITLE}</title>` },
    { path: files.markdown, text: texts.markdown, mark: `# ${TITLE}\n` },
    { path: files.csv, text: texts.csv, mark: `${COLUMNS.join(",")}\n` },
    ...hgrms,
  ]);
  writeNdjson?.(ndjsonOf(sources));
  if (append !== undefined) appendHistory(append, historyLines(sources));
  return files;
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
