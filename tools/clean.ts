/**
 * Removes what was built, generated and logged, lists it, and touches nothing else.
 *
 *     deno task clean --help
 *
 * @module
 */
import { isResultsFolder } from "./lib/results_folder.ts";
import { findMadeCertificates } from "../certs/store.ts";
import { DEFAULT_CERTS } from "../common/pem/certificate_files.ts";
import { EXIT, reportError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { PROTOCOLS, ROLES } from "../common/model/protocol.ts";
import { join, resolve } from "../common/base/std.ts";
import { helpLines, type OptionTable, readArguments } from "../common/cli/arguments.ts";
import { ROOT } from "./lib/children.ts";
import { executableName } from "./compile.ts";

const OPTIONS: OptionTable = {
  root: { value: "DIR", help: "folder to clean (default: the project's)" },
  "dry-run": { help: "list what would be removed, and remove nothing" },
  help: { help: "show this and end" },
};

const EXECUTABLES = PROTOCOLS.flatMap((protocol) =>
  ROLES.flatMap((role) => {
    const name = executableName(protocol, role);
    return [name, `${name}.exe`];
  })
);

/** A folder that things are made in, and which of them were; empty then, it goes, too. */
interface Made {
  folder: string;
  /** @param names all that is in the folder */
  madeOf(folder: string, names: string[]): string[] | Promise<string[]>;
}

const MADE: readonly Made[] = [
  { folder: "dist", madeOf: (_, names) => names.filter((name) => EXECUTABLES.includes(name)) },
  {
    folder: "results",
    madeOf: (_, names) => names.filter(isResultsFolder),
  },
  { folder: DEFAULT_CERTS, madeOf: findMadeCertificates },
];

/**
 * Cleans up.
 *
 * @returns the exit code
 */
export async function clean(words: string[]): Promise<number> {
  try {
    const values = readArguments(OPTIONS, words);
    if (values.has("help")) {
      const usage = "Usage: deno task clean [OPTIONS]\n";
      return print(`${[usage, ...helpLines(OPTIONS)].join("\n")}\n`), EXIT.complete;
    }
    const root = resolve(values.get("root") ?? ROOT);
    for (const path of await findMade(root)) {
      if (!values.has("dry-run")) await Deno.remove(path, { recursive: true });
      print(`${path}\n`);
    }
    return EXIT.complete;
  } catch (error) {
    return reportError(error);
  }
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
