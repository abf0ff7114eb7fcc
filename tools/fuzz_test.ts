import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { runHere } from "../common/testing/run_here.ts";
import { taskOutput } from "../common/testing/task.ts";
import { fuzz } from "./fuzz.ts";

Deno.test("fuzz --minutes makes rounds from a seed, and says how many", async () => {
  const args = ["--minutes", "0.02", "--seed", "4"];
  const { code, stdout, stderr } = await taskOutput("fuzz", args);
  assertEquals([code, stderr], [0, ""], stdout);
  const said = /^seed 4\n[1-9]\d* rounds, \d+ changed inputs, 0 failures; next seed \d+\n$/;
  assertMatch(stdout, said);
});

Deno.test("fuzz --datagrams sends changed ones to a listener, whose sessions stay", async () => {
  const args = ["--datagrams", "500", "--sessions", "5", "--rate", "1000", "--seed", "5"];
  const { code, stdout, stderr } = await taskOutput("fuzz", args);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /^seed 5\n450 datagrams sent, [\d.]+ MB, \d+ sessions\n/);
  assertMatch(stdout, /\n500 datagrams in \d+ s, \d+ messages sent again\nsessions: 5, /);
  assertMatch(stdout, /\nround trip, 99th percentile: [\d.]+ ms before, [\d.]+ ms during: /);
});

Deno.test("fuzz --hellos sends some without a good cookie, and none gets a session", async () => {
  const args = ["--hellos", "500", "--ports", "50", "--rate", "1000", "--seed", "6"];
  const { code, stdout, stderr } = await taskOutput("fuzz", args);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /\n500 hellos from 50 ports, \d+ handshakes of clients\n/);
  assertMatch(stdout, /\nsessions that were established: \d+, that are open: 0\n/);
});

const WRONG: [string[], string][] = [
  [["--minutes", "x"], "--minutes x: a number from 0.01 to 1440 is allowed"],
  [["--rate", "0"], "--rate 0: a whole number from 1 to 1000000 is allowed"],
  [["--ports", "10001"], "--ports 10001: a whole number from 1 to 10000 is allowed"],
];

for (const [args, line] of WRONG) {
  Deno.test(`fuzz refuses ${args.join(" ")} with exit code 2`, async () => {
    const { code, stdout, stderr } = await runHere(fuzz, args);
    assertEquals([code, stdout, stderr], [2, "", `error: ${line}\n`]);
  });
}
