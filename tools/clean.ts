/**
 * Removes what was built, generated and logged, lists it, and touches nothing else.
 *
 *     deno task clean --help
 *
 * @module
 */
import { isCapture, isResultsFolder, RESULTS } from "./lib/results_folder.ts";
import { findMadeCertificates } from "../certs/store.ts";
import { DEFAULT_CERTS } from "../common/pem/certificate_files.ts";
import { print } from "../common/base/output.ts";
import { join, resolve } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { flag, text } from "../common/cli/option_kinds.ts";
import { ROOT } from "./lib/children.ts";
import { PROGRAMS } from "./compile.ts";
import { SUITES, SUITES_FOLDER } from "./test_libssl/suites.ts";

const OPTIONS = {
  root: text("DIR", "folder to clean (default: the project's)", undefined),
  "dry-run": flag("list what would be removed, and remove nothing"),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Removes what was built, generated and measured, and lists it. All other files stay.",
  starts: "deno task clean",
  options: OPTIONS,
  permissions: {
    "--allow-read": `dist, results, certs/pem and ${SUITES_FOLDER}`,
    "--allow-write": "the same",
  },
};

const EXECUTABLES = PROGRAMS.flatMap(({ name }) => [name, `${name}.exe`]);

/** A folder that things are made in, and which of them were; empty then, it goes, too. */
interface Made {
  folder: string;
  /** @param names all that is in the folder */
  madeOf(folder: string, names: string[]): string[] | Promise<string[]>;
}

const MADE: readonly Made[] = [
  { folder: "dist", madeOf: (_, names) => names.filter((name) => EXECUTABLES.includes(name)) },
  {
    folder: RESULTS,
    madeOf: (_, names) => names.filter((name) => isResultsFolder(name) || isCapture(name)),
  },
  { folder: DEFAULT_CERTS, madeOf: findMadeCertificates },
  { folder: SUITES_FOLDER, madeOf: (_, names) => names.filter((name) => name in SUITES) },
];

/**
 * Cleans up.
 *
 * @returns the exit code
 */
export function clean(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values: { root = ROOT, dryRun } }) => {
    for (const path of await findMade(resolve(root))) {
      if (!dryRun) await Deno.remove(path, { recursive: true });
      print(`${path}\n`);
    }
  });
}

/** Everything that is to be removed, folders after what is in them. */
async function findMade(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const { folder, madeOf } of MADE) {
    const path = join(root, folder);
    const names = await namesIn(path);
    if (!names) continue;
    const made = await madeOf(path, names);
    found.push(...made.map((name) => join(path, name)));
    if (made.length === names.length) found.push(path);
  }
  return found;
}

async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

if (import.meta.main) Deno.exit(await clean(Deno.args));
