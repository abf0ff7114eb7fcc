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

/** Longest time that a line waits, and how many of them may wait. */
const FLUSH_MS = 100;
const FLUSH_LINES = 500;

/** Prints lines a batch at a time, as a write for each would slow down what is measured. */
export class LinePrinter {
  #lines: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Of a write between messages: kept for the end, where it can be reported. Lines then go. */
  #failure: unknown;

  /** Adds a line, without its line break. Never throws: what fails, {@linkcode flush} reports. */
  add(line: string): void {
    if (this.#failure !== undefined) return;
    this.#lines.push(line);
    if (this.#lines.length >= FLUSH_LINES) this.#flushLate();
    else this.#timer ??= setTimeout(() => this.#flushLate(), FLUSH_MS);
  }

  /** Prints what waits. */
  flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    print(text);
  }

  #flushLate(): void {
    try {
      this.flush();
    } catch (error) {
      this.#failure = error;
    }
  }
}
