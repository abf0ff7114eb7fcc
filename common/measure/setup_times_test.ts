import { setupStep } from "../base/setup_steps.ts";
import { assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { SetupTimes } from "./setup_times.ts";

Deno.test("SetupTimes times steps that return values, and those that return promises", async () => {
  using clock = new FakeClock();
  using setup = new SetupTimes();
  clock.nowMs = 5;
  const looked = Promise.withResolvers<string>();
  const looking = setupStep("lookup", () => looked.promise);
  clock.nowMs = 7;
  assertEquals(setupStep("socket", () => (clock.nowMs = 8, 3)), 3);
  clock.nowMs = 10;
  looked.resolve("::1");
  assertEquals(await looking, "::1");
  assertEquals(setup.times, [
    { step: "socket", startUs: 7000, durationUs: 1000 },
    { step: "lookup", startUs: 5000, durationUs: 5000 },
  ]);
});

Deno.test("SetupTimes leaves out steps that fail, and lets their errors pass", async () => {
  using setup = new SetupTimes();
  const fail = () => {
    throw new RangeError("no");
  };
  assertThrows(() => setupStep("bind", fail), RangeError);
  const reject = () => Promise.reject(new RangeError("no"));
  await assertRejects(() => setupStep("load", reject), RangeError);
  assertEquals(setup.times, []);
});

Deno.test("SetupTimes keeps no step after its stop, and not more than 50", async () => {
  using stopped = new SetupTimes();
  const late = Promise.withResolvers<void>();
  const waiting = setupStep("lookup", () => late.promise);
  stopped.stop();
  late.resolve();
  await waiting;
  setupStep("bind", () => {});
  assertEquals(stopped.times, []);
  using many = new SetupTimes();
  for (let i = 0; i < 60; i++) setupStep("session", () => {});
  assertEquals(many.times.length, 50);
});
