/**
 * Reads documents and logs, and writes the report's files.
 *
 * @module
 */
import { join } from "../../common/base/std.ts";
import { averagesCsv, COLUMNS } from "./averages.ts";
import { buildReport, TITLE } from "./build.ts";
import { jobsOf, type Source } from "./jobs.ts";
import { formatMarkdown } from "./markdown.ts";
import { writeOwnFiles } from "./own_files.ts";
import { formatPage } from "./page.ts";
import { readSources } from "./sources.ts";

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
  return await writeReportOf(await readSources(paths), out);
}

/** The same of documents that were read. */
export async function writeReportOf(
  sources: readonly Source[],
  out?: string,
): Promise<ReportFiles> {
  const texts = formatReport(sources);
  const folder = out ?? sources[0]!.folder;
  const files = {
    html: join(folder, "report.html"),
    markdown: join(folder, "report.md"),
    csv: join(folder, "averages.csv"),
  };
  await writeOwnFiles(folder, [
    { path: files.html, text: texts.html, mark: `<title>${TITLE}</title>` },
    { path: files.markdown, text: texts.markdown, mark: `# ${TITLE}\n` },
    { path: files.csv, text: texts.csv, mark: `${COLUMNS.join(",")}\n` },
  ]);
  return files;
}
