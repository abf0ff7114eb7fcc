import { EPOCH_US, STEP_INDEX, StepTimer } from "./clock.ts";
import type { Outcome } from "./outcome.ts";
import { LOG_COLUMNS, StepLog } from "./step_log.ts";
import { assertEquals, assertNotMatch, assertThrows } from "../testing/assert.ts";
import { setupStep } from "../base/setup_steps.ts";
import { SetupTimes } from "./setup_times.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const OUTCOME: Outcome = {
  client: 3,
  sizeBytes: 16384,
  no: 42,
  answered: true,
  lost: false,
  resumed: false,
};

/** A log that writes there. */
function newLog(texts: string[], close = () => {}): StepLog {
  const write = (text: string) => void texts.push(text);
  return new StepLog({ write, close }, "dtls-async-openssl", "client");
}

/** A log and the texts it has written since its head. */
function logInto(texts: string[]): StepLog {
  const log = newLog(texts);
  log.flush();
  texts.shift();
  return log;
}

/** A timer after a message of two steps, of 1.25 ms and 0.5 ms. */
function timed(clock: FakeClock): StepTimer {
  const timer = new StepTimer();
  timer.start();
  clock.nowMs += 1.25;
  timer.mark(STEP_INDEX.handshake);
  clock.nowMs += 0.5;
  timer.mark(STEP_INDEX.send);
  return timer;
}

Deno.test("StepLog begins with the names of its columns, when it is first written", () => {
  const texts: string[] = [];
  const log = newLog(texts);
  assertEquals(texts, []);
  log.close();
  assertEquals(texts, ["startUs,durationUs,step,lane,role,client,sizeBytes,no,lost\n"]);
});

Deno.test("StepLog has the steps of setting up before the first message, and none after", () => {
  using clock = new FakeClock();
  using setup = new SetupTimes();
  const texts: string[] = [];
  const file = { write: (text: string) => void texts.push(text), close() {} };
  const log = new StepLog(file, "dtls-async-openssl", "client", setup);
  setupStep("load", () => void (clock.nowMs += 20));
  log.message(OUTCOME, timed(clock));
  setupStep("session", () => {});
  log.size(16384, 1_020_000, 1750);
  log.close();
  const start = (us: number) => (EPOCH_US + us).toFixed(1);
  const lane = "dtls-async-openssl,client";
  assertEquals(texts.join("").split("\n").slice(1), [
    `${start(1_000_000)},20000.000,load,${lane},0,0,0,0`,
    `${start(1_020_000)},1250.000,handshake,${lane},3,16384,42,0`,
    `${start(1_021_250)},500.000,send,${lane},3,16384,42,0`,
    `${start(1_020_000)},1750.000,size,${lane},0,16384,0,0`,
    "",
  ]);
});

Deno.test("StepLog has the steps of setting up where no message came", () => {
  using setup = new SetupTimes();
  const texts: string[] = [];
  const file = { write: (text: string) => void texts.push(text), close() {} };
  const log = new StepLog(file, "tcp-async", "server", setup);
  setupStep("listen", () => {});
  log.close();
  assertEquals(texts.join("").split("\n").map((line) => line.split(",")[2]), [
    ...["step", "listen", undefined],
  ]);
});

Deno.test("StepLog.close() writes what is kept, and closes the file", () => {
  using clock = new FakeClock();
  const texts: string[] = [];
  const log = newLog(texts, () => texts.push("closed"));
  log.message(OUTCOME, timed(clock));
  log.close();
  assertEquals([texts.length, texts[0]!.split("\n").length, texts[1]], [2, 4, "closed"]);
});

Deno.test("StepLog ends no run where the disk is full, writes no more, and says so at its end", () => {
  using clock = new FakeClock();
  let writes = 0;
  const write = () => {
    if (++writes === 2) throw new Error("full");
  };
  const log = new StepLog({ write, close() {} }, "tcp-async", "client");
  for (let i = 0; i < 4; i++) {
    log.message(OUTCOME, timed(clock));
    log.flush();
  }
  assertThrows(() => log.close(), Error, "full");
  assertEquals(writes, 2);
});

Deno.test("StepLog.flush() writes a line for each step, with a value in each column", () => {
  using clock = new FakeClock();
  clock.nowMs = 2000;
  const texts: string[] = [];
  const log = logInto(texts);
  log.message(OUTCOME, timed(clock));
  log.flush();
  const first = (EPOCH_US + 2_000_000).toFixed(1);
  const second = (EPOCH_US + 2_001_250).toFixed(1);
  assertEquals(texts, [
    `${first},1250.000,handshake,dtls-async-openssl,client,3,16384,42,0\n` +
    `${second},500.000,send,dtls-async-openssl,client,3,16384,42,0\n`,
  ]);
});

Deno.test("StepLog.flush() writes as many values as there are columns, without exponents", () => {
  using clock = new FakeClock();
  const texts: string[] = [];
  const log = logInto(texts);
  log.message({ ...OUTCOME, no: 99_999, sizeBytes: 999_999 }, timed(clock));
  log.flush();
  for (const line of texts[0]!.trimEnd().split("\n")) {
    assertEquals(line.split(",").length, LOG_COLUMNS.split(",").length);
    assertNotMatch(line, /e\+|NaN|undefined|null/);
  }
});

Deno.test("StepLog marks the steps of a lost message", () => {
  using clock = new FakeClock();
  const texts: string[] = [];
  const log = logInto(texts);
  log.message({ ...OUTCOME, lost: true }, timed(clock));
  log.flush();
  assertEquals(texts[0]!.trimEnd().split("\n").map((line) => line.at(-1)), ["1", "1"]);
});

Deno.test("StepLog.message() writes nothing before flush()", () => {
  using clock = new FakeClock();
  const texts: string[] = [];
  logInto(texts).message(OUTCOME, timed(clock));
  assertEquals(texts, []);
});

Deno.test("StepLog.message() keeps numbers, not the timer", () => {
  using clock = new FakeClock();
  const texts: string[] = [];
  const log = logInto(texts);
  const timer = timed(clock);
  log.message(OUTCOME, timer);
  timer.start();
  log.flush();
  assertEquals(texts[0]!.split("\n").length, 3);
});

Deno.test("StepLog.flush() writes each line once", () => {
  using clock = new FakeClock();
  const texts: string[] = [];
  const log = logInto(texts);
  log.message(OUTCOME, timed(clock));
  log.flush();
  log.flush();
  assertEquals(texts.length, 1);
});

Deno.test("StepLog.flush() writes nothing for a message without a step", () => {
  const texts: string[] = [];
  const log = logInto(texts);
  log.message(OUTCOME, new StepTimer());
  log.flush();
  assertEquals(texts, []);
});
