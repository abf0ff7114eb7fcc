import { assertEquals } from "../../common/testing/assert.ts";
import type { LoggedMessage } from "../report/messages.ts";
import { type SizedTime, slowStartOf, summarizeLog } from "./log_totals.ts";

/** One message after the other, each with a send and a receive of 10 and 20 microseconds. */
function messagesOf(...changes: Partial<LoggedMessage>[]): LoggedMessage[] {
  return changes.map((change, i) => ({
    ...{ client: 0, sizeBytes: 100, no: i, lost: false, isCounted: i > 0 },
    ...{ startUs: 1_000_000 + 100 * i, totalUs: 30, stepsUs: { send: 10, receive: 20 } },
    ...change,
  }));
}

Deno.test("summarizeLog() sums up messages and their steps", () => {
  const { totals: { message, steps, elapsedUs } } = summarizeLog(messagesOf({}, {}, {}));
  assertEquals([message.n, message.summary().min, message.summary().max], [2, 30, 30]);
  assertEquals([steps.send?.n, steps.receive?.summary().mean, steps.close], [2, 20, undefined]);
  assertEquals(elapsedUs, 230);
});

Deno.test("summarizeLog() leaves out what does not count, but for the time that went by", () => {
  const { totals } = summarizeLog(messagesOf({}, {}, { lost: true, isCounted: false }));
  assertEquals([totals.message.n, totals.steps.send?.n, totals.elapsedUs], [1, 1, 230]);
});

Deno.test("summarizeLog() of no messages has no time and no figures", () => {
  const { totals, slowStart } = summarizeLog([]);
  assertEquals([totals.message.n, totals.elapsedUs, slowStart], [0, 0, null]);
});

Deno.test("summarizeLog() tells how slow the first messages were", () => {
  const slow = Array.from({ length: 51 }, (_, i) => ({ totalUs: i <= 5 ? 30 : 10 }));
  assertEquals(summarizeLog(messagesOf(...slow)).slowStart, 3);
});

Deno.test("slowStartOf() compares the first tenth with the rest, each message with its like", () => {
  const times = (count: number, totalUs: number, sizeBytes = 100) =>
    Array<SizedTime>(count).fill({ sizeBytes, totalUs });
  const first = [...times(5, 30), ...times(45, 10)];
  assertEquals(slowStartOf(first), 3);
  assertEquals(slowStartOf([...times(100, 1000, 5000), ...first]), 1, "sizes are no warm-up");
  const near = [...times(20, 30), ...times(180, 10, 120)];
  assertEquals(slowStartOf(near), 3, "the size next to it stands in");
  assertEquals(slowStartOf(first.slice(0, 20)), null);
  assertEquals(slowStartOf([]), null);
});
