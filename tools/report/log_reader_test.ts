import { LOG_COLUMNS } from "../../common/measure/step_log.ts";
import { assert, assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import * as fc from "fast-check";
import { piecesOf, readLog } from "./log_reader.ts";

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

Deno.test("readLog() leaves out a last line that was cut off", () => {
  assertEquals([...readLog(logOf({ no: 0 }).slice(0, -5))].length, 1);
});

Deno.test("readLog() passes over lines that belong to no message, and refuses wrong ones", () => {
  const lane = "tls-async-openssl,client";
  const lines = [
    LOG_COLUMNS,
    `1.0,2.000,load,${lane},0,0,0,0`,
    `1.0,2.000,session,${lane},0,0,0,0`,
    `3.0,2.000,send,${lane},0,100,0,0`,
    `1.0,9.000,size,${lane},0,100,0,0`,
    "",
  ];
  assertEquals([...readLog([lines.join("\n")])].map(({ step }) => step), ["send"]);
  for (const wrong of [`1.0,-2.000,load,${lane},0,0,0,0`, `1.0,2.0,load,${lane}`]) {
    assertThrows(() => [...readLog([`${LOG_COLUMNS}\n${wrong}\n`])], SyntaxError, "line 2");
  }
});

Deno.test("readLog() names the line that is none", () => {
  assertThrows(() => [...readLog("a,b\n")], SyntaxError, "line 1");
  assertThrows(() => [...readLog(`${LOG_COLUMNS}\n1,2,sleep\n`)], SyntaxError, "line 2");
});

/** A step's line with a number that is as long as it may be. */
function paddedLine(no: number, length: number): string {
  const end = `,10,send,tcp-async,client,0,100,${no},0\n`;
  return "1".padStart(length - end.length, "0") + end;
}

Deno.test("readLog() reads the same lines wherever its text is cut", () => {
  const text = logOf({ no: 0 }, { no: 1 }, { no: 2, lost: true });
  const whole = [...readLog([text])];
  assertEquals(whole.length, 6);
  fc.assert(fc.property(fc.array(fc.nat(text.length)), (cuts) => {
    const ends = [...cuts.sort((a, b) => a - b), text.length];
    assertEquals([...readLog(ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)))], whole);
  }));
});

Deno.test("readLog() gives up on what has no lines, before it has read all of it", () => {
  let pieces = 0;
  const endless = (function* () {
    yield `${LOG_COLUMNS}\n`;
    for (;; pieces++) yield "x".repeat(600);
  })();
  assertThrows(() => [...readLog(endless)], SyntaxError, "line 2: not a line of a step log");
  assertEquals(pieces, 1);
});

Deno.test("readLog() refuses what no clock and no counter says", () => {
  for (
    const [was, is] of [["10,send", "-1,send"], ["10,send", "x,send"], [",0,0\n", ",1e99,0\n"]]
  ) {
    const text = logOf({ no: 0 }).replace(was!, is!);
    assertThrows(() => [...readLog([text])], SyntaxError, "line 2");
  }
});

Deno.test("piecesOf() tells a text that is cut within a letter", async () => {
  const text = `x${"ö".repeat(1 << 20)}`;
  await using folder = await folderWith({ text });
  const pieces = [...piecesOf(folder.path("text"))];
  assert(pieces.length > 1);
  assert(pieces.join("") === text);
});

Deno.test("readLog() reads a log that is longer than a text can be", async () => {
  await using folder = await folderWith();
  const file = folder.path("log.csv");
  using open = await Deno.open(file, { write: true, create: true });
  const encoder = new TextEncoder();
  await open.write(encoder.encode(`${LOG_COLUMNS}\n`));
  // 2^29 - 24 characters is V8's longest; the numbers of these lines begin with many zeros.
  const lines = Array.from({ length: 1024 }, (_, no) => paddedLine(no, 900)).join("");
  const piece = encoder.encode(lines);
  const times = Math.ceil(2 ** 29 / piece.length);
  for (let i = 0; i < times; i++) {
    for (let at = 0; at < piece.length;) at += open.writeSync(piece.subarray(at));
  }
  assert(open.statSync().size > 2 ** 29);
  let count = 0;
  for (const _line of readLog(piecesOf(file))) count++;
  assertEquals(count, times * 1024);
});
