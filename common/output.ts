/**
 * Where a command's results go: stdout, and the files that were asked for.
 *
 * @module
 */
import { describe, RunError } from "./errors.ts";

/** Takes text, writes it to its end. */
export type Write = (text: string) => void;

const encoder = new TextEncoder();

/**
 * Opens a file for results; "-" is stdout. Opened before the run, so that a name that cannot be
 * written fails before anything was measured.
 *
 * @throws {RunError} naming the file
 */
export function openOutput(path: string): Write {
  if (path === "-") return print;
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true, create: true, truncate: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const why = cause instanceof Deno.errors.NotFound ? "no such folder" : describe(cause);
    throw new RunError(`cannot write ${path}: ${why}`, { cause });
  }
  return (text) => {
    try {
      writeAll(file, text);
    } catch (cause) {
      throw new RunError(`cannot write ${path}: ${describe(cause)}`, { cause });
    }
  };
}

/** Writes to stdout. A reader that has gone away is no error: the files still get everything. */
export function print(text: string): void {
  try {
    writeAll(Deno.stdout, text);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function writeAll(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
}
