import { join } from "../common/base/std.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { folderWith } from "../common/testing/folder.ts";
import { runHere } from "../common/testing/run_here.ts";
import { taskOutput } from "../common/testing/task.ts";
import { fuzz } from "./fuzz.ts";

Deno.test("fuzz --minutes makes rounds from a seed, and says how many", async () => {
  const args = ["--minutes", "0.02", "--seed", "4"];
  const { code, stdout, stderr } = await taskOutput("fuzz", args);
  assertEquals([code, stderr], [0, ""], stdout);
  const said =
    /^seed 4\n[1-9]\d* rounds, \d+ changed inputs, 0 failures; next seed \d+\npassed: no round has failed\n$/;
  assertMatch(stdout, said);
});

Deno.test("fuzz --datagrams sends changed ones to a listener, whose sessions stay", async () => {
  const args = ["--datagrams", "500", "--sessions", "5", "--rate", "1000", "--seed", "5"];
  const { code, stdout, stderr } = await taskOutput("fuzz", args);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /^seed 5\n450 datagrams sent, [\d.]+ MB, \d+ sessions\n/);
  assertMatch(stdout, /\n500 datagrams in \d+ s, \d+ messages sent again\nsessions: 5, /);
  assertMatch(stdout, /\nround trip, 99th percentile: [\d.]+ ms before, [\d.]+ ms during: /);
  const verdict = "passed: 5 sessions have stayed, and no other is left; " +
    "not judged: memory and round trips, which count from 1000000 datagrams on\n";
  assertEquals(stdout.slice(-verdict.length - 1), `\n${verdict}`);
});

Deno.test("fuzz --hellos sends some without a good cookie, and none gets a session", async () => {
  const args = ["--hellos", "500", "--ports", "50", "--rate", "1000", "--seed", "6"];
  const { code, stdout, stderr } = await taskOutput("fuzz", args);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /\n500 hellos from 50 ports, \d+ handshakes of clients\n/);
  assertMatch(stdout, /\nsessions that were established: \d+, that are open: 0\n/);
  assertMatch(stdout, /\npassed: \d+ handshakes .*; not judged: times, .* 200000 hellos on\n$/);
});

const WRONG: [string[], string][] = [
  [["--minutes", "x"], "--minutes x: a number from 0.01 to 1440 is allowed"],
  [["--rate", "0"], "--rate 0: a whole number from 1 to 1000000 is allowed"],
  [["--datagrams", "1", "--hellos", "1"], "--datagrams and --hellos do not go together"],
  [["--minutes", "1", "--datagrams", "1"], "--minutes and --datagrams do not go together"],
  [["--output", "x", "--hellos", "1"], "--output and --hellos do not go together"],
  [["--sessions", "1"], "--sessions goes with --datagrams"],
  [["--sessions", "1", "--hellos", "1"], "--sessions goes with --datagrams"],
  [["--ports", "1", "--datagrams", "1"], "--ports goes with --hellos"],
  [["--rate", "1"], "--rate goes with --datagrams or --hellos"],
  [["--ports", "10001"], "--ports 10001: a whole number from 1 to 10000 is allowed"],
];

for (const [args, line] of WRONG) {
  Deno.test(`fuzz refuses ${args.join(" ")} with exit code 2`, async () => {
    const { code, stdout, stderr } = await runHere(fuzz, args);
    assertEquals([code, stdout, stderr], [2, "", `error: ${line}\n`]);
  });
}

Deno.test("fuzz refuses a folder for failures that it cannot write into, before it begins", async () => {
  await using folder = await folderWith({ file: "" });
  const output = join(folder.dir, "file", "fuzz");
  const { code, stdout, stderr } = await runHere(fuzz, ["--output", output]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^error: --output .*: no file can be written there: .+\n$/);
});
