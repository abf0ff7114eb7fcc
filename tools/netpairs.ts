/**
 * All commands in one program, by its first arguments.
 *
 *     deno task netpairs help
 *
 * @module
 */
import { EXIT, reportError, UsageError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { runsAsPart } from "../common/base/program.ts";
import { VERSION } from "../common/base/version.ts";
import { shownArgument } from "../common/base/visible.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import type { ClientTransport, Prepare } from "../common/mod.ts";
import type { AnyServerTransport } from "../common/exchange/transport.ts";
import type { Protocol } from "../common/model/protocol.ts";
import { nearest } from "../common/settings/nearest.ts";
import { type Entry, entryOf, type Run, wordsAfter } from "./netpairs/entry.ts";
import { programHelp } from "./netpairs/help.ts";

/** Everything that can be started. A command's modules are loaded only when it is started. */
export const COMMANDS: readonly Entry[] = [
  client("tcp", () => import("../tcp/client.ts")),
  server("tcp", () => import("../tcp/server.ts")),
  client("udp", () => import("../udp/client.ts")),
  server("udp", () => import("../udp/server.ts")),
  client("tls", () => import("../tls/client.ts")),
  server("tls", () => import("../tls/server.ts")),
  client("dtls", () => import("../dtls/client.ts")),
  server("dtls", () => import("../dtls/server.ts")),
  row("run", "run all lanes, show what each costs", () => import("./run_all.ts"), "runAll"),
  row("report", "make a page and tables of results", () => import("./report.ts"), "report"),
  row("compare", "compare the results of two runs", () => import("./compare.ts"), "compare"),
  row("capture", "show what a lane puts on the wire", () => import("./capture.ts"), "capture"),
  row("agent", "run servers for another machine", () => import("./agent.ts"), "agent"),
  row("push", "copy this program to other machines", () => import("./push.ts"), "push"),
  row("fetch", "bring back their results", () => import("./fetch.ts"), "fetchResults"),
  row("certs", "make certificates for TLS and DTLS", () => import("../certs/generate.ts"), "main"),
  row("completions", "print what completes commands in a shell", async () => {
    const { completions } = await import("./completions.ts");
    return { run: (args: string[]) => completions(args, COMMANDS) };
  }, "run"),
  row("help", "show this text, or a command's help", () => Promise.resolve({ help }), "help"),
];

/** @param name what its module exports */
function row<Name extends string>(
  words: string,
  does: string,
  load: () => Promise<Readonly<Record<Name, Run>>>,
  name: Name,
): Entry {
  return { words, does, load: async () => (await load())[name] };
}

function client(
  protocol: Protocol,
  load: () => Promise<{ prepare: Prepare<ClientTransport<unknown>> }>,
): Entry {
  const does = `send messages over ${protocol.toUpperCase()}, time every step`;
  return row(`${protocol} client`, does, async () => {
    const [{ clientMain }, { prepare }] = [await pairs(), await load()];
    return { run: (args: string[]) => clientMain(protocol, prepare, args) };
  }, "run");
}

function server(
  protocol: Protocol,
  load: () => Promise<{ prepare: Prepare<AnyServerTransport> }>,
): Entry {
  return row(`${protocol} server`, `answer messages over ${protocol.toUpperCase()}`, async () => {
    const [{ serverMain }, { prepare }] = [await pairs(), await load()];
    return { run: (args: string[]) => serverMain(protocol, prepare, args) };
  }, "run");
}

/** What the scripts of the pairs are made with. */
function pairs() {
  return import("../common/mod.ts");
}

/** What commands are called elsewhere. */
const OTHER_NAMES: Readonly<Record<string, string>> = { demo: "run" };

/**
 * Runs the command that the first arguments name.
 *
 * @returns its exit code
 */
export async function netpairs(args: string[]): Promise<number> {
  try {
    const [first, second] = args;
    if (first === "--help" || first === "-h") return print(programHelp(COMMANDS)), EXIT.complete;
    if (first === "--version") return print(`netpairs ${VERSION}\n`), EXIT.complete;
    const entry = entryOf(COMMANDS, args);
    if (entry) {
      runsAsPart(entry.words);
      const run = await entry.load();
      return await run(args.slice(entry.words.split(" ").length));
    }
    const group = COMMANDS.filter(({ words }) => words.startsWith(`${first} `));
    if (group.length > 0 && (second === "--help" || second === "-h")) {
      return print(programHelp(group, first)), EXIT.complete;
    }
    throw new UsageError(unknownCommand(args));
  } catch (error) {
    return reportError(error);
  }
}

const SEE_HELP = "netpairs help lists all commands";

/** What is wrong with the first arguments, and what was probably meant. */
function unknownCommand([first, second]: readonly string[]): string {
  if (first === undefined) return `a command is missing; ${SEE_HELP}`;
  const seconds = wordsAfter(COMMANDS, [first]);
  if (seconds.length > 0 && second === undefined) {
    return `netpairs ${first}: ${seconds.join(" or ")} is missing`;
  }
  const [before, word, words] = seconds.length > 0
    ? [`netpairs ${first} `, second!, seconds]
    : ["netpairs ", first, wordsAfter(COMMANDS, [])];
  const begun = words.filter((known) => known.startsWith(word));
  const near = word.startsWith("-")
    ? undefined
    : OTHER_NAMES[word] ?? (begun.length === 1 ? begun[0] : nearest(word, words));
  const what = word.startsWith("-") ? "a command is missing before" : "unknown command";
  return `${what} "${shownArgument(word)}"; ${
    near
      ? `did you mean ${before}${near}?`
      : words === seconds
      ? `use ${seconds.join(" or ")}`
      : SEE_HELP
  }`;
}

const HELP_COMMAND: Command<Record<never, never>> = {
  does: "Lists all commands, or shows the help of one.",
  starts: "deno task netpairs help",
  operand: "[COMMAND]",
  options: {},
  examples: ["deno task netpairs help", "deno task netpairs help dtls client"],
  permissions: {},
};

function help(args: string[]): Promise<number> {
  return runCommand(HELP_COMMAND, args, ({ operands }) => netpairs([...operands, "--help"]));
}

if (import.meta.main) Deno.exit(await netpairs(Deno.args));
