/**
 * Commands as deno.json starts them: a task's own permissions, and no others.
 *
 * @module
 */
import { ROOT } from "../../tools/lib/children.ts";
import { join } from "../base/std.ts";
import type { Finished } from "./own_certificates.ts";

/** Runs a task that starts a script with `deno run`, to its end. */
export async function taskOutput(name: string, args: readonly string[]): Promise<Finished> {
  const { tasks, unstable } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const command: string = tasks[name].command.replace(
    `"$(deno eval -p 'Deno.execPath()')"`,
    Deno.execPath(),
  );
  const [, ...own] = command.split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...own.slice(0, 1),
      "--quiet",
      ...unstable.map((feature: string) => `--unstable-${feature}`),
      ...[...own.slice(1), ...args],
    ],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
