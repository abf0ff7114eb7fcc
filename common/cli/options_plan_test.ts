import { UsageError } from "../base/errors.ts";
import { parseOptions } from "./options.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { FULL_PLAN } from "../model/plan.ts";
import { assert, assertEquals, assertThrows } from "../testing/assert.ts";

const PLAN = "sizes: [200, 300]\nrepeat: 7\nconnect: once\nreply: false\nwaitMs: 3\n";

/** Options of a command line with a plan file. */
function readWithPlan(text: string, ...args: string[]): PairOptions {
  const opened: string[] = [];
  const readFile = (path: string) => (opened.push(path), text);
  const request = parseOptions("tcp", "client", ["--plan", "p.yaml", ...args], readFile);
  assert(typeof request !== "string");
  assertEquals(opened, ["p.yaml"]);
  return request;
}

Deno.test("parseOptions() takes settings from the plan file", () => {
  const { plan, connect, reply, waitMs } = readWithPlan(PLAN);
  assertEquals(plan, { sizes: [200, 300], repeat: 7 });
  assertEquals([connect, reply, waitMs], ["once", false, 3]);
});

Deno.test("parseOptions() lets options win over the plan file", () => {
  const args = ["--sizes=100", "--repeat=2", "--connect=message", "--wait-ms=0"];
  const { plan, connect, waitMs } = readWithPlan(PLAN, ...args);
  assertEquals(plan, { sizes: [100], repeat: 2 });
  assertEquals([connect, waitMs], ["message", 0]);
  assertEquals(readWithPlan("reply: true", "--no-reply").reply, false);
});

Deno.test("parseOptions() refuses --expect-echo where the plan says that nothing is answered", () => {
  assertThrows(() => readWithPlan(PLAN, "--expect-echo"), UsageError, "(reply: false)");
});

Deno.test("parseOptions() lets a count or a time of the options win over either in the file", () => {
  const sizes = [100];
  const args = ["--sizes=100"];
  assertEquals(readWithPlan("seconds: 3", ...args).plan, { sizes, repeat: 100, seconds: 3 });
  assertEquals(readWithPlan("seconds: 3", "--repeat=2", ...args).plan, { sizes, repeat: 2 });
  const plan = { sizes, repeat: 100, seconds: 4 };
  assertEquals(readWithPlan("repeat: 3", "--seconds=4", ...args).plan, plan);
});

Deno.test("parseOptions() lets a pause or a rate of the options win over either in the file", () => {
  const paceOf = (text: string, ...args: string[]) => {
    const { waitMs, rate } = readWithPlan(text, ...args);
    return [waitMs, rate];
  };
  assertEquals(paceOf("rate: 0.5"), [0, 0.5]);
  assertEquals(paceOf("rate: 0.5", "--rate=7"), [0, 7]);
  assertEquals(paceOf("rate: 0.5", "--wait-ms=0"), [0, null]);
  assertEquals(paceOf("waitMs: 3", "--rate=7"), [0, 7]);
});

Deno.test("parseOptions() takes defaults for what the plan file leaves out", () => {
  const { plan, connect, reply, waitMs } = readWithPlan("repeat: 3");
  assertEquals(plan, { sizes: FULL_PLAN.sizes, repeat: 3 });
  assertEquals([connect, reply, waitMs], ["message", true, 0]);
});

Deno.test("parseOptions() opens no plan file where help is asked for", () => {
  const never = () => {
    throw new Error("opened");
  };
  assertEquals(parseOptions("tcp", "client", ["--plan", "p.yaml", "--help"], never), "help");
});

Deno.test("parseOptions() checks the plan file's sizes against the protocol", () => {
  const args = ["--plan", "p.yaml"];
  const act = () => parseOptions("udp", "client", args, () => "sizes: [65508]");
  assertThrows(act, UsageError, "size 65508: at most 65507 bytes on UDP");
});

const UNREADABLE: [Error, string][] = [
  [new Deno.errors.NotFound("os error 2"), "plan p.yaml: no such file"],
  [new Deno.errors.PermissionDenied("os error 13"), "plan p.yaml: it cannot be read"],
];

for (const [cause, line] of UNREADABLE) {
  Deno.test(`parseOptions() says ${line}`, () => {
    const readFile = () => {
      throw cause;
    };
    const act = () => parseOptions("tcp", "client", ["--plan", "p.yaml"], readFile);
    const error = assertThrows(act, UsageError);
    assertEquals([error.message, error.cause], [line, cause]);
  });
}

Deno.test({
  name: "parseOptions() hands on that a permission is missing for the plan file",
  permissions: { read: false },
  fn: () => {
    const act = () => parseOptions("tcp", "client", ["--plan", "p.yaml"]);
    assertThrows(act, Deno.errors.NotCapable, "--allow-read");
  },
});
