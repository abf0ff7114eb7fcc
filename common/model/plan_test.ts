import { exitCodeOf, UsageError } from "../base/errors.ts";
import { checkPlan, FULL_PLAN, MAX_REPEAT, parsePlan, QUICK_PLAN } from "./plan.ts";
import type { Protocol } from "./protocol.ts";
import { assertEquals, assertNotMatch, assertThrows } from "../testing/assert.ts";

Deno.test("FULL_PLAN is 22 sizes, as --help says, each of them once", () => {
  assertEquals([FULL_PLAN.sizes.length, new Set(FULL_PLAN.sizes).size], [22, 22]);
});

const GOOD: [string, ReturnType<typeof parsePlan>][] = [
  ["sizes: [100, 999]", { sizes: [100, 999] }],
  ["sizes:\n  - 100\n  - 999\n", { sizes: [100, 999] }],
  ["sizes: [100, 100]", { sizes: [100, 100] }],
  ["repeat: 1", { repeat: 1 }],
  ["repeat: 100000", { repeat: MAX_REPEAT }],
  ["seconds: 1", { seconds: 1 }],
  ["seconds: 3600", { seconds: 3600 }],
  ["connect: message", { connect: "message" }],
  ["connect: once", { connect: "once" }],
  ["connect: size", { connect: "size" }],
  ["reply: false", { reply: false }],
  ["waitMs: 0", { waitMs: 0 }],
  ["waitMs: 3600000", { waitMs: 3_600_000 }],
  ["rate: 0.1", { rate: 0.1 }],
  ["rate: 1000000", { rate: 1_000_000 }],
  ["{}", {}],
  [
    "# all of them\nsizes: [32]\nrepeat: 2\nconnect: once\nreply: true\nwaitMs: 5\n",
    { sizes: [32], repeat: 2, connect: "once", reply: true, waitMs: 5 },
  ],
];

for (const [yaml, plan] of GOOD) {
  Deno.test(`parsePlan() reads ${JSON.stringify(yaml)}`, () => {
    assertEquals(parsePlan(yaml, "p.yaml"), plan);
  });
}

/** What is wrong, and what the error's line has to say besides the file. */
const BAD: Record<string, string> = {
  "": "keys with values are wanted",
  "- 100": "keys with values are wanted",
  "100": "keys with values are wanted",
  "just text": "keys with values are wanted",
  "sizes: [100": "not YAML: line 2: ",
  "repeat: 1\nrepeat: 2": "not YAML: line 2: cannot store mapping pair: duplicated key",
  "repeat: 1\n---\nrepeat: 2": "not YAML: line 2: ",
  "sizes: *nowhere": "not YAML: line 1: cannot read alias: unidentified alias",
  "size: [100]": "line 1: unknown key; did you mean sizes?",
  "repeat: 3\nRepeat: 3": "line 2: unknown key; did you mean repeat?",
  "something: 3":
    "line 1: unknown key; known are sizes, repeat, seconds, connect, reply, waitMs, " +
    "rate",
  "sizes: []": 'key "sizes": a list of at least one size in whole bytes is wanted',
  "sizes: 100": 'key "sizes": a list',
  "sizes:": 'key "sizes": a list',
  'sizes: ["100"]': 'key "sizes": a list',
  "sizes: [100, 99.5]": 'key "sizes": a list',
  "sizes: [0]": 'key "sizes": a list',
  "sizes: [-100]": 'key "sizes": a list',
  "sizes: [.inf]": 'key "sizes": a list',
  "sizes: [[100]]": 'key "sizes": a list',
  "repeat: 0": 'key "repeat": a whole number from 1 to 100000 is wanted',
  "repeat: 100001": 'key "repeat": a whole number',
  "repeat: 1.5": 'key "repeat": a whole number',
  'repeat: "3"': 'key "repeat": a whole number',
  "seconds: 0": 'key "seconds": a whole number from 1 to 3600 is wanted',
  "seconds: 3601": 'key "seconds": a whole number',
  "seconds: 0.5": 'key "seconds": a whole number',
  "repeat: 1\nseconds: 1": 'keys "repeat" and "seconds": only one of them',
  "connect: always": 'key "connect": message, size or once is wanted',
  "connect: true": 'key "connect": message, size or once',
  "reply: maybe": 'key "reply": true or false is wanted',
  "reply: 1": 'key "reply": true or false',
  "waitMs: -1": 'key "waitMs": a whole number of milliseconds',
  "waitMs: 0.5": 'key "waitMs": a whole number of milliseconds',
  "rate: 0.05": 'key "rate": a number from 0.1 to 1000000 is wanted',
  "rate: 1000001": 'key "rate": a number',
  'rate: "5"': 'key "rate": a number',
  "rate: .nan": 'key "rate": a number',
  "rate: 5\nwaitMs: 0": 'keys "waitMs" and "rate": only one of them',
  "waitMs: 3600001": 'key "waitMs": a whole number of milliseconds',
};

for (const [yaml, says] of Object.entries(BAD)) {
  Deno.test(`parsePlan() refuses ${JSON.stringify(yaml)} and names the file`, () => {
    const error = assertThrows(() => parsePlan(yaml, "my plan.yaml"), UsageError, says);
    assertEquals(error.message.slice(0, 19), "plan my plan.yaml: ");
    assertNotMatch(error.message, /\n/);
    assertEquals(exitCodeOf(error), 2);
  });
}

for (const key of ["constructor", "toString", "hasOwnProperty"]) {
  Deno.test(`parsePlan() refuses the key ${key} as unknown`, () => {
    assertThrows(() => parsePlan(`${key}: 1`, "p.yaml"), UsageError, "line 1: unknown key");
  });
}

Deno.test("parsePlan() refuses a date as a whole plan", () => {
  assertThrows(() => parsePlan("2020-01-01", "p.yaml"), UsageError, "keys with values are wanted");
});

/** The shortest and the longest message of each protocol, and the line that refuses a longer. */
const LIMITS: [Protocol, number, string][] = [
  [
    "tcp",
    999_999,
    "size 1000000: at most 999999 bytes on TCP, as the header has six digits for it",
  ],
  [
    "tls",
    999_999,
    "size 1000000: at most 999999 bytes on TLS, as the header has six digits for it",
  ],
  ["udp", 65_507, "size 65508: at most 65507 bytes on UDP, as a UDP datagram carries no more"],
  ["dtls", 16_384, "size 16385: at most 16384 bytes on DTLS, as a DTLS record carries no more"],
];

Deno.test("checkPlan() refuses a size that stands there twice with a number of seconds", () => {
  const plan = { sizes: [100, 999, 100], repeat: 1 };
  checkPlan(plan, "tcp");
  const error = assertThrows(() => checkPlan({ ...plan, seconds: 1 }, "tcp"), UsageError);
  const line = "size 100: with a number of seconds each size may stand there once";
  assertEquals(error.message, line);
});

for (const [protocol, max, line] of LIMITS) {
  Deno.test(`checkPlan() takes 32 to ${max} bytes on ${protocol}`, () => {
    checkPlan({ sizes: [32, max], repeat: 1 }, protocol);
  });

  Deno.test(`checkPlan() refuses ${max + 1} bytes on ${protocol}, wherever they stand`, () => {
    const plan = { sizes: [100, max + 1, 100], repeat: 1 };
    assertEquals(assertThrows(() => checkPlan(plan, protocol), UsageError).message, line);
  });

  Deno.test(`checkPlan() refuses 31 bytes on ${protocol}`, () => {
    const error = assertThrows(() => checkPlan({ sizes: [31], repeat: 1 }, protocol), UsageError);
    assertEquals(error.message, "size 31: at least 32 bytes, the length of the header");
  });

  Deno.test(`checkPlan() takes the built-in plans on ${protocol}`, () => {
    checkPlan(FULL_PLAN, protocol);
    checkPlan(QUICK_PLAN, protocol);
  });
}
