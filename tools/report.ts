/**
 * Makes a report of result documents, or compares two of them.
 *
 *     deno task report --help
 *
 * @module
 */
import { UsageError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { say } from "../common/base/say.ts";
import type { Option } from "../common/cli/arguments.ts";
import { type Command, type Read, runCommand } from "../common/cli/command.ts";
import { flag, text } from "../common/cli/option_kinds.ts";
import { COMPARE_OPTIONS, compareDocuments, type CompareOptions } from "./compare.ts";
import { newestFolder } from "./report/documents.ts";
import { type ReportOptions as FileOptions, writeReport } from "./report/write.ts";

export { type ReportFiles, writeReport } from "./report/write.ts";

const OPTIONS = {
  out: text("DIR", "folder for the report (default: the first document's)", undefined),
  results: text("DIR", "where the newest results are looked for", "results"),
  ndjson: text("FILE", "the figures as NDJSON, too (- for stdout)", undefined),
  append: text("FILE", "add the medians to this history, and draw it", undefined),
  history: text("FILE", "draw this history: what lanes took over time", undefined),
  compare: flag("compare two documents instead: --compare A.json B.json"),
  bound: comparing(COMPARE_OPTIONS.bound),
  absolute: comparing(COMPARE_OPTIONS.absolute),
  "every-size": comparing(COMPARE_OPTIONS["every-size"]),
  json: comparing(COMPARE_OPTIONS.json),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Makes report.html, report.md and averages.csv of result documents and their logs.",
  starts: "deno task report",
  operand: "[PATH...]",
  about:
    `PATH is a result document or its folder (default: the newest one in results/). If a run was killed
before it wrote its document, a log will do, or a folder of logs.`,
  options: OPTIONS,
  examples: [
    "deno task report",
    "deno task report results/2026-01-31T12-00-00.000Z --out public",
    "deno task report --append history.ndjson --ndjson figures.ndjson",
    "deno task report --compare before/result.json after/result.json --bound 5",
  ],
  failed: "failed, or --compare found a lane that is slower",
  permissions: {
    "--allow-read": "results; outside the current folder, Deno asks on a terminal",
    "--allow-write": "the report; outside the current folder, Deno asks on a terminal",
  },
};

/** What the arguments say. */
export type ReportOptions =
  | { does: "report"; paths: string[]; results: string; files: FileOptions }
  | { does: "compare"; before: string; after: string } & CompareOptions;

const ONLY_COMPARE = Object.keys(COMPARE_OPTIONS);
const ONLY_REPORT = ["out", "results", "ndjson", "append", "history"];

/** @throws {UsageError} for options that do not go together, or a wrong number of paths */
function reportOptions({ values, texts, operands: paths }: Read<typeof OPTIONS>): ReportOptions {
  const { compare, out, results, bound: boundPercent, absolute, everySize, json } = values;
  const { ndjson, append, history } = values;
  const stray = (compare ? ONLY_REPORT : ONLY_COMPARE).find((name) => texts.has(name));
  if (stray) {
    throw new UsageError(`--${stray} ${compare ? "does not go" : "goes"} with --compare`);
  }
  const path = [append, history].find((path) => path === "-");
  if (path !== undefined) throw new UsageError("a history is a file: it cannot be -");
  if (!compare) return { does: "report", paths, results, files: { out, ndjson, append, history } };
  const [before, after] = paths;
  if (before === undefined || after === undefined || paths.length > 2) {
    throw new UsageError(`--compare wants two documents, A.json B.json; there are ${paths.length}`);
  }
  return { does: "compare", before, after, boundPercent, absolute, everySize, json };
}

/**
 * Makes a report or a comparison.
 *
 * @returns the exit code
 */
export function report(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async (read) => {
    const options = reportOptions(read);
    if (options.does === "compare") {
      return await compareDocuments(options.before, options.after, options);
    }
    const { paths, results, files } = options;
    const written = await writeReport(
      paths.length > 0 ? paths : [await newestFolder(results)],
      files,
    );
    const names = Object.values(written).join("\n");
    // NDJSON has stdout for itself.
    if (files.ndjson === "-") say(names);
    else print(`${names}\n`);
  });
}

/** An option that goes with `--compare` alone. */
function comparing<T>(option: Option<T>): Option<T> {
  return { ...option, help: `--compare: ${option.help}` };
}

if (import.meta.main) Deno.exit(await report(Deno.args));
