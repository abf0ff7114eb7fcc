import type { Setting } from "../../common/settings/check.ts";
import { assert, assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { readAnswer, readQuestion, reason, START, type StartQuestion } from "./messages.ts";

const QUESTION: StartQuestion = {
  ...{ ask: "start", lane: "tcp-async", resume: false, sizes: [100, 999], repeat: 3 },
  ...{ connect: "message", reply: true, clients: 1, waitMs: 0, timeoutMs: 5000 },
  clockShiftUs: -12,
};

Deno.test("readQuestion() takes what a client asks", () => {
  for (const question of [QUESTION, { ask: "time" }, { ask: "stop" }]) {
    assertEquals(readQuestion(question), question);
  }
});

Deno.test("readQuestion() refuses every field that is missing, wrong or out of range", () => {
  let refused = 0;
  for (const [name, field] of Object.entries<Setting<unknown>>(START)) {
    for (const wrong of field.wrongKinds) {
      if (wrong === undefined) continue;
      assertThrows(() => readQuestion({ ...QUESTION, [name]: wrong }), TypeError, name);
      refused++;
    }
    for (const wrong of field.wrongValues) {
      assertThrows(() => readQuestion({ ...QUESTION, [name]: wrong }), RangeError, name);
      refused++;
    }
    const { [name as keyof StartQuestion]: _, ...without } = QUESTION;
    if (field.absent === undefined) {
      assertThrows(() => readQuestion(without), TypeError, "is missing");
    } else assert(readQuestion(without));
  }
  assert(refused > 100, `${refused} were tried`);
});

Deno.test("readQuestion() refuses lanes, keys and questions that there are none of", () => {
  const wrong: [unknown, string][] = [
    [{ ...QUESTION, lane: "../../../bin/sh" }, "lane must be"],
    [{ ...QUESTION, certs: "/etc" }, "certs is no setting"],
    [{ ...QUESTION, args: ["--csv", "/tmp/x"] }, "args is no setting"],
    [{ ...QUESTION, sizes: [31] }, "sizes[0] must be"],
    [{ ...QUESTION, sizes: [] }, "sizes must have"],
    [{ ask: "time", at: 1 }, "at is no setting"],
    [{ ask: "run" }, "ask must be"],
    [{}, "ask is missing"],
    [null, "not null"],
    [[], "not an array"],
    ["time", "not a text"],
  ];
  for (const [value, says] of wrong) {
    const error = assertThrows(() => readQuestion(value), Error);
    assert(error instanceof TypeError || error instanceof RangeError, `${error}`);
    assert(error.message.startsWith("Cannot read a question: "), error.message);
    assert(error.message.includes(says), `${says}: ${error.message}`);
  }
});

Deno.test("readAnswer() takes what an agent answers, and nothing else", () => {
  for (
    const answer of [
      { say: "welcome", version: 1 },
      { say: "busy" },
      { say: "time", receivedUs: 1_700_000_000_000_000, sentUs: -5 },
      { say: "listening", port: 1443 },
      { say: "refused", why: "" },
      { say: "ended", code: 130, why: "interrupted", document: {} },
    ]
  ) assertEquals<unknown>(readAnswer(answer), answer);
  for (
    const wrong of [
      { say: "listening", port: 0 },
      { say: "listening", port: 65_536 },
      { say: "time", receivedUs: 1e300, sentUs: 1 },
      { say: "time", receivedUs: 0.5, sentUs: 1 },
      { say: "ended", code: 256 },
      { say: "ended", code: 0, document: "text" },
      { say: "refused", why: "x".repeat(10_000) },
      { say: "welcome" },
      {},
    ]
  ) assertThrows(() => readAnswer(wrong), Error, "Cannot read an answer: ");
});

Deno.test("reason() makes of any text one that a reader takes", () => {
  for (const text of ["", "x".repeat(100_000), "\u20ac".repeat(100_000), "a\0b", "\ud800"]) {
    const why = reason(text);
    assertEquals<unknown>(readAnswer({ say: "refused", why }), { say: "refused", why });
  }
});
