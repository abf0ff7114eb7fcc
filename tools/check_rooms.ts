/**
 * Checks that every file uses only what stands below it, that no files import each other round
 * about, and that none is too long.
 *
 *     deno task lint
 *
 * @module
 */
import { reportError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { say } from "../common/base/say.ts";
import { checkRooms } from "./rooms/check.ts";
import { readFiles } from "./rooms/files.ts";

if (import.meta.main) {
  try {
    const files = await readFiles();
    const wrong = checkRooms(files);
    for (const line of wrong) say(`error: ${line}`);
    if (wrong.length > 0) Deno.exit(1);
    print(`Checked ${files.length} files: no arrow upwards, no circle\n`);
  } catch (error) {
    Deno.exit(reportError(error));
  }
}
