/**
 * Results from another machine: scp copies them beside where they belong, and they get their names
 * when all of them are there.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";
import { makePrivateFolder } from "../../common/base/output.ts";
import { join } from "../../common/base/std.ts";
import type { Remote } from "./hosts.ts";
import {
  endOf,
  failureOf,
  type Patience,
  remotePath,
  scpSource,
  sshOptions,
  startTool,
} from "./ssh.ts";

/** The folder of results in the remote one, where its programs make it. */
const RESULTS_THERE = "results";

/**
 * Copies the remote folder's results. Files that are there are replaced, others stay.
 *
 * @param target folder of this machine, which is made where it is missing
 * @returns the number of files
 * @throws {RunError} saying why it failed; then no file is there in part
 */
export async function fetchFrom(
  remote: Remote,
  target: string,
  { timeoutMs, signal }: Patience,
): Promise<number> {
  const fresh = await makeFresh(target);
  try {
    const source = scpSource(remote, `${remotePath(remote.folder)}/${RESULTS_THERE}`);
    const args = [...sshOptions(remote, timeoutMs), "-r", "--", source, fresh];
    const ending = await endOf(startTool("scp", args, signal));
    signal.throwIfAborted();
    if (ending.code !== 0) throw failureOf(ending, remote, target);
    return await moveFiles(join(fresh, RESULTS_THERE), target);
  } finally {
    await Deno.remove(fresh, { recursive: true });
  }
}

async function makeFresh(target: string): Promise<string> {
  try {
    await makePrivateFolder(target);
    return await Deno.makeTempDir({ dir: target, prefix: ".netpairs-fetch-" });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot make the folder ${target}: ${describe(cause)}`, { cause });
  }
}

/** Moves files one by one; the folders that they are in are made. */
async function moveFiles(from: string, to: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    try {
      if (isDirectory) {
        await makePrivateFolder(target);
        count += await moveFiles(source, target);
      } else if (isFile) {
        await Deno.rename(source, target);
        count++;
      }
    } catch (cause) {
      if (cause instanceof RunError) throw cause;
      throw new RunError(`cannot write ${target}: ${describe(cause)}`, { cause });
    }
  }
  return count;
}
