/**
 * What all commands have in common: `--help`, one shape of its text, and one line for an error.
 *
 * @module
 */
import { describe, EXIT, reportError, RunError } from "../base/errors.ts";
import { print } from "../base/output.ts";
import { howStarted, isPart } from "../base/program.ts";
import {
  type Arguments,
  defaultValues,
  givenValues,
  helpLine,
  optionLines,
  type OptionTable,
  splitArguments,
  type Values,
} from "./arguments.ts";
import { flag } from "./option_kinds.ts";
import { wrap, wrapCommand, wrapParagraphs } from "./wrap.ts";

/** What a command says of itself. */
export interface CommandHelp {
  /** What it does, in a sentence or two. */
  does: string;
  /** The command, up to its options. */
  starts: string;
  /** Placeholder of what stands for itself, such as `[PATH...]`; none where there is no such thing. */
  operand?: string;
  /** More about what it does. */
  about?: string;
  examples?: readonly string[];
  /** What exit code 1 says; default "failed". */
  failed?: string;
  /** Whether it can be interrupted, with exit code 130. */
  canBeInterrupted?: boolean;
  /** What starts it with files in a folder DIR that its task may not use. */
  elsewhere?: string;
  /** The permissions it needs, and what for. */
  permissions: Readonly<Record<string, string>>;
}

/** A command: what it says of itself, and its options. */
export interface Command<Table extends OptionTable> extends CommandHelp {
  options: Table;
}

/** The option that every command has. */
export const HELP = { help: { ...flag("show this text and end"), short: "h" } };

/** The text of `--help`, which fits {@linkcode COLUMNS}. */
export function commandHelp(help: CommandHelp, options: OptionTable): string {
  const { does, starts, operand, about, examples, failed = "failed", permissions } = help;
  const interrupted = help.canBeInterrupted ? ", 130 interrupted" : "";
  const usage = `${howStarted(starts)} [OPTIONS]${operand ? ` ${operand}` : ""}`;
  const paragraphs = [
    [wrap(does)],
    [wrap(usage, { first: "Usage: ", others: "           " })],
    about ? [wrapParagraphs(about)] : [],
    ["Options:", ...optionLines(options)],
    examples ? ["Examples:", ...examples.map((line) => wrapCommand(asStarted(line, starts)))] : [],
    [wrap(`Exit codes: 0 complete, 1 ${failed}, 2 wrong arguments${interrupted}.`)],
    // A program that is all commands in one has the permissions of all.
    isPart() ? [] : ["Permissions:", ...Object.entries(permissions).map(helpLine)],
  ];
  const texts = paragraphs.filter(({ length }) => length > 0).map((lines) => lines.join("\n"));
  return `${texts.join("\n\n")}\n`;
}

/** An example begins with all that starts its command, or with the script's name alone. */
function asStarted(example: string, starts: string): string {
  const own = [starts, starts.split(" ").at(-1)!].find((own) =>
    `${example} `.startsWith(`${own} `)
  );
  return own === undefined ? example : `${howStarted(starts)}${example.slice(own.length)}`;
}

/** What a command says of itself where it is asked for help. */
export interface Described {
  help: CommandHelp;
  options: OptionTable;
}

/** Gets to know what is said instead of the text; null where the text is printed. */
let listener: ((described: Described) => void) | null = null;

/** Prints the text of `--help`. */
export function showHelp(help: CommandHelp, options: OptionTable): void {
  if (listener) listener({ help, options });
  else print(commandHelp(help, options));
}

/**
 * What a command says of itself, and its options, without a word on stdout.
 *
 * @param run the command
 */
export async function describeCommand(
  run: (args: string[]) => Promise<number>,
): Promise<Described> {
  const said: Described[] = [];
  listener = (described) => said.push(described);
  try {
    await run(["--help"]);
  } finally {
    listener = null;
  }
  const [described] = said;
  if (!described) throw new Error("the command has no help");
  return described;
}

/** A command line that was read. */
export interface Read<Table extends OptionTable> extends Arguments {
  /** The options that are there. */
  given: Partial<Values<Table>>;
  /** All options; those that are not there are their defaults. */
  values: Values<Table>;
}

/**
 * Reads a command line.
 *
 * @returns "help" where that is asked for
 * @throws {UsageError} naming what is wrong and what is allowed
 *
 * @example
 * ```ts
 * import { wholeNumber } from "./option_kinds.ts";
 *
 * const options = { port: wholeNumber([1, 65535], "UDP port", 1443) };
 * const help = { does: "Listens.", starts: "listen.ts", permissions: {} };
 * const read = readCommand({ ...help, options }, ["--port", "4433"]);
 * if (read === "help" || read.values.port !== 4433) throw new Error("not read");
 * ```
 */
export function readCommand<Table extends OptionTable>(
  { options, operand }: Command<Table>,
  args: string[],
): Read<Table> | "help" {
  const split = splitArguments({ ...options, ...HELP }, args, operand);
  if (split.texts.has("help")) return "help";
  const given = givenValues(options, split);
  return { ...split, given, values: { ...defaultValues(options), ...given } };
}

/**
 * Runs a command to its end: shows its help where that is asked for, and an error in one line.
 *
 * @param run resolves to the exit code, or to nothing where all is well
 * @returns the exit code
 */
export async function runCommand<Table extends OptionTable>(
  command: Command<Table>,
  args: string[],
  run: (read: Read<Table>) => Promise<number | void>,
): Promise<number> {
  try {
    const read = readCommand(command, args);
    if (read !== "help") return await run(read) ?? EXIT.complete;
    return showHelp(command, { ...command.options, ...HELP }), EXIT.complete;
  } catch (error) {
    return reportError(withElsewhere(error, command));
  }
}

/** A task has the permissions it has: what can be done where they are too few. */
function withElsewhere(error: unknown, { elsewhere }: CommandHelp): unknown {
  if (elsewhere === undefined) return error;
  const line = describe(error);
  const told = line.replace(AGAIN, `for another folder DIR: ${elsewhere}`);
  return told === line ? error : new RunError(told, { cause: error });
}

/** What describe() says of a folder or a file that may not be used. */
const AGAIN = /run again with --allow-(?:read|write)$/;
