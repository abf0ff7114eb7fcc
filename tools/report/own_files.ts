/**
 * Writes files into a folder, and replaces none but this program's own.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";
import { makePrivateFolder, openDocument } from "../../common/base/output.ts";
import { startOf } from "./logs.ts";
import { permit } from "./permit.ts";

/** A file to be written. */
export interface OwnFile {
  path: string;
  text: string;
  /** What tells an earlier one of the same kind: it stands at its beginning. */
  mark: string;
}

/**
 * Writes files, all or, where one may not be replaced, none.
 *
 * @param folder where they go; it is made, for its owner alone, where it is not there
 * @throws {RunError} for a file that cannot be written, or is not this program's
 */
export async function writeOwnFiles(folder: string, files: readonly OwnFile[]): Promise<void> {
  // A file takes another's place where the folder may be read, too.
  for (const name of ["read", "write"] as const) await permit(name, folder);
  try {
    await makePrivateFolder(folder);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot make the folder ${folder}: ${describe(cause)}`, { cause });
  }
  for (const file of files) await refuseForeign(file);
  for (const { path, text } of files) openDocument(path)(text);
}

/** So much of a file is looked at: the marks stand at its beginning. */
const HEAD_BYTES = 4096;

/**
 * A file that bears a report's name and is none stays as it is.
 *
 * @throws {RunError} naming it
 */
async function refuseForeign({ path, mark }: OwnFile): Promise<void> {
  let head: string;
  try {
    // Of a pipe there is no beginning to look at.
    if (!(await Deno.stat(path)).isFile) {
      throw new RunError(`cannot write ${path}: there is something that is no file`);
    }
    head = await startOf(path, HEAD_BYTES);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    if (cause instanceof RunError) throw cause;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot write ${path}: ${describe(cause)}`, { cause });
  }
  if (head === "" || head.includes(mark)) return;
  throw new RunError(
    `cannot write ${path}: it is there already, and no report of this program's; ` +
      "move it away, or name another folder with --out",
  );
}
