/**
 * Copies the program and certificates to other machines, over ssh.
 *
 *     deno task push --help
 *
 * @module
 */
import { type Command, runCommand } from "../common/cli/command.ts";
import { many, option, text } from "../common/cli/option_kinds.ts";
import type { Role } from "../common/model/protocol.ts";
import { DEFAULT_CERTS } from "../common/pem/certificate_files.ts";
import { HOSTS_FILE, machinesOf, onEach, TIMEOUT } from "./remote/each_machine.ts";
import { certificates, executables, type Part, thisProgram } from "./remote/parcel.ts";
import { pushTo } from "./remote/push.ts";

const OPTIONS = {
  executable: many(option("FILE", "copy this instead", "", (path) => path)),
  certs: text("DIR", "folder of the certificates", DEFAULT_CERTS),
  ...TIMEOUT,
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Copies the program and the certificates they need to other machines, over ssh.",
  starts: "deno task push",
  operand: "FILE",
  about: `${HOSTS_FILE}

Without --executable this program itself is copied: its sources, which Deno
runs there, or where it is compiled its executable. A server gets no client's
key, and a client no server's. Host keys have to be known, and no password is
asked for. What is there already stays until all of the new is there.`,
  options: OPTIONS,
  examples: [
    "deno task push hosts.yaml",
    "deno task push hosts.yaml --executable dist/netpairs",
  ],
  failed: "failed on a machine or more",
  canBeInterrupted: true,
  permissions: {
    "--allow-read": "FILE, sources or executables, certificates",
    "--allow-run": "ssh and tar",
  },
};

/**
 * Copies all there is to be copied.
 *
 * @returns the exit code
 */
export function push(args: string[]): Promise<number> {
  return runCommand(
    COMMAND,
    args,
    async ({ operands, values: { executable, certs, timeoutMs } }) => {
      const machines = await machinesOf(operands);
      const program = executable.length > 0 ? await executables(executable) : await thisProgram();
      // All of it is looked at before the first machine is.
      const parcels = new Map<Role, Part[]>();
      for (const role of new Set(machines.map(({ role }) => role))) {
        parcels.set(role, [...program, await certificates(certs, role)]);
      }
      return await onEach(machines, timeoutMs, async (machine, patience) => {
        await pushTo(machine, parcels.get(machine.role)!, patience);
        return "ok";
      });
    },
  );
}

if (import.meta.main) Deno.exit(await push(Deno.args));
