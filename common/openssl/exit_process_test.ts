/**
 * Programs that end while libcrypto is at work: each in a process of its own, so that a crash is an
 * exit code.
 */
import { assertEquals } from "../testing/assert.ts";
import { fromFileUrl } from "../base/std.ts";

const PROGRAM = fromFileUrl(new URL("../testing/busy/program.ts", import.meta.url));

async function run(ending: string, workers: number): Promise<[code: number, said: string]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-ffi", "--allow-read"],
      ...[PROGRAM, ending, String(workers)],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout) + decoder.decode(stderr)];
}

/** What goes wrong once in some runs; 200 of them were made by hand. */
const RUNS = 4;

Deno.test("loadOpenSsl() lets a process exit while 6 Workers are inside the library", async () => {
  for (let i = 0; i < RUNS; i++) assertEquals(await run("exit", 6), [0, ""], `run ${i}`);
});

Deno.test("loadOpenSsl() lets a Worker be terminated in the midst of a handshake", async () => {
  assertEquals(await run("terminate", 2), [0, ""]);
});

Deno.test("loadOpenSsl() lets a callback exit while Workers are inside the library", async () => {
  for (let i = 0; i < 2; i++) assertEquals(await run("callback", 6), [0, ""], `run ${i}`);
});
