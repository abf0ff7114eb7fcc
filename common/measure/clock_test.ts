import { EPOCH_US, nowUs, setClock, STEP_INDEX, StepTimer } from "./clock.ts";
import { STEPS } from "../model/protocol.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";

Deno.test("nowUs() never runs backwards", () => {
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const now = nowUs();
    assert(now >= last, `${now} after ${last}`);
    last = now;
  }
});

Deno.test("nowUs() is in microseconds", () => {
  using clock = new FakeClock();
  clock.nowMs = 1.5;
  assertEquals(nowUs(), 1500);
});

Deno.test("setClock() has nowUs() read the time elsewhere, until it is told otherwise", () => {
  using clock = new FakeClock();
  clock.nowMs = 1.5;
  setClock(() => 7);
  try {
    assertEquals(nowUs(), 7);
  } finally {
    setClock(undefined);
  }
  assertEquals(nowUs(), 1500);
});

Deno.test("EPOCH_US makes the time of day of nowUs(), give or take what the clock was set", () => {
  const offUs = EPOCH_US + nowUs() - Date.now() * 1000;
  assert(Math.abs(offUs) < 600e6, `${offUs}`);
});

Deno.test("STEP_INDEX has the place of every step", () => {
  assertEquals(STEPS.map((step) => STEP_INDEX[step]), [0, 1, 2, 3, 4, 5]);
});

Deno.test("StepTimer.mark() gives each step the time since the last one", () => {
  using clock = new FakeClock();
  const timer = new StepTimer();
  clock.nowMs = 10;
  timer.start();
  clock.nowMs = 12;
  timer.mark(STEP_INDEX.connect);
  clock.nowMs = 17;
  timer.mark(STEP_INDEX.send);
  assertEquals([...timer.durationsUs], [2000, NaN, 5000, NaN, NaN, NaN]);
  assertEquals(timer.startsUs[STEP_INDEX.connect], 10_000);
  assertEquals(timer.startsUs[STEP_INDEX.send], 12_000);
});

Deno.test("StepTimer.totalUs goes from the first step's start to the last step's end", () => {
  using clock = new FakeClock();
  const timer = new StepTimer();
  clock.nowMs = 10;
  timer.start();
  assertEquals(timer.totalUs, 0);
  clock.nowMs = 12;
  timer.mark(STEP_INDEX.send);
  clock.nowMs = 15;
  timer.mark(STEP_INDEX.receive);
  clock.nowMs = 99;
  assertEquals([timer.totalUs, timer.lastUs], [5000, 15_000]);
});

Deno.test("StepTimer.start() forgets the steps before", () => {
  using clock = new FakeClock();
  const timer = new StepTimer();
  timer.start();
  timer.mark(STEP_INDEX.connect);
  clock.nowMs += 30;
  timer.start();
  clock.nowMs += 1;
  timer.mark(STEP_INDEX.send);
  assertEquals([...timer.durationsUs], [NaN, NaN, 1000, NaN, NaN, NaN]);
  assertEquals(timer.totalUs, 1000);
});

Deno.test("StepTimer.startAt() begins the first step at a time that has passed", () => {
  using clock = new FakeClock();
  const timer = new StepTimer();
  timer.start();
  timer.mark(STEP_INDEX.connect);
  clock.nowMs = 30;
  timer.startAt(10_000);
  assertEquals([timer.lastUs, timer.totalUs], [10_000, 0]);
  clock.nowMs = 31;
  timer.mark(STEP_INDEX.send);
  timer.mark(STEP_INDEX.receive);
  assertEquals([...timer.durationsUs], [NaN, NaN, 21_000, 0, NaN, NaN]);
  assertEquals([timer.startsUs[STEP_INDEX.send], timer.totalUs], [10_000, 21_000]);
});

Deno.test("StepTimer.next() begins a message where the last one ended", () => {
  using clock = new FakeClock();
  const timer = new StepTimer();
  timer.start();
  timer.mark(STEP_INDEX.receive);
  const ended = timer.lastUs;
  clock.nowMs += 4;
  timer.next();
  assert(timer.durationsUs.every((us) => Number.isNaN(us)), "no step has happened");
  clock.nowMs += 2;
  timer.mark(STEP_INDEX.receive);
  assertEquals(timer.startsUs[STEP_INDEX.receive], ended);
  assertEquals(timer.totalUs, 6000);
});
