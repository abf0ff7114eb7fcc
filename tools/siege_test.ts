import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { runHere } from "../common/testing/run_here.ts";
import { taskOutput } from "../common/testing/task.ts";
import { siege } from "./siege.ts";

Deno.test("siege attacks a listener from all sides, and its clients are served", async () => {
  const args = ["--minutes", "0.05", "--sessions", "10", "--percent", "5", "--seed", "3"];
  const { code, stdout, stderr } = await taskOutput("siege", args);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /^seed 3\n seconds +served visits again/);
  const rows = stdout.split("\n").filter((line) => /^ +\d+\.\d /.test(line));
  assertEquals(rows.length, 10);
  const served = rows.reduce((sum, row) => sum + Number(row.trim().split(/ +/)[1]), 0);
  assert(served > 0, stdout);
  const names = ["hellos", "half-open", "datagrams", "tls-half-open", "tls-changed", "tls-resets"];
  const made = names.map((name) => `${name} [1-9]\\d* of [1-9]\\d*`).join(", ");
  const verdict = "passed: every client was served, and the listener went on; " +
    "not judged: memory, which counts from 10 minutes on";
  assertMatch(stdout, new RegExp(`\nattacks: ${made}\n${verdict}\n$`));
});

const WRONG: [string[], string][] = [
  [["--minutes", "0"], "--minutes 0: a number from 0.01 to 1440 is allowed"],
  [["--sessions", "1"], "--sessions 1: a whole number from 2 to 1000 is allowed"],
  [["--percent", "0"], "--percent 0: a whole number from 1 to 1000 is allowed"],
];

for (const [args, line] of WRONG) {
  Deno.test(`siege refuses ${args.join(" ")} with exit code 2`, async () => {
    const { code, stdout, stderr } = await runHere(siege, args);
    assertEquals([code, stdout, stderr], [2, "", `error: ${line}\n`]);
  });
}
