/**
 * Reads documents, and the logs that lie beside them.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import type { ResultDocument, RunResult } from "../../common/measure/result.ts";
import { type FoundDocument, readDocument } from "./documents.ts";
import type { Source } from "./jobs.ts";
import { sum } from "./inference.ts";
import { figuresOf, type LogFigures, logsOf } from "./logs.ts";

/**
 * Reads documents with their logs.
 *
 * @param paths result documents, their folders or logs
 * @param wantsLogs whether a document's logs are read, as they are large; default: all are
 * @throws {UsageError} for a document or a log that cannot be used
 * @throws {RunError} where one may not be read
 */
export async function readSources(
  paths: readonly string[],
  wantsLogs: (document: ResultDocument) => boolean = () => true,
): Promise<Source[]> {
  const found = await readDocuments(paths);
  const sources: Source[] = [];
  for (const one of found) {
    const { document, folder, madeOf } = one;
    const logs = wantsLogs(document) ? madeOf ?? await logsOf(document.runs, folder) : [];
    // One after the other, as logs are large.
    const strayLogs: string[] = [];
    const figures = logs.map((log, i) => {
      const read = log && figuresOf(log.file);
      if (!log || !read || madeOf || isLogOf(document.runs[i]!, read)) return read;
      strayLogs.push(log.file);
      return null;
    });
    sources.push({ ...one, logs: figures, ...(strayLogs.length > 0 ? { strayLogs } : {}) });
  }
  return sources;
}

/** Whether a log has as many counted messages of each size as the run, and not another's. */
function isLogOf({ sizes }: RunResult, log: LogFigures): boolean {
  return sizes.every(({ sizeBytes, messageUs: { n, mean } }) => {
    const messagesUs = log.get(sizeBytes)?.messagesUs ?? [];
    if (messagesUs.length !== n) return false;
    return mean === null || Math.abs(sum(messagesUs) / n - mean) <= 0.01 * mean;
  });
}

/** Whether a document's figures of all sizes together are to be had from its logs alone. */
export function lacksAllSizes({ runs }: ResultDocument): boolean {
  return runs.some(({ allSizes, sizes }) => !allSizes && sizes.length > 1);
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
