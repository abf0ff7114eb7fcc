/**
 * Makes a report of result documents, or compares two of them.
 *
 *     deno task report --help
 *
 * @module
 */
import { EXIT, UsageError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { say } from "../common/base/say.ts";
import type { Option } from "../common/cli/arguments.ts";
import { type Command, type Read, runCommand } from "../common/cli/command.ts";
import { file, flag, text } from "../common/cli/option_kinds.ts";
import { COMPARE_OPTIONS, compareDocuments, type CompareOptions } from "./compare.ts";
import { type Bound, brokenBounds, checkBounds, MAX_OPTION } from "./report/bounds.ts";
import { newestFolder } from "./report/documents.ts";
import { jobsOf } from "./report/jobs.ts";
import { mermaidOf } from "./report/mermaid.ts";
import { readSources } from "./report/sources.ts";
import { type ReportOptions as FileOptions, writeReportOf } from "./report/write.ts";

export { type ReportFiles, writeReport } from "./report/write.ts";

const OPTIONS = {
  out: text(
    "DIR",
    "folder for the report (default: the first document's), or for --compare's page",
    undefined,
  ),
  results: text("DIR", "where the newest results are looked for", "results"),
  ndjson: text("FILE", "the figures as NDJSON, too (- for stdout)", undefined),
  mermaid: flag("print the handshakes of runs with --trace as Mermaid diagrams, too"),
  hgrm: flag("each log's distribution, too, for HdrHistogram"),
  append: file("add the medians to this history, and draw it"),
  history: file("draw this history: what lanes took over time"),
  compare: flag("compare two documents instead: --compare A.json B.json"),
  max: MAX_OPTION,
  bound: comparing(COMPARE_OPTIONS.bound),
  "accept-inconclusive": comparing(COMPARE_OPTIONS["accept-inconclusive"]),
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
    "deno task report --mermaid > handshakes.md",
    "deno task report --max p99=5ms --max dtls-sync-openssl:lost=1%",
    "deno task report --append history.ndjson --ndjson figures.ndjson",
    "deno task report --compare before/result.json after/result.json --bound 20",
  ],
  failed: "failed, a lane is over --max, or --compare found one slower or inconclusive",
  permissions: {
    "--allow-read": "results; outside the current folder, Deno asks on a terminal",
    "--allow-write": "the report; outside the current folder, Deno asks on a terminal",
  },
};

/** What the arguments say. */
export type ReportOptions =
  | {
    does: "report";
    paths: string[];
    results: string;
    files: FileOptions;
    mermaid: boolean;
    max: readonly Bound[];
  }
  | { does: "compare"; before: string; after: string } & CompareOptions;

const ONLY_COMPARE = Object.keys(COMPARE_OPTIONS);
const ONLY_REPORT = ["results", "ndjson", "mermaid", "hgrm", "append", "history"];

/** @throws {UsageError} for options that do not go together, or a wrong number of paths */
function reportOptions({ values, texts, operands: paths }: Read<typeof OPTIONS>): ReportOptions {
  const { compare, results, bound: boundPercent, ...rest } = values;
  const stray = (compare ? ONLY_REPORT : ONLY_COMPARE).find((name) => texts.has(name));
  if (stray) {
    throw new UsageError(`--${stray} ${compare ? "does not go" : "goes"} with --compare`);
  }
  const { out, ndjson, append, history, hgrm, max, mermaid } = rest;
  if (mermaid && ndjson === "-") {
    throw new UsageError("--mermaid does not go with --ndjson -: both would be printed");
  }
  const files = { out, ndjson, append, history, hgrm };
  if (!compare) return { does: "report", paths, results, files, mermaid, max };
  const [before, after] = paths;
  if (before === undefined || after === undefined || paths.length > 2) {
    throw new UsageError(`--compare wants two documents, A.json B.json; there are ${paths.length}`);
  }
  return { does: "compare", before, after, boundPercent, ...rest };
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
    const { paths, results, files, mermaid, max } = options;
    const sources = await readSources(paths.length > 0 ? paths : [await newestFolder(results)]);
    // Refused before anything is written.
    const diagrams = mermaid ? mermaidOf(sources) : "";
    const names = Object.values(await writeReportOf(sources, files)).flat().join("\n");
    // NDJSON and diagrams have stdout for themselves.
    if (files.ndjson === "-" || mermaid) say(names);
    else print(`${names}\n`);
    print(diagrams);
    const broken = brokenBounds(checkBounds(jobsOf(sources), max));
    for (const line of broken) say(`error: ${line}`);
    return broken.length > 0 ? EXIT.failed : EXIT.complete;
  });
}

/** An option that goes with `--compare` alone. */
function comparing<T>(option: Option<T>): Option<T> {
  return { ...option, help: `--compare: ${option.help}` };
}

if (import.meta.main) Deno.exit(await report(Deno.args));
