/**
 * Keys that a user names, as a pair run elsewhere writes them.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";
import { refuseOther } from "../../common/exchange/key_log.ts";

/**
 * Whether there are keys in a file. It may come later than its name.
 *
 * @throws {UsageError} where it holds something else, which has no place in a capture
 * @throws {RunError} where it cannot be read
 */
export async function hasKeys(path: string): Promise<boolean> {
  let text: string;
  try {
    // What a pipe has can be read once alone, and this one may never end.
    const { isFile } = await Deno.stat(path);
    if (!isFile) throw new RunError("it is no file");
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot read ${path}: ${describe(cause)}`, { cause });
  }
  refuseOther(path, text);
  return text.trim() !== "";
}
