/**
 * Files that packets go to: they are for their owner alone.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";

/**
 * Makes a file that its owner alone can read.
 *
 * @throws {Deno.errors.AlreadyExists} where something has its name
 */
export function createFile(path: string): Deno.FsFile {
  return Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
}

/**
 * Writes all of some bytes.
 *
 * @throws {RunError} where the disk takes no more
 */
export function writeBytes(file: Deno.FsFile, bytes: Uint8Array): void {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  } catch (cause) {
    throw new RunError(`cannot write the capture: ${describe(cause)}`, { cause });
  }
}
