/**
 * What can stand where on a command line, from the tables that commands read it with.
 *
 * @module
 */
import type { Option } from "../../common/cli/arguments.ts";
import { describeCommand } from "../../common/cli/command.ts";
import { type Entry, wordsAfter } from "./entry.ts";

/** What a value or an operand is completed with. */
export type Values = "files" | "folders" | readonly string[];

/** What can follow the words of a command. */
export interface Completion {
  /** Words of the command, or of a group of commands: none for the program itself. */
  readonly words: readonly string[];
  /** Words, or operands, that may follow. */
  readonly next: Values;
  /** Options, with their dashes. */
  readonly options: readonly CompletedOption[];
}

/** An option, and what its value may be; null where it has none. */
export interface CompletedOption {
  readonly name: string;
  readonly help: string;
  readonly values: Values | null;
}

/** A row's words as a command line begins with them. */
export function startOf({ words }: Pick<Completion, "words">): string {
  return ["netpairs", ...words].join(" ");
}

/** Lines of a script, moved to the right. */
export function indent(blanks: number, lines: readonly string[]): string {
  return lines.map((line) => `${" ".repeat(blanks)}${line}`).join("\n");
}

/** Asks every command for its options. */
export async function completionTable(entries: readonly Entry[]): Promise<Completion[]> {
  const groups = [...new Set(entries.map(({ words }) => words.split(" ").slice(0, -1).join(" ")))]
    .map((group) => group.split(" ").filter((word) => word !== ""));
  const groupRows = groups.map((words) => ({
    words,
    next: wordsAfter(entries, words),
    options: PROGRAM_OPTIONS.filter(({ name }) => words.length === 0 || name === "--help"),
  }));
  const rows: Completion[] = [];
  for (const { words, load } of entries) {
    const { help, options } = await describeCommand(await load());
    rows.push({
      words: words.split(" "),
      next: words === "help" ? wordsAfter(entries, []) : valuesOf(help.operand),
      options: Object.entries(options)
        .filter(([, { isTaken, isHidden }]) => isTaken !== false && !isHidden)
        .map(([name, option]) => completed(name, option)),
    });
  }
  return [...groupRows, ...rows];
}

const PROGRAM_OPTIONS: readonly CompletedOption[] = [
  { name: "--help", help: "show the help and end", values: null },
  { name: "--version", help: "show the version and end", values: null },
];

function completed(name: string, { value, help }: Option<unknown>): CompletedOption {
  return { name: `--${name}`, help, values: value === undefined ? null : valuesOf(value) };
}

/** What a placeholder stands for. */
function valuesOf(placeholder = ""): Values {
  if (/\b(FILE|PATH|BEFORE|AFTER)\b/.test(placeholder)) return "files";
  if (/\bDIR\b/.test(placeholder)) return "folders";
  return /^[a-z0-9.-]+(\|[a-z0-9.-]+)+$/.test(placeholder) ? placeholder.split("|") : [];
}
