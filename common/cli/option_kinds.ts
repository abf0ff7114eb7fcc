/**
 * The kinds of options there are: each reads its value, and has its range and default in its help.
 *
 * @module
 */
import { parseHost } from "../base/addresses.ts";
import { UsageError } from "../base/errors.ts";
import { shownArgument } from "../base/visible.ts";
import type { Option } from "./arguments.ts";

/** An option without a value: true where it is there. */
export function flag(help: string): Option<boolean> {
  return { help, absent: false, read: () => true };
}

/** An option whose value is a text, such as the path of a file. */
export function text<D>(value: string, help: string, absent: D): Option<string | D> {
  return option<string | D>(value, withDefault(help, absent), absent, (text) => text);
}

/** An option whose value is a whole number of a range. */
export function wholeNumber<D extends number | null | undefined>(
  [min, max]: readonly [min: number, max: number],
  help: string,
  absent: D,
): Option<number | D> {
  const range = `${min} to ${max}`;
  const withRange = `${help} (${range}${typeof absent === "number" ? `, default ${absent}` : ""})`;
  return option<number | D>("N", withRange, absent, (text, name) => {
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(
      `${name} ${shownArgument(text)}: a whole number from ${min} to ${max} is allowed`,
    );
  });
}

/** An option whose value is a number of a range, with or without a fraction. */
export function decimal<D extends number | null>(
  { min, max }: { min: number; max: number },
  help: string,
  absent: D,
): Option<number | D> {
  return option<number | D>("N", `${help} (${min} to ${max})`, absent, (text, name) => {
    const value = /^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(
      `${name} ${shownArgument(text)}: a number from ${min} to ${max} is allowed`,
    );
  });
}

/** An option whose value is one of several. */
export function oneOf<const T extends string, D extends T | null | undefined>(
  allowed: readonly T[],
  help: string,
  absent: D,
): Option<T | D> {
  return option<T | D>(allowed.join("|"), withDefault(help, absent), absent, (text, name) => {
    const choice = allowed.find((choice) => choice === text);
    if (choice !== undefined) return choice;
    throw new UsageError(`${name} ${shownArgument(text)}: use ${listOf(allowed)}`);
  });
}

/** An option whose value is a host name or an address; it is read in its canonical form. */
export function hostName<D>(help: string, absent: D): Option<string | D> {
  return option<string | D>("NAME", withDefault(help, absent), absent, (text, name) => {
    try {
      return parseHost(text, name).text;
    } catch (cause) {
      throw new UsageError((cause as Error).message, { cause });
    }
  });
}

/** An option whose value is a file that is read, too, so that a pipe will not do. */
export function file(help: string): Option<string | undefined> {
  return option<string | undefined>("FILE", help, undefined, (text, name) => {
    if (text !== "-" && text !== "") return text;
    throw new UsageError(`${name} ${shownArgument(text)}: a file's name is wanted`);
  });
}

/**
 * An option whose value is of a kind of its own.
 *
 * @param read throws a UsageError with the option's name, which is its second parameter
 */
export function option<T>(
  value: string,
  help: string,
  absent: T,
  read: (text: string, name: string) => T,
): Option<T> {
  return { value, help, absent, read: (texts, name) => read(only(texts, name), name) };
}

/** An option that may be given several times. */
export function many<T>({ read, value, help }: Option<T>): Option<T[]> {
  return {
    ...(value === undefined ? {} : { value }),
    help: `${help}; may be given several times`,
    absent: [],
    read: (texts, name) => texts.map((text) => read([text], name)),
  };
}

/** An option that the command does not take. */
export function notTaken<T>(option: Option<T>): Option<T> {
  return { ...option, isTaken: false };
}

/** An option that is not for users. */
export function hidden<T>(option: Option<T>): Option<T> {
  return { ...option, isHidden: true };
}

function only([text = "", ...more]: readonly string[], name: string): string {
  if (more.length === 0) return text;
  throw new UsageError(`${name} is given ${more.length + 1} times`);
}

/** "a, b or c". */
function listOf(names: readonly string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " or $1");
}

function withDefault(help: string, absent: unknown): string {
  return typeof absent === "string" ? `${help} (default ${absent})` : help;
}
