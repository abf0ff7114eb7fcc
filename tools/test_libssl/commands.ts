/**
 * Programs of the system, and what they have said.
 *
 * @module
 */
import { Skipped } from "./skipped.ts";

/**
 * Runs a program to its end.
 *
 * @param whatFor completes "... is wanted to"
 * @returns what it has said on stdout
 * @throws {Skipped} where it is missing, or has failed, with the last line that it said
 */
export async function run(
  program: string,
  args: readonly string[],
  whatFor: string,
): Promise<string> {
  const { success, stdout, stderr } = await output(program, args, whatFor);
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const lines = decoder.decode(stderr).trim().split("\n");
  const last = lines.findLast((line) => line.startsWith("E: ")) ?? lines.at(-1)!;
  throw new Skipped(`${program} failed to ${whatFor}: ${last}`);
}

async function output(program: string, args: readonly string[], whatFor: string) {
  try {
    const env = { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    return await new Deno.Command(program, { args: [...args], env, stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Skipped(`${program} is missing, which is wanted to ${whatFor}`);
  }
}
