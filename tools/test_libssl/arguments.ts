/**
 * What stands on the command line: versions, then files.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { type Version, VERSIONS } from "./suites.ts";

/** What is to be tested. */
export interface Wanted {
  versions: Version[];
  /** Test files; none for all. */
  files: string[];
}

/**
 * Takes versions and files apart.
 *
 * @throws {UsageError} naming a version that there is no suite for
 */
export function readWanted(operands: readonly string[]): Wanted {
  const isVersion = (text: string) => /^(all|\d+(\.\d+)*)$/.test(text);
  const firstFile = operands.findIndex((text) => !isVersion(text));
  const count = firstFile < 0 ? operands.length : firstFile;
  const named = operands.slice(0, count);
  const unknown = named.find((text) => text !== "all" && !VERSIONS.includes(text as Version));
  if (unknown !== undefined) {
    throw new UsageError(
      `libssl ${shownArgument(unknown)}: ${VERSIONS.join(", ")} or all is allowed`,
    );
  }
  const isAll = named.length === 0 || named.includes("all");
  const versions = VERSIONS.filter((version) => isAll || named.includes(version));
  return { versions, files: operands.slice(count) };
}
