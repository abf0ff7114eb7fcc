/**
 * Compares two result documents: which lanes have become slower or faster.
 *
 *     deno task netpairs compare --help
 *
 * @module
 */
import { EXIT, UsageError } from "../common/base/errors.ts";
import { openDocument, print } from "../common/base/output.ts";
import { say } from "../common/base/say.ts";
import { join } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { flag, text, wholeNumber } from "../common/cli/option_kinds.ts";
import { type Bound, brokenBounds, checkBounds, MAX_OPTION, wantsLogs } from "./report/bounds.ts";
import { compareJobs, type Comparison, hasRegression, isInconclusive } from "./report/compare.ts";
import { comparisonJson, formatComparison } from "./report/compare_output.ts";
import { jobsOf, type Source } from "./report/jobs.ts";
import { writeOwnFiles } from "./report/own_files.ts";
import { filesOf, refuseSameFiles } from "./report/distinct.ts";
import { permit } from "./report/permit.ts";
import { lacksAllSizes, readSources } from "./report/sources.ts";

/** The options of a comparison alone. */
export const COMPARE_OPTIONS = {
  bound: {
    ...wholeNumber([0, 1000], "slowdown that is accepted", 10),
    value: "PERCENT",
  },
  "accept-inconclusive": flag("exit with 0 where too little was measured for an answer"),
  absolute: flag("do not take the machine's drift out"),
  "every-size": flag("list all sizes, not only those that changed"),
  json: text("FILE", "write the comparison as JSON (- for stdout)", undefined),
};

const OPTIONS = {
  ...COMPARE_OPTIONS,
  max: MAX_OPTION,
  out: text("DIR", "folder for comparison.html: both runs' curves and the table", undefined),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Compares two result documents: which lanes are slower or faster, and by how much.",
  starts: "deno task netpairs compare",
  operand: "BEFORE AFTER",
  about: "BEFORE and AFTER are result documents, or their folders. --max is for AFTER.",
  options: OPTIONS,
  examples: [
    "deno task netpairs compare before/result.json after/result.json --bound 20",
    "deno task netpairs compare before after --max p99=5ms --max udp:lost=1% --out changes",
  ],
  failed: "failed, a lane is slower, inconclusive or over --max",
  permissions: { "--allow-read": "results", "--allow-write": "--json, --out" },
};

/** How to compare. */
export interface CompareOptions {
  boundPercent: number;
  acceptInconclusive: boolean;
  absolute: boolean;
  everySize: boolean;
  json: string | undefined;
  /** What the second document has to keep. */
  max: readonly Bound[];
  /** Folder for the page; without one there is none. */
  out: string | undefined;
}

/**
 * The command.
 *
 * @returns the exit code
 */
export function compare(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values, operands }) => {
    const [before, after] = operands;
    if (before === undefined || after === undefined || operands.length > 2) {
      throw new UsageError(`two documents are wanted, BEFORE AFTER; there are ${operands.length}`);
    }
    const { bound: boundPercent, ...rest } = values;
    return await compareDocuments(before, after, { boundPercent, ...rest });
  });
}

/**
 * Prints the comparison of two documents.
 *
 * @returns the exit code: failed where a lane has become slower, is inconclusive without that being
 *   accepted, or does not keep a bound
 */
export async function compareDocuments(
  before: string,
  after: string,
  options: CompareOptions,
): Promise<number> {
  const { everySize, json, max, out, acceptInconclusive } = options;
  // Logs are large: they are read where documents do not tell what is asked for.
  const sources = await readSources(
    [before, after],
    (document) => out !== undefined || wantsLogs(max) || lacksAllSizes(document),
  );
  const [jobsBefore, jobsAfter] = sources.map((source) => jobsOf([source]));
  const comparison = compareJobs(jobsBefore!, jobsAfter!, options);
  const checks = checkBounds(jobsAfter!, max);
  if (json !== undefined) {
    if (json !== "-") {
      await permit("write", json);
      await refuseSameFiles(await filesOf(sources), [{ name: "--json", path: json }]);
    }
    openDocument(json)(comparisonJson(comparison, { before, after }, checks));
  }
  const page = out === undefined ? null : await writePage(comparison, sources, out);
  if (json !== "-") print(formatComparison(comparison, everySize));
  if (page !== null) say(`page: ${page}`);
  const broken = brokenBounds(checks);
  for (const line of broken) say(`error: ${line}`);
  const isBad = hasRegression(comparison) || broken.length > 0 ||
    (isInconclusive(comparison) && !acceptInconclusive);
  return isBad ? EXIT.failed : EXIT.complete;
}

/** Charts take a while to load, and most comparisons do without. */
async function writePage(
  comparison: Comparison,
  sources: readonly Source[],
  folder: string,
): Promise<string> {
  const { COMPARISON_TITLE, formatComparisonPage } = await import("./report/compare_page.ts");
  const path = join(folder, "comparison.html");
  const text = formatComparisonPage(comparison, sources);
  await writeOwnFiles(folder, [{ path, text, mark: `<title>${COMPARISON_TITLE}</title>` }]);
  return path;
}

if (import.meta.main) Deno.exit(await compare(Deno.args));
