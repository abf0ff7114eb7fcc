/**
 * Checks that every file uses only what stands below it, that no files import each other round
 * about, and that none is too long.
 *
 *     deno task lint
 *
 * @module
 */
import { EXIT } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { say } from "../common/base/say.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { checkRooms } from "./rooms/check.ts";
import { readFiles } from "./rooms/files.ts";

const COMMAND: Command<Record<never, never>> = {
  does:
    "Checks that every file uses only what stands below it, without a circle, and is not too long.",
  starts: "deno run --allow-read --allow-write --allow-run tools/check_rooms.ts",
  about: "The rooms and their order stand in tools/rooms/plan.ts.",
  options: {},
  failed: "a file is not as it should be",
  permissions: {
    "--allow-read": "the project",
    "--allow-write": "a temporary file",
    "--allow-run": "deno",
  },
};

/**
 * Checks all files.
 *
 * @returns the exit code
 */
export function checkAll(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async () => {
    const files = await readFiles();
    const wrong = checkRooms(files);
    for (const line of wrong) say(`error: ${line}`);
    if (wrong.length > 0) return EXIT.failed;
    print(`Checked ${files.length} files: no arrow upwards, no circle\n`);
    return EXIT.complete;
  });
}

if (import.meta.main) Deno.exit(await checkAll(Deno.args));
