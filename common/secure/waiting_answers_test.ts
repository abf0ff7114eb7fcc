import { UnreadAnswersError } from "../base/errors.ts";
import { assertEquals, assertInstanceOf } from "../testing/assert.ts";
import { MAX_WAITING_ANSWERS_BYTES, WaitingAnswers } from "./waiting_answers.ts";

const MAX = MAX_WAITING_ANSWERS_BYTES;

Deno.test("WaitingAnswers says when more wait than may", () => {
  const answers = new WaitingAnswers();
  const never = new Promise(() => {});
  assertEquals(answers.add(MAX, never), null);
  assertInstanceOf(answers.add(1, never), UnreadAnswersError);
});

Deno.test("WaitingAnswers forgets what was written, and what cannot be any more", async () => {
  const answers = new WaitingAnswers();
  const writing = Promise.withResolvers<void>();
  const failing = Promise.reject(new Error("gone"));
  answers.add(MAX, writing.promise);
  answers.add(10, failing);
  writing.resolve();
  await failing.catch(() => {});
  await Promise.resolve();
  assertEquals(answers.bytes, 0);
  assertEquals(answers.add(MAX, new Promise(() => {})), null);
});
