/**
 * Reads command lines whose words stand in a table, and refuses what is not in it.
 *
 * @module
 */
import { parseHost } from "../base/addresses.ts";
import { UsageError } from "../base/errors.ts";
import { nearest } from "../settings/nearest.ts";
import { parseArgs } from "../base/std.ts";
import { shownWord } from "../base/visible.ts";

/** One word of a command line. */
export interface OptionHelp {
  /** Placeholder of its value in the help; none for a switch. */
  value?: string;
  /** What it does, and its default. */
  help: string;
}

/** The words a command takes, by name without the dashes. */
export type OptionTable = Readonly<Record<string, OptionHelp>>;

/** The words that were there: a switch has an empty value. */
export type Values = ReadonlyMap<string, string>;

/**
 * Reads a command line.
 *
 * @throws {UsageError} for an unknown word, one that stands twice, or a value too many or too few
 *
 * @example
 * ```ts
 * const values = readArguments({ port: { value: "N", help: "UDP port" } }, ["--port", "1443"]);
 * if (values.get("port") !== "1443") throw new Error("not read");
 * ```
 */
export function readArguments(table: OptionTable, words: string[]): Values {
  const refuse = (word: string) => {
    const near = nearest(word.replace(/^-+/, "").split("=", 1)[0]!, Object.keys(table));
    const hint = near ? `did you mean --${near}?` : "--help lists the words that are allowed";
    throw new UsageError(`unknown word "${shownWord(word)}"; ${hint}`);
  };
  const names = Object.keys(table);
  const switches = names.filter((name) => table[name]!.value === undefined);
  const others = names.filter((name) => table[name]!.value !== undefined);
  refuseValues(words, switches);
  const parsed = parseArgs(joinValues(words, table), {
    boolean: switches,
    string: others,
    collect: others,
    alias: names.includes("help") ? { help: "h" } : {},
    unknown: refuse,
  });
  const rest = (parsed._ as unknown[])[0];
  if (rest !== undefined) refuse(String(rest));
  const values = new Map<string, string>();
  for (const name of switches) if (parsed[name] === true) values.set(name, "");
  for (const name of others) {
    const found = parsed[name] as string[];
    if (found.length > 1) throw new UsageError(`--${name} stands there ${found.length} times`);
    if (found[0] === "") throw new UsageError(`--${name} wants a value: ${table[name]!.value}`);
    if (found[0] !== undefined) values.set(name, found[0]);
  }
  return values;
}

/** A switch takes no value; parseArgs would take `=...`, and a `true` or `false` that follows. */
function refuseValues(words: string[], switches: string[]): void {
  const isSwitch = (word: string) =>
    word === "-h" || (word.startsWith("--") && switches.includes(word.slice(2)));
  for (const [i, word] of words.entries()) {
    const [name = ""] = word.split("=", 1);
    if (word !== name && isSwitch(name)) throw new UsageError(`${name}: this word takes no value`);
    const next = words[i + 1];
    if (isSwitch(word) && (next === "true" || next === "false")) {
      throw new UsageError(`${word} ${next}: this word takes no value`);
    }
  }
}

/**
 * Ties a lone `-`, a negative number and an empty text to the word whose value it is; parseArgs
 * would take them for words of their own.
 */
function joinValues(words: string[], table: OptionTable): string[] {
  const takesOne = (word: string | undefined) => table[word?.slice(2) ?? ""]?.value !== undefined;
  const isValue = (word: string | undefined) =>
    word !== undefined && /^(?:-(?:[0-9].*)?)?$/.test(word);
  return words.flatMap((word, i) => {
    if (isValue(words[i + 1]) && takesOne(word)) return [`${word}=${words[i + 1]}`];
    return isValue(word) && takesOne(words[i - 1]) ? [] : [word];
  });
}

/** The words as lines of a help text. */
export function helpLines(table: OptionTable): string[] {
  return Object.entries(table).map(([name, { value, help }]) =>
    `  ${`--${name}${value ? ` ${value}` : ""}`.padEnd(28)}${help}`
  );
}

/**
 * The value of a word that takes a whole number.
 *
 * @throws {UsageError} saying what is allowed
 */
export function numberOf(
  values: Values,
  word: string,
  min: number,
  max: number,
): number | undefined {
  const text = values.get(word);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(
      `--${word} ${shownWord(text)}: a whole number from ${min} to ${max} is allowed`,
    );
  }
  return value;
}

/**
 * The value of a word that takes one of several.
 *
 * @throws {UsageError} saying what is allowed
 */
export function choiceOf<T extends string>(
  values: Values,
  word: string,
  allowed: readonly T[],
): T | undefined {
  const text = values.get(word);
  if (text === undefined) return undefined;
  const choice = allowed.find((choice) => choice === text);
  if (choice) return choice;
  throw new UsageError(`--${word} ${shownWord(text)}: allowed is ${allowed.join(" or ")}`);
}

/**
 * The value of a word that takes a host name or an address, in its canonical form.
 *
 * @throws {UsageError} saying why it is neither
 */
export function hostOf(values: Values, word: string): string | undefined {
  const text = values.get(word);
  if (text === undefined) return undefined;
  try {
    return parseHost(text, `--${word}`).text;
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
