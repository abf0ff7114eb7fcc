/**
 * Reads command lines: what a command takes stands in a table, all else is refused.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { UsageError } from "../base/errors.ts";
import { shownArgument } from "../base/visible.ts";
import { nearest } from "../settings/nearest.ts";
import { wrap } from "./wrap.ts";

/** One option of a command; common/cli/option_kinds.ts makes them. */
export interface Option<T> {
  /** Placeholder of its value in the help; none for a switch, which has no value. */
  readonly value?: string;
  /** What it does, with the range and the default of its value. */
  readonly help: string;
  /** What it is where it is not given. */
  readonly absent: T;
  /**
   * Reads its values, of which there is at least one; a switch's are empty.
   *
   * @param name the option with its dashes, for errors
   * @throws {UsageError} naming the option and what is allowed
   */
  readonly read: (texts: readonly string[], name: string) => T;
  /** False where the command does not take it, so that it is what it is where it is not given. */
  readonly isTaken?: boolean;
  /** True where it is not for users: the help leaves it out. */
  readonly isHidden?: boolean;
  /** A letter that stands for it behind a single dash; none where there is no such letter. */
  readonly short?: string;
}

/** The options of a command, by name without the dashes. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** `wait-ms` is read as `waitMs`. */
type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** What the options of a table are read as. */
export type Values<Table extends OptionTable> = {
  [Name in keyof Table & string as CamelCase<Name>]: Table[Name] extends Option<infer T> ? T
    : never;
};

/** The options that are there, by name, each with its values as they stand there. */
type Texts = Map<string, string[]>;

/** A command line that consists of known options and of what stands for itself. */
export interface Arguments {
  readonly texts: Texts;
  /** What belongs to no option, such as paths. */
  readonly operands: string[];
}

/**
 * Tells the options of a command line, their values and its operands apart. The value of an option
 * is not read yet.
 *
 * @param operand placeholder of the operands in the help; where there is none, they are refused
 * @throws {UsageError} for an option that is unknown, or has no value or one too many
 */
export function splitArguments(table: OptionTable, args: string[], operand?: string): Arguments {
  const texts: Texts = new Map();
  const operands: string[] = [];
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { value, short }]) => [name, {
      type: value === undefined ? "boolean" as const : "string" as const,
      ...(short === undefined ? {} : { short }),
    }]),
  );
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const { name, value, inlineValue } = token;
    const option = optionOf(table, name, args[token.index]!);
    if (option.value === undefined && inlineValue) {
      throw new UsageError(`--${name} takes no value`);
    }
    const isThere = value !== undefined && (inlineValue ? value !== "" : isValue(value));
    if (option.value !== undefined && !isThere) {
      throw new UsageError(`--${name} needs a value: ${option.value}`);
    }
    texts.set(name, [...texts.get(name) ?? [], value ?? ""]);
  }
  if (operand === undefined && operands.length > 0) {
    const [first = ""] = operands;
    throw new UsageError(`unexpected argument "${shownArgument(first)}"; ${SEE_HELP}`);
  }
  return { texts, operands };
}

const SEE_HELP = "--help lists what is allowed";

/** A value does not begin with a dash, but for a lone one, which is stdout, and negative numbers. */
function isValue(text: string): boolean {
  return /^(?:[^-]|-$|-[0-9])/.test(text);
}

/** @throws {UsageError} where the table does not have it, with the one that was probably meant */
function optionOf(table: OptionTable, name: string, arg: string): Option<unknown> {
  const names = Object.keys(table).filter((name) => table[name]!.isTaken !== false);
  if (names.includes(name)) return table[name]!;
  const near = nearest(arg.replace(/^-+/, "").split("=", 1)[0]!, names);
  const hint = near ? `did you mean --${near}?` : SEE_HELP;
  throw new UsageError(`unknown option "${shownArgument(arg)}"; ${hint}`);
}

/**
 * Reads the values of the options that are there.
 *
 * @throws {UsageError} naming the option and what is allowed
 */
export function givenValues<Table extends OptionTable>(
  table: Table,
  { texts }: Arguments,
): Partial<Values<Table>> {
  const given = [...texts].map(([name, values]) =>
    [camelCase(name), table[name]!.read(values, `--${name}`)] as const
  );
  return Object.fromEntries(given) as Partial<Values<Table>>;
}

/** What all options are where none is given. */
export function defaultValues<Table extends OptionTable>(table: Table): Values<Table> {
  const values = Object.entries(table).map(([name, { absent }]) => [camelCase(name), absent]);
  return Object.fromEntries(values) as Values<Table>;
}

/** The options of these names as they stand on the command line, for another program. */
export function argumentsOf(
  texts: ReadonlyMap<string, readonly string[]>,
  names: readonly string[],
): string[] {
  return names.flatMap((name) => texts.get(name)?.flatMap((text) => [`--${name}`, text]) ?? [])
    .filter((arg) => arg !== "");
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Refuses options of which each says what the other does not.
 *
 * @param groups lists of options of which one at most may be there
 * @throws {UsageError} naming two that are there
 */
export function refuseTogether({ texts }: Arguments, groups: readonly (readonly string[])[]): void {
  for (const group of groups) {
    const [one, other] = group.filter((name) => texts.has(name));
    if (other !== undefined) throw new UsageError(`--${one} and --${other}: only one of them`);
  }
}

/** The options as lines of a help text. */
export function optionLines(table: OptionTable): string[] {
  return Object.entries(table)
    .filter(([, { isTaken, isHidden }]) => isTaken !== false && !isHidden)
    .map(([name, { value, help }]) => helpLine([`--${name}${value ? ` ${value}` : ""}`, help]));
}

/** Where what is said of a thing begins: two blanks, the thing, and what pads it. */
const HELP_INDENT = 30;

/** Lines of a help text: what it is about, and what is said of it. */
export function helpLine([what, help]: readonly [string, string]): string {
  const others = " ".repeat(HELP_INDENT);
  const first = `  ${what}`;
  return first.length < HELP_INDENT
    ? wrap(help, { first: first.padEnd(HELP_INDENT), others })
    : `${first}\n${wrap(help, { first: others, others })}`;
}
