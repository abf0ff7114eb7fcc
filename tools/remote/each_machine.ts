/**
 * One job for all machines of a file, at once, with a line for each as soon as it is done.
 *
 * @module
 */
import { describe, EXIT, InterruptedError, UsageError } from "../../common/base/errors.ts";
import { print } from "../../common/base/output.ts";
import { say } from "../../common/base/say.ts";
import { wholeNumber } from "../../common/cli/option_kinds.ts";
import { onEndSignals } from "../../common/cli/signals.ts";
import { type Machine, readHosts } from "./hosts.ts";
import type { Patience } from "./ssh.ts";

/** The option of every command that talks to other machines. */
export const TIMEOUT = {
  "timeout-ms": wholeNumber(
    [1000, 600_000],
    "longest silence of a machine",
    10_000,
  ),
};

/** What such a command's help says of its operand. */
export const HOSTS_FILE = `FILE (YAML) names the machines:

  hosts:
    - host: server.example    # or an address, or what ~/.ssh/config calls it
      role: server            # or client: which certificate and key it gets
      user: measure           # from here on, a line may be left out
      port: 22
      identityFile: ~/.ssh/id_ed25519
      knownHostsFile: known_hosts
      folder: netpairs        # there; a relative one is in the user's home
      name: server.example    # in lines, and of the folder of its results`;

/**
 * Reads the one file that the command line names.
 *
 * @throws {UsageError} where it names none or several, or the file cannot be used
 */
export function machinesOf(operands: readonly string[]): Promise<Machine[]> {
  const [file, ...more] = operands;
  if (file !== undefined && more.length === 0) return readHosts(file);
  throw new UsageError(`one file that names the machines is wanted; there are ${operands.length}`);
}

/**
 * Does a job for each machine.
 *
 * @param job resolves to what is said of it
 * @returns the exit code
 * @throws {InterruptedError} where a signal ended it
 */
export async function onEach(
  machines: readonly Machine[],
  timeoutMs: number,
  job: (machine: Machine, patience: Patience) => Promise<string>,
): Promise<number> {
  const abort = new AbortController();
  const { signal } = abort;
  using _signals = onEndSignals(() => abort.abort());
  const isDone = await Promise.all(machines.map(async (machine) => {
    try {
      print(`${machine.name}: ${await job(machine, { timeoutMs, signal })}\n`);
      return true;
    } catch (error) {
      if (!signal.aborted) print(`${machine.name}: ${describe(error)}\n`);
      return false;
    }
  }));
  const done = isDone.filter(Boolean).length;
  if (signal.aborted) {
    throw new InterruptedError(`interrupted: ${done} of ${machines.length} machines are done`);
  }
  if (done === machines.length) return EXIT.complete;
  say(`error: ${machines.length - done} of ${machines.length} machines failed`);
  return EXIT.failed;
}
