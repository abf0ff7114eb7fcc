/**
 * How commands are started, as helps and hints say it: each by its own script or task, or all of
 * them as parts of one program.
 *
 * @module
 */

/** The command that runs, with the program's name before it; null where its own script runs. */
let part: string | null = null;

/** Says that a command runs as a part of the one program. */
export function runsAsPart(command: string): void {
  part = `netpairs ${command}`;
}

/** How the command that runs is started, without its arguments. */
export function howStarted(own: string): string {
  return part ?? own;
}

/** Whether the command that runs is a part of the one program. */
export function isPart(): boolean {
  return part !== null;
}

/** What tasks are called as parts of the one program, where that is something else. */
const PARTS: Readonly<Record<string, string>> = { demo: "run" };

/** The command line that starts another command, for a hint: a compiled program has no tasks. */
export function commandLine(task: string, isCompiled: boolean = Deno.build.standalone): string {
  return isCompiled ? `netpairs ${PARTS[task] ?? task}` : `deno task ${task}`;
}

/** Says that no command of the one program runs any more: for tests. */
export function runsByItself(): void {
  part = null;
}
