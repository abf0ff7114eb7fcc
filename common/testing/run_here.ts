/**
 * Commands whose main function runs in the test's own process.
 *
 * @module
 */
import { FakeStdout } from "./fake_stdout.ts";
import type { Finished } from "./own_certificates.ts";
import { saidIn } from "./stderr.ts";

/** Runs a command's main function to its end, as a process of its own would. */
export async function runHere(
  main: (args: string[]) => number | Promise<number>,
  args: string[],
): Promise<Finished> {
  using stdout = new FakeStdout();
  let code = 0;
  const lines = await saidIn(async () => {
    code = await main(args);
  });
  return { code, stdout: stdout.texts.join(""), stderr: lines.map((line) => `${line}\n`).join("") };
}
