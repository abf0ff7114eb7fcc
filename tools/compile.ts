/**
 * Compiles standalone executables: all commands in one, and a client and a server of each protocol.
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
  does: "Compiles netpairs, and the client and the server of each protocol by themselves, into " +
    "executables that need no Deno.",
  starts: "deno task compile",
  about: ["Machines to compile for (TRIPLE):", ...TARGETS.map((target) => `  ${target}`)].join(
    "\n",
  ),
  options: OPTIONS,
  permissions: { "--allow-run": "deno" },
};

/** A program that is compiled. */
interface Program {
  /** The executable's name; on Windows `.exe` follows. */
  readonly name: string;
  /** Its main module, in the project's folder. */
  readonly script: string;
  readonly permissions: readonly string[];
}

/** For --plan, --json and --csv, and for what the result document says of the machine. */
const FILES = ["--allow-read", "--allow-write", "--allow-sys=hostname,cpus"];

/** What is compiled. */
export const PROGRAMS: readonly Program[] = [
  {
    name: "netpairs",
    script: "tools/netpairs.ts",
    // What all commands need; it starts itself, whatever it is called then.
    permissions: [
      ...["--allow-net", "--allow-ffi", "--allow-env=NETPAIRS_LIBSSL,SSLKEYLOGFILE", "--allow-run"],
      ...FILES,
    ],
  },
  ...PROTOCOLS.flatMap((protocol) => ROLES.map((role) => pairProgram(protocol, role))),
];

function pairProgram(protocol: Protocol, role: Role): Program {
  // The last lane of a protocol needs what all its lanes need.
  const lane = LANES.findLast((lane) => lane.protocol === protocol)!;
  const forKeys = lane.engine === null ? [] : ["--allow-env=SSLKEYLOGFILE"];
  const permissions = [...permissionsOf(lane), ...forKeys, ...FILES];
  return { name: `${protocol}-${role}`, script: `${protocol}/${role}.ts`, permissions };
}

/**
 * Compiles all of them.
 *
 * @returns the exit code
 */
export function compileAll(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values: { target, dist = join(ROOT, "dist") } }) => {
    for (const program of PROGRAMS) {
      const output = join(resolve(dist), program.name);
      await compile(program, output, target);
      print(`${output}\n`);
    }
  });
}

async function compile(
  { script, permissions }: Program,
  output: string,
  target: string | undefined,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      // Types are checked by `deno task lint`.
      ...["compile", "--quiet", "--no-prompt", "--no-check", ...new Set(permissions)],
      ...(target ? ["--target", target] : []),
      ...["--output", output],
      join(ROOT, script),
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
