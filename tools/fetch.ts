/**
 * Brings results back from other machines, over scp.
 *
 *     deno task fetch --help
 *
 * @module
 */
import { join } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { text } from "../common/cli/option_kinds.ts";
import { HOSTS_FILE, machinesOf, onEach, TIMEOUT } from "./remote/each_machine.ts";
import { fetchFrom } from "./remote/fetch.ts";

const OPTIONS = {
  out: text("DIR", "folder for a folder of each machine", "results"),
  ...TIMEOUT,
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Brings results of other machines back, into a folder for each, over scp.",
  starts: "deno task fetch",
  operand: "FILE",
  about: `${HOSTS_FILE}

What is in the folder "results" of the machine's folder comes into DIR/<name>.
Files that are there are replaced, others stay.`,
  options: OPTIONS,
  examples: ["deno task fetch hosts.yaml", "deno task fetch hosts.yaml --out collected"],
  failed: "failed on a machine or more",
  canBeInterrupted: true,
  permissions: {
    "--allow-read": "FILE, and the folder of results",
    "--allow-write": "the folder of results",
    "--allow-run": "scp",
  },
};

/**
 * Fetches the results of all.
 *
 * @returns the exit code
 */
export function fetchResults(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ operands, values: { out, timeoutMs } }) => {
    const machines = await machinesOf(operands);
    return await onEach(machines, timeoutMs, async (machine, patience) => {
      const target = join(out, machine.name);
      const count = await fetchFrom(machine, target, patience);
      return `ok, ${count} ${count === 1 ? "file" : "files"} in ${target}`;
    });
  });
}

if (import.meta.main) Deno.exit(await fetchResults(Deno.args));
