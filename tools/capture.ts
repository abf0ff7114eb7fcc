/**
 * Runs a lane and captures what is on the wire, with its keys.
 *
 *     deno task capture --help
 *
 * @module
 */
import { print } from "../common/base/output.ts";
import { runCommand } from "../common/cli/command.ts";
import { captureOptions, COMMAND } from "./capture/options.ts";
import { listInterfaces } from "./capture/programs.ts";
import { runCapture } from "./capture/run.ts";

/**
 * Captures a run, or lists where can be captured.
 *
 * @returns the exit code
 */
export function capture(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async (read) => {
    const options = captureOptions(read);
    if (!read.values.listInterfaces) return await runCapture(options);
    print((await listInterfaces()).map((line) => `${line}\n`).join(""));
  });
}

if (import.meta.main) Deno.exit(await capture(Deno.args));
