/**
 * A command of the one program, as its table has it.
 *
 * @module
 */

/** A command: its arguments go in, its exit code comes out. */
export type Run = (args: string[]) => Promise<number>;

/** One row of the table. */
export interface Entry {
  /** What it is started by: a word, or two with a blank between. */
  readonly words: string;
  /** What it does, in a line of the help. */
  readonly does: string;
  /** Imports it: only then its modules are loaded. */
  readonly load: () => Promise<Run>;
}

/** The words that may follow others at the beginning of a command line, in the table's order. */
export function wordsAfter(entries: readonly Entry[], before: readonly string[]): string[] {
  const next = entries.map(({ words }) => words.split(" "))
    .filter((words) => before.every((word, i) => words[i] === word))
    .flatMap((words) => words[before.length] ?? []);
  return [...new Set(next)];
}

/** The command that a command line begins with; undefined where there is none. */
export function entryOf(entries: readonly Entry[], args: readonly string[]): Entry | undefined {
  return entries.find(({ words }) => words.split(" ").every((word, i) => args[i] === word));
}
