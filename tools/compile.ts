/**
 * Compiles the pairs into standalone executables, a client and a server of each protocol.
 *
 *     deno task compile --help
 *
 * @module
 */
import { describe, EXIT, reportError, RunError, UsageError } from "../common/base/errors.ts";
import { LANES, permissionsOf } from "../common/model/lanes.ts";
import { print } from "../common/base/output.ts";
import { type Protocol, PROTOCOLS, type Role, ROLES } from "../common/model/protocol.ts";
import { basename, join, resolve, stripAnsiCode } from "../common/base/std.ts";
import { shownWord } from "../common/base/visible.ts";
import { helpLines, type OptionTable, readArguments } from "../common/cli/arguments.ts";
import { ROOT } from "./lib/children.ts";

const OPTIONS: OptionTable = {
  target: { value: "TRIPLE", help: "machine to compile for, such as aarch64-unknown-linux-gnu" },
  dist: { value: "DIR", help: "folder for the executables (default dist)" },
  help: { help: "show this and end" },
};

/** What `deno compile --target` takes. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** The executable's name; on Windows `.exe` follows. */
export function executableName(protocol: Protocol, role: Role): string {
  return `${protocol}-${role}`;
}

/**
 * Compiles all eight.
 *
 * @returns the exit code
 */
export async function compileAll(words: string[]): Promise<number> {
  try {
    const values = readArguments(OPTIONS, words);
    if (values.has("help")) {
      const usage = "Usage: deno task compile [OPTIONS]\n";
      return print(`${[usage, ...helpLines(OPTIONS)].join("\n")}\n`), EXIT.complete;
    }
    const target = values.get("target");
    if (target !== undefined && !TARGETS.includes(target)) {
      throw new UsageError(`--target ${shownWord(target)}: allowed is ${TARGETS.join(" or ")}`);
    }
    const dist = resolve(values.get("dist") ?? join(ROOT, "dist"));
    for (const protocol of PROTOCOLS) {
      for (const role of ROLES) {
        const output = join(dist, executableName(protocol, role));
        await compile(protocol, role, output, target);
        print(`${output}\n`);
      }
    }
    return EXIT.complete;
  } catch (error) {
    return reportError(error);
  }
}

async function compile(
  protocol: Protocol,
  role: Role,
  output: string,
  target: string | undefined,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--no-prompt",
      // The last lane of a protocol needs what all its lanes need.
      ...permissionsOf(LANES.findLast((lane) => lane.protocol === protocol)!),
      // For --plan, --json and --csv, and for what the result document says of the machine.
      ...["--allow-read", "--allow-write", "--allow-sys=hostname,cpus"],
      ...(target ? ["--target", target] : []),
      ...["--output", output],
      join(ROOT, protocol, `${role}.ts`),
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new RunError(explain(stripAnsiCode(new TextDecoder().decode(stderr)), basename(output)));
  }
}

/** The runtime is a download of its own, and where it fails the user can still bring one. */
function explain(stderr: string, name: string): string {
  if (/denort|error sending request/.test(stderr)) {
    return `cannot compile ${name}: the runtime for compiled programs (denort) cannot be had; ` +
      `name a local one of the same version (deno ${Deno.version.deno}) in DENORT_BIN`;
  }
  return `cannot compile ${name}: ${describe(stderr.replace(/^error: /, ""))}`;
}

if (import.meta.main) Deno.exit(await compileAll(Deno.args));
