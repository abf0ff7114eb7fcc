/**
 * Compiles the pairs into standalone executables, a client and a server of each protocol.
 *
 *     deno task compile --help
 *
 * @module
 */
import { describe, RunError } from "../common/base/errors.ts";
import { LANES, permissionsOf } from "../common/model/lanes.ts";
import { print } from "../common/base/output.ts";
import { type Protocol, PROTOCOLS, type Role, ROLES } from "../common/model/protocol.ts";
import { basename, join, resolve, stripAnsiCode } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { oneOf, text } from "../common/cli/option_kinds.ts";
import { ROOT } from "./lib/children.ts";

/** What `deno compile --target` takes. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

const OPTIONS = {
  target: {
    ...oneOf(TARGETS, "machine to compile for (default: this one)", undefined),
    value: "TRIPLE",
  },
  dist: text("DIR", "folder for the executables (default dist)", undefined),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Compiles the client and the server of each protocol into executables that need no Deno.",
  starts: "deno task compile",
  about: ["Machines to compile for (TRIPLE):", ...TARGETS.map((target) => `  ${target}`)].join(
    "\n",
  ),
  options: OPTIONS,
  permissions: { "--allow-run": "deno" },
};

/** The executable's name; on Windows `.exe` follows. */
export function executableName(protocol: Protocol, role: Role): string {
  return `${protocol}-${role}`;
}

/**
 * Compiles all eight.
 *
 * @returns the exit code
 */
export function compileAll(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values: { target, dist = join(ROOT, "dist") } }) => {
    for (const protocol of PROTOCOLS) {
      for (const role of ROLES) {
        const output = join(resolve(dist), executableName(protocol, role));
        await compile(protocol, role, output, target);
        print(`${output}\n`);
      }
    }
  });
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
      // Types are checked by `deno task lint`.
      "--no-check",
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
