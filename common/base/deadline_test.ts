import { Deadlines } from "./deadline.ts";
import { InterruptedError, TimeoutError } from "./errors.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";

/** A clock, deadlines on it, and what expired at which time. */
class Bench implements Disposable {
  readonly clock = new FakeClock();
  readonly deadlines = new Deadlines();
  readonly expired: string[] = [];
  readonly errors: Error[] = [];
  readonly #startMs = this.clock.nowMs;

  /** Adds a deadline whose expiry is written down. */
  add(name: string) {
    return this.deadlines.add((error) => {
      this.expired.push(`${name} at ${this.clock.nowMs - this.#startMs}`);
      this.errors.push(error);
    });
  }

  [Symbol.dispose](): void {
    this.deadlines.close();
    this.clock[Symbol.dispose]();
  }
}

Deno.test("Deadline.arm() hands over a TimeoutError that names the time", async () => {
  using bench = new Bench();
  bench.add("a").arm(250);
  await bench.clock.advance(249);
  assertEquals(bench.expired, []);
  await bench.clock.advance(1);
  assertEquals(bench.expired, ["a at 250"]);
  assertInstanceOf(bench.errors[0], TimeoutError);
  assertEquals(bench.errors[0].message, "timed out after 250 ms");
});

Deno.test("Deadlines expire in the order of their times, not of their arming", async () => {
  using bench = new Bench();
  bench.add("late").arm(30);
  bench.add("early").arm(10);
  bench.add("middle").arm(20);
  await bench.clock.advance(100);
  assertEquals(bench.expired, ["early at 10", "middle at 20", "late at 30"]);
});

Deno.test("Deadlines expire at their times where some are due soon, and others late", async () => {
  using bench = new Bench();
  const times = [...Array(40).keys()].map((i) => 1 + i * i * 7 % 3000);
  for (const ms of times) bench.add("a").arm(ms);
  await bench.clock.advance(4000);
  const inOrder = [...times].sort((one, other) => one - other);
  assertEquals(bench.expired, inOrder.map((ms) => `a at ${ms}`));
});

Deno.test("Deadlines that are armed anew, later or sooner, expire when that says", async () => {
  using bench = new Bench();
  const [later, sooner, never] = ["later", "sooner", "never"].map((name) => bench.add(name));
  later!.arm(100);
  sooner!.arm(5000);
  never!.arm(300);
  await bench.clock.advance(90);
  later!.arm(2000);
  sooner!.arm(20);
  never!.disarm();
  await bench.clock.advance(6000);
  assertEquals(bench.expired, ["sooner at 110", "later at 2090"]);
  sooner!.arm(400);
  await bench.clock.advance(400);
  assertEquals(bench.expired.at(-1), "sooner at 6490");
});

Deno.test("Deadlines that are due together expire together", async () => {
  using bench = new Bench();
  bench.add("a").arm(10);
  bench.add("b").arm(10);
  await bench.clock.advance(10);
  assertEquals(bench.expired, ["a at 10", "b at 10"]);
});

Deno.test("Deadline.arm() expires once", async () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  deadline.arm(10);
  await bench.clock.advance(100);
  assertEquals(bench.expired, ["a at 10"]);
  assertEquals(deadline.due, Infinity);
});

Deno.test("Deadline.arm() again puts the expiry off", async () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  deadline.arm(10);
  await bench.clock.advance(8);
  deadline.arm(10);
  await bench.clock.advance(9);
  assertEquals(bench.expired, []);
  await bench.clock.advance(1);
  assertEquals(bench.expired, ["a at 18"]);
});

Deno.test("Deadline.arm() again can bring the expiry forward", async () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  deadline.arm(1000);
  deadline.arm(5);
  await bench.clock.advance(5);
  assertEquals(bench.expired, ["a at 5"]);
  assertEquals(bench.errors[0]!.message, "timed out after 5 ms");
});

Deno.test("Deadline.arm() may be called when it expires", async () => {
  using bench = new Bench();
  const { deadlines, clock } = bench;
  let rounds = 0;
  const deadline = deadlines.add(() => {
    if (++rounds < 3) deadline.arm(10);
  });
  deadline.arm(10);
  await clock.advance(29);
  assertEquals(rounds, 2);
  await clock.advance(1);
  assertEquals(rounds, 3);
});

Deno.test("Deadline.disarm() keeps it from expiring until it is armed again", async () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  bench.add("b").arm(10);
  deadline.arm(10);
  deadline.disarm();
  await bench.clock.advance(20);
  assertEquals(bench.expired, ["b at 10"]);
  deadline.arm(10);
  await bench.clock.advance(10);
  assertEquals(bench.expired, ["b at 10", "a at 30"]);
});

Deno.test("Deadline expires never where it was not armed", async () => {
  using bench = new Bench();
  bench.add("a");
  await bench.clock.advance(1e9);
  assertEquals([bench.expired, bench.clock.timers], [[], 0]);
});

Deno.test("Deadline, disposed by one that expires with it, does not expire", async () => {
  using bench = new Bench();
  const { deadlines, clock } = bench;
  deadlines.add(() => second[Symbol.dispose]()).arm(10);
  const second = bench.add("second");
  second.arm(10);
  await clock.advance(20);
  assertEquals(bench.expired, []);
});

Deno.test("Deadlines keep one timer, however many are armed and how often", async () => {
  using bench = new Bench();
  const all = Array.from({ length: 10 }, (_, i) => bench.add(String(i)));
  for (let round = 0; round < 100; round++) {
    for (const deadline of all) deadline.arm(500);
    bench.clock.nowMs += 1;
  }
  assertEquals(bench.clock.timers, 1);
  await bench.clock.advance(498);
  assertEquals(bench.expired, []);
  await bench.clock.advance(1);
  assertEquals(bench.expired.length, 10);
  assertEquals(bench.clock.timers, 0);
});

Deno.test("Deadlines.interrupt() expires every armed deadline at once", () => {
  using bench = new Bench();
  bench.add("a").arm(10);
  bench.add("b").arm(1e6);
  bench.add("not armed");
  bench.deadlines.interrupt();
  assertEquals(bench.expired, ["a at 0", "b at 0"]);
  for (const error of bench.errors) assertInstanceOf(error, InterruptedError);
});

Deno.test("Deadlines.interrupt() expires a later wait as soon as it begins", async () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  bench.deadlines.interrupt();
  deadline.arm(1e6);
  assertEquals(bench.expired, [], "not within arm(): its caller is not waiting yet");
  await bench.clock.settle();
  assertEquals(bench.expired, ["a at 0"]);
  assertInstanceOf(bench.errors[0], InterruptedError);
});

Deno.test("Deadlines.interrupt() twice is as good as once", () => {
  using bench = new Bench();
  bench.add("a").arm(10);
  bench.deadlines.interrupt();
  bench.deadlines.interrupt();
  assertEquals(bench.expired, ["a at 0"]);
});

Deno.test("Deadlines.check() throws after interrupt() alone", () => {
  using bench = new Bench();
  bench.deadlines.check();
  bench.deadlines.interrupt();
  assertThrows(() => bench.deadlines.check(), InterruptedError, "interrupted");
});

Deno.test("Deadlines.signal is aborted by interrupt(), with its error as the reason", () => {
  using bench = new Bench();
  assert(!bench.deadlines.signal.aborted);
  bench.deadlines.interrupt();
  assert(bench.deadlines.signal.aborted);
  assertInstanceOf(bench.deadlines.signal.reason, InterruptedError);
});

Deno.test("Deadlines.sleep() resolves after the time and leaves no timer", async () => {
  using bench = new Bench();
  const { clock, deadlines } = bench;
  let awake = false;
  const sleeping = deadlines.sleep(50).then(() => awake = true);
  await clock.advance(49);
  assertEquals(awake, false);
  await clock.advance(1);
  await sleeping;
  assertEquals(clock.timers, 0);
});

Deno.test("Deadlines.sleep() rejects when interrupted, during and before", async () => {
  using bench = new Bench();
  const sleeping = bench.deadlines.sleep(1e6);
  bench.deadlines.interrupt();
  await assertRejects(() => sleeping, InterruptedError);
  await assertRejects(() => bench.deadlines.sleep(1e6), InterruptedError);
});

Deno.test("Deadline[Symbol.dispose]() disarms it for good, for interrupt() too", async () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  deadline.arm(10);
  deadline[Symbol.dispose]();
  deadline[Symbol.dispose]();
  await bench.clock.advance(20);
  bench.deadlines.interrupt();
  assertEquals(bench.expired, []);
});

Deno.test("Deadlines.close() stops the timer and every expiry, and may be called twice", async () => {
  using bench = new Bench();
  bench.add("a").arm(10);
  bench.deadlines.close();
  bench.deadlines.close();
  assertEquals(bench.clock.timers, 0);
  await bench.clock.advance(20);
  assertEquals(bench.expired, []);
});

Deno.test("Deadlines, disposed, stop their timer", () => {
  using clock = new FakeClock();
  {
    using deadlines = new Deadlines();
    deadlines.add(() => {}).arm(10);
    assertEquals(clock.timers, 1);
  }
  assertEquals(clock.timers, 0);
});

Deno.test("Deadlines.close() leaves no timer to a deadline that is armed after it", () => {
  using bench = new Bench();
  const deadline = bench.add("a");
  bench.deadlines.close();
  deadline.arm(10);
  assertEquals(bench.clock.timers, 0);
});

Deno.test("Deadlines that are closed by what expires leave no timer, and no other expires", async () => {
  using bench = new Bench();
  bench.add("far").arm(60_000);
  bench.deadlines.add(() => bench.deadlines.close()).arm(10);
  bench.add("as soon").arm(10);
  await bench.clock.advance(10);
  assertEquals([bench.expired, bench.clock.timers], [[], 0]);
});

Deno.test("Deadlines on the system's clock expire, and leave no timer to the event loop", async () => {
  using deadlines = new Deadlines();
  const { promise, resolve } = Promise.withResolvers<Error>();
  deadlines.add(() => {}).arm(60_000);
  deadlines.add(resolve).arm(5);
  assertInstanceOf(await promise, TimeoutError);
});

Deno.test("arm() for longer than a timer can be set sets the longest one", () => {
  const asked: unknown[] = [];
  const { setTimeout } = globalThis;
  globalThis.setTimeout =
    ((_run: unknown, ms: number) => asked.push(ms)) as unknown as typeof setTimeout;
  try {
    using deadlines = new Deadlines();
    deadlines.add(() => {}).arm(30 * 86_400_000);
    deadlines.add(() => {}).arm(Infinity);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals(asked, [2 ** 31 - 1]);
});

Deno.test("Deadlines.until() ends no sooner than it is to, however far that is", async () => {
  using deadlines = new Deadlines();
  for (const ms of [-1, 0, 0.3, 1, 4]) {
    const dueMs = performance.now() + ms;
    await deadlines.until(dueMs);
    assert(performance.now() >= dueMs, `${ms}`);
  }
});

Deno.test("Deadlines.until() rejects when interrupted, asleep or not", async () => {
  for (const ms of [1, 3_600_000]) {
    using clock = new FakeClock();
    using deadlines = new Deadlines();
    const waiting = deadlines.until(clock.nowMs + ms);
    await clock.settle();
    deadlines.interrupt();
    await assertRejects(() => waiting, InterruptedError);
  }
});

Deno.test("Deadlines.orInterrupted() waits for what there is, unless interrupted before", async () => {
  using bench = new Bench();
  const { deadlines } = bench;
  assertEquals(await deadlines.orInterrupted(Promise.resolve(7)), 7);
  await assertRejects(
    () => deadlines.orInterrupted(Promise.reject(new TypeError("no"))),
    TypeError,
    "no",
  );
  const waiting = deadlines.orInterrupted(new Promise(() => {}));
  deadlines.interrupt();
  await assertRejects(() => waiting, InterruptedError);
  await assertRejects(() => deadlines.orInterrupted(new Promise(() => {})), InterruptedError);
});
