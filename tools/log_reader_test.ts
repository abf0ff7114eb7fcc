import { LOG_COLUMNS } from "../common/step_log.ts";
import { assertEquals, assertThrows } from "../common/testing/assert.ts";
import { readLog, totalsOf } from "./log_reader.ts";

/** A log of messages, each with a send and a receive of 10 and 20 microseconds. */
function logOf(...messages: { client?: number; size?: number; no?: number; lost?: boolean }[]) {
  let nowUs = 1_000_000;
  const lines = messages.flatMap(({ client = 0, size = 100, no = 0, lost = false }) => {
    const rest = `tcp-async,client,${client},${size},${no},${lost ? 1 : 0}`;
    const sent = nowUs;
    nowUs += 100;
    return [`${sent},10,send,${rest}`, `${sent + 10},20,receive,${rest}`];
  });
  return `${[LOG_COLUMNS, ...lines].join("\n")}\n`;
}

Deno.test("totalsOf() takes a message from its first step to its last", () => {
  const { message, steps, elapsedUs } = totalsOf(logOf({ no: 0 }, { no: 1 }, { no: 2 }));
  assertEquals([message.n, message.summary().min, message.summary().max], [2, 30, 30]);
  assertEquals([steps.send?.n, steps.receive?.summary().mean, steps.close], [2, 20, undefined]);
  assertEquals(elapsedUs, 230);
});

Deno.test("totalsOf() tells two passes over the same size apart", () => {
  const twice = [{ no: 0 }, { no: 1 }, { no: 0 }, { no: 1 }];
  assertEquals(totalsOf(logOf(...twice)).message.summary().max, 30);
  // Even where one message is all there is of a size.
  assertEquals(totalsOf(logOf({ no: 0 }, { no: 0 }, { no: 0 })).message.n, 2);
});

Deno.test("totalsOf() keeps the clients of a run apart", () => {
  const { message } = totalsOf(logOf({ client: 0 }, { client: 1 }, { client: 0, no: 1 }));
  assertEquals([message.n, message.summary().max], [2, 30]);
});

Deno.test("totalsOf() leaves lost messages out", () => {
  const { message, steps } = totalsOf(logOf({ no: 0 }, { no: 1, lost: true }, { no: 2 }));
  assertEquals([message.n, steps.send?.n], [1, 1]);
});

Deno.test("readLog() leaves out a last line that was cut off", () => {
  assertEquals([...readLog(logOf({ no: 0 }).slice(0, -5))].length, 1);
});

Deno.test("readLog() names the line that is none", () => {
  assertThrows(() => [...readLog("a,b\n")], SyntaxError, "line 1");
  assertThrows(() => [...readLog(`${LOG_COLUMNS}\n1,2,sleep\n`)], SyntaxError, "line 2");
});
