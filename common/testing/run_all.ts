/**
 * run_all, started as a user would start it.
 *
 * @module
 */
import { join } from "../base/std.ts";
import { ROOT } from "../../tools/lib/children.ts";
import type { Workplace } from "./pairs.ts";

const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-sys=hostname,cpus", "--allow-run"];

/**
 * Starts it, with results in a folder of the test's.
 *
 * @param permissions more than it needs for a run on this machine
 */
export function startRunAll(
  place: Workplace,
  args: string[],
  env: Record<string, string> = {},
  permissions: string[] = [],
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...PERMISSIONS, ...permissions],
      join(ROOT, "tools/run_all.ts"),
      ...["--certs", place.path("."), "--results", place.path("results"), ...args],
    ],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for its end. */
export async function endingOf(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
