/**
 * Compares two result documents: which lanes have become slower or faster.
 *
 *     deno task netpairs compare --help
 *
 * @module
 */
import { EXIT, UsageError } from "../common/base/errors.ts";
import { openDocument, print } from "../common/base/output.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { flag, text, wholeNumber } from "../common/cli/option_kinds.ts";
import { compareJobs } from "./report/compare.ts";
import { comparisonJson, formatComparison } from "./report/compare_output.ts";
import { permit } from "./report/permit.ts";
import { readJobs } from "./report/write.ts";

/** The options of a comparison. */
export const COMPARE_OPTIONS = {
  bound: {
    ...wholeNumber([0, 1000], "slowdown that is accepted", 10),
    value: "PERCENT",
  },
  absolute: flag("do not take the machine's drift out"),
  "every-size": flag("list all sizes, not only those that changed"),
  json: text("FILE", "write the comparison as JSON (- for stdout)", undefined),
};

const COMMAND: Command<typeof COMPARE_OPTIONS> = {
  does: "Compares two result documents: which lanes are slower or faster, and by how much.",
  starts: "deno task netpairs compare",
  operand: "BEFORE AFTER",
  about: "BEFORE and AFTER are result documents, or their folders.",
  options: COMPARE_OPTIONS,
  examples: ["deno task netpairs compare before/result.json after/result.json --bound 5"],
  failed: "failed, or a lane is slower",
  permissions: { "--allow-read": "results", "--allow-write": "--json" },
};

/** How to compare. */
export interface CompareOptions {
  boundPercent: number;
  absolute: boolean;
  everySize: boolean;
  json: string | undefined;
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
    const { bound: boundPercent, absolute, everySize, json } = values;
    return await compareDocuments(before, after, { boundPercent, absolute, everySize, json });
  });
}

/**
 * Prints the comparison of two documents.
 *
 * @returns the exit code: failed where a lane has become slower
 */
export async function compareDocuments(
  before: string,
  after: string,
  { boundPercent, absolute, everySize, json }: CompareOptions,
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

if (import.meta.main) Deno.exit(await compare(Deno.args));
