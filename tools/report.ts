/**
 * Makes a report of result documents, or compares two of them.
 *
 *     deno task report --help
 *
 * @module
 */
import { EXIT, reportError, UsageError } from "../common/base/errors.ts";
import { openDocument, print } from "../common/base/output.ts";
import { helpLines, numberOf, type OptionTable, readArguments } from "../common/cli/arguments.ts";
import { compareJobs } from "./report/compare.ts";
import { comparisonJson, formatComparison } from "./report/compare_output.ts";
import { newestFolder } from "./report/documents.ts";
import { permit } from "./report/permit.ts";
import { readJobs, writeReport } from "./report/write.ts";

export { type ReportFiles, writeReport } from "./report/write.ts";

const OPTIONS: OptionTable = {
  out: { value: "DIR", help: "folder for the report (default: the first document's)" },
  results: { value: "DIR", help: "where the newest results are looked for (default results)" },
  compare: { help: "compare two documents instead: --compare A.json B.json" },
  bound: { value: "PERCENT", help: "with --compare: a regression that is accepted (default 10)" },
  absolute: { help: "with --compare: do not take the machine's drift out" },
  "every-size": { help: "with --compare: list all sizes, not just those that changed" },
  json: { value: "FILE", help: "with --compare: the comparison as JSON (- for stdout)" },
  help: { help: "show this and end" },
};

const HELP = `Makes report.html, report.md and averages.csv of result documents and their logs.

Usage: deno task report [OPTIONS] [PATH...]

  PATH is a result document or the folder it lies in (default: the newest one in results/). A log,
  or a folder with logs alone, does where a run was killed before it could write its document.
  Outside of this folder, Deno asks on a terminal whether it may be read and written.

${helpLines(OPTIONS).join("\n")}

Examples:
  deno task report
  deno task report results/2026-01-31T12-00-00.000Z --out public
  deno task report --compare before/result.json after/result.json --bound 5

With --compare the exit code is 1 if a lane became significantly slower by more than the bound.
`;

/** What the words say. */
export type ReportOptions =
  | { does: "help" }
  | { does: "report"; paths: string[]; results: string; out?: string }
  | { does: "compare"; before: string; after: string } & CompareWords;

/** How to compare. */
export interface CompareWords {
  boundPercent: number;
  absolute: boolean;
  everySize: boolean;
  json?: string;
}

const ONLY_COMPARE = ["bound", "absolute", "every-size", "json"];
const ONLY_REPORT = ["out", "results"];

/**
 * Reads the report's command line.
 *
 * @throws {UsageError} naming the word and what is allowed
 */
export function parseReport(words: string[]): ReportOptions {
  const { named, paths } = splitPaths(words);
  const values = readArguments(OPTIONS, named);
  if (values.has("help")) return { does: "help" };
  const isCompare = values.has("compare");
  const stray = (isCompare ? ONLY_REPORT : ONLY_COMPARE).find((word) => values.has(word));
  if (stray) {
    throw new UsageError(`--${stray} ${isCompare ? "does not go" : "goes"} with --compare`);
  }
  const [out, json] = [values.get("out"), values.get("json")];
  if (!isCompare) {
    return { does: "report", paths, results: values.get("results") ?? "results", out };
  }
  const [before, after] = paths;
  if (before === undefined || after === undefined || paths.length > 2) {
    throw new UsageError(`--compare wants two documents, A.json B.json; there are ${paths.length}`);
  }
  const boundPercent = numberOf(values, "bound", 0, 1000) ?? 10;
  const [absolute, everySize] = [values.has("absolute"), values.has("every-size")];
  return { does: "compare", before, after, boundPercent, absolute, everySize, json };
}

/** Tells paths, which stand for themselves, from words and their values. */
function splitPaths(words: string[]): { named: string[]; paths: string[] } {
  const [named, paths]: string[][] = [[], []];
  let isValue = false;
  for (const word of words) {
    const isName: boolean = word.startsWith("-") && !(isValue && word === "-");
    if (isName || isValue) named!.push(word);
    else paths!.push(word);
    isValue = isName && OPTIONS[word.slice(2)]?.value !== undefined;
  }
  return { named: named!, paths: paths! };
}

/**
 * Makes a report or a comparison.
 *
 * @returns the exit code
 */
export async function report(words: string[]): Promise<number> {
  try {
    const options = parseReport(words);
    if (options.does === "help") return print(HELP), EXIT.complete;
    if (options.does === "compare") return await compare(options);
    const { paths, results, out } = options;
    const files = await writeReport(paths.length > 0 ? paths : [await newestFolder(results)], out);
    print(`${Object.values(files).join("\n")}\n`);
    return EXIT.complete;
  } catch (error) {
    return reportError(error);
  }
}

async function compare(
  { before, after, boundPercent, absolute, everySize, json }: CompareWords & {
    before: string;
    after: string;
  },
): Promise<number> {
  const jobs = [await readJobs(before), await readJobs(after)] as const;
  const comparison = compareJobs(...jobs, { boundPercent, absolute });
  if (json !== undefined) {
    if (json !== "-") await permit("write", json);
    openDocument(json)(comparisonJson(comparison, { before, after }));
  }
  if (json !== "-") print(formatComparison(comparison, everySize));
  const isWorse = comparison.lanes.some(({ changes }) =>
    changes.some(({ isRegression }) => isRegression)
  );
  return isWorse ? EXIT.failed : EXIT.complete;
}

if (import.meta.main) Deno.exit(await report(Deno.args));
