/**
 * Runs the tests with newer versions of libssl, which Debian's newer suites have.
 *
 *     deno task test:libssl --help
 *
 * @module
 */
import { join } from "../common/base/std.ts";
import { print } from "../common/base/output.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { ROOT } from "./lib/children.ts";
import { unpack } from "./test_libssl/apt.ts";
import { readWanted } from "./test_libssl/arguments.ts";
import { runInside } from "./test_libssl/changed_root.ts";
import { Outcome } from "./test_libssl/outcome.ts";
import { Skipped } from "./test_libssl/skipped.ts";
import { SUITES, SUITES_FOLDER, type Version, VERSIONS } from "./test_libssl/suites.ts";

const COMMAND: Command<Record<string, never>> = {
  does: "Runs the tests, or those of files, with newer versions of libssl.",
  starts: "deno task test:libssl",
  operand: `[${VERSIONS.join("|")}|all]... [FILE]...`,
  about: `Debian's newer suites have them: trixie, sid and experimental. Packages come from the
mirror that this system's apt uses, are unpacked into ${SUITES_FOLDER}, 150 MB each, and kept until
deno task clean. Tests run with such a folder as their root; what they start and is not there, they
say. A version that cannot be had here is skipped, and a line says why.`,
  options: {},
  examples: [
    "deno task test:libssl",
    "deno task test:libssl 4.0 common/openssl/loss_matrix_test.ts",
  ],
  failed: "a test failed",
  permissions: {
    "--allow-read": "the project, and what Debian's keys are in",
    "--allow-write": SUITES_FOLDER,
    "--allow-run": "deno, apt-get, dpkg-deb, unshare",
    "--allow-sys": "uid: whether root's rights are to be asked for",
  },
};

/**
 * Tests all that is wanted.
 *
 * @returns the exit code
 */
export function testLibssl(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ operands }) => {
    const { versions, files } = readWanted(operands);
    const lines: string[] = [];
    let hasFailed = false;
    for (const version of versions) {
      const { line, failed } = await testOne(version, files);
      hasFailed ||= failed;
      lines.push(`libssl ${version}: ${line}\n`);
    }
    print(lines.join(""));
    return hasFailed ? 1 : 0;
  });
}

/** What came of one version, in a line. */
async function testOne(version: Version, files: readonly string[]) {
  try {
    const suite = SUITES[version];
    const unpacked = await unpack(join(ROOT, SUITES_FOLDER, version), suite);
    if (!unpacked.version.startsWith(`${version}.`)) {
      throw new Skipped(`${suite.suites.at(-1)} has ${unpacked.version} by now`);
    }
    const outcome = new Outcome();
    const args = ["task", "test", ...files];
    const env = { NETPAIRS_LIBSSL: suite.file };
    const code = await runInside(unpacked, { project: ROOT, args, env }, (bytes) => {
      outcome.add(bytes);
    });
    const counts = outcome.counts ?? "the tests did not come to their end";
    return { line: `${unpacked.version}, ${counts}`, failed: code !== 0 };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return { line: `skipped: ${error.message}`, failed: false };
  }
}

if (import.meta.main) Deno.exit(await testLibssl(Deno.args));
