import { setImmediate } from "node:timers";
import { InterruptedError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { within } from "../testing/within.ts";
import { POLLIN, POLLOUT } from "./platform.ts";
import { PollLoop } from "./poll_loop.ts";
import { type Patience, PosixSocket, SLICE_MS } from "./socket.ts";
import { NOT_YET } from "../base/read_result.ts";

const HOST = "127.0.0.1";

/** Long enough that no test waits for it. */
const LATER_MS = 600_000;

/** A loop, and sockets to wait for. */
class Bench implements Disposable {
  readonly controller = new AbortController();
  readonly loop: PollLoop;
  readonly #sockets = new DisposableStack();
  readonly #sender: PosixSocket;

  constructor(patience: Patience = "block") {
    this.loop = new PollLoop(patience, this.controller.signal);
    this.#sender = this.socket();
  }

  socket(): PosixSocket {
    const socket = this.#sockets.use(PosixSocket.open("datagram", HOST, "block"));
    socket.bind(HOST, 0);
    return socket;
  }

  /** Makes it readable. */
  sendTo(socket: PosixSocket): void {
    this.#sender.send(Uint8Array.of(1), true, socket.address);
  }

  /** Waits for something to read. */
  wait(socket: PosixSocket, withinMs = LATER_MS) {
    return this.loop.wait(socket.fd, POLLIN, performance.now() + withinMs);
  }

  [Symbol.dispose](): void {
    this.#sockets.dispose();
  }
}

for (const patience of ["block", "spin"] as const) {
  Deno.test(`PollLoop.wait() ends when something can be read (${patience})`, async () => {
    using bench = new Bench(patience);
    const socket = bench.socket();
    const { ready } = bench.wait(socket);
    bench.sendTo(socket);
    assertEquals(await within(ready), true);
  });

  Deno.test(`PollLoop.wait() ends when its time is over (${patience})`, async () => {
    using bench = new Bench(patience);
    const socket = bench.socket();
    const before = performance.now();
    assertEquals(await within(bench.wait(socket, 30).ready), false);
    assert(performance.now() - before >= 30, "no sooner");
    // A time that is over before it begins is still a look at what is there.
    assertEquals(await within(bench.wait(socket, -1).ready), false);
    bench.sendTo(socket);
    assertEquals(await within(bench.wait(socket).ready), true);
    assertEquals(await within(bench.wait(socket, -1).ready), true);
  });

  Deno.test(`PollLoop lets timers fire while somebody waits (${patience})`, async () => {
    using bench = new Bench(patience);
    const { ready } = bench.wait(bench.socket());
    await within(new Promise<void>((resolve) => setTimeout(resolve, 1)));
    bench.controller.abort(new InterruptedError("interrupted"));
    await assertRejects(() => within(ready), InterruptedError);
  });

  Deno.test(`PollLoop lets timers fire while every wait ends at once (${patience})`, async () => {
    using bench = new Bench(patience);
    const socket = bench.socket();
    bench.sendTo(socket);
    let fired = false;
    setTimeout(() => fired = true, 1);
    for (let waits = 0; !fired && waits < 1_000_000; waits++) await bench.wait(socket).ready;
    assert(fired);
  });
}

Deno.test("PollLoop.wait() waits for room to send, too", async () => {
  using bench = new Bench();
  const { fd } = bench.socket();
  assertEquals(
    await within(bench.loop.wait(fd, POLLOUT, performance.now() + LATER_MS).ready),
    true,
  );
});

Deno.test("PollLoop.wait() ends for that one alone which has something to read", async () => {
  using bench = new Bench();
  const sockets = Array.from({ length: 100 }, () => bench.socket());
  const ended: number[] = [];
  const waits = sockets.map((socket) => bench.wait(socket));
  const all = waits.map(({ ready }, i) => ready.then((is) => is && ended.push(i)));
  for (const i of [99, 0, 42]) {
    bench.sendTo(sockets[i]!);
    await within(all[i]!);
  }
  assertEquals(ended, [99, 0, 42]);
  for (const wait of waits) wait.settle(false);
  await within(Promise.all(all));
});

Deno.test("PollLoop ends waits in the order of their times", async () => {
  // By a real clock two of them are over at once where the process had no turn for long.
  using clock = new FakeClock();
  const beganMs = clock.nowMs;
  using bench = new Bench();
  const socket = bench.socket();
  const ended: number[] = [];
  const ends = new Map([45, 5, 25].map((ms) => {
    const end = bench.wait(socket, ms).ready.then(() => ended.push(ms));
    return [ms, end];
  }));
  for (const ms of [5, 25, 45]) {
    clock.nowMs = beganMs + ms;
    await ends.get(ms);
  }
  assertEquals(ended, [5, 25, 45]);
});

Deno.test("PollLoop.sleep() ends with its time, or when it is settled", async () => {
  using bench = new Bench();
  assertEquals(await within(bench.loop.sleep(performance.now() + 5).ready), false);
  const wait = bench.loop.sleep(Infinity);
  setTimeout(() => wait.settle(true), 1);
  assertEquals(await within(wait.ready), true);
});

for (const patience of ["block", "spin"] as const) {
  Deno.test(`PollLoop.until() ends no sooner than it is to (${patience})`, async () => {
    using bench = new Bench(patience);
    for (const ms of [-1, 0, 0.01, 0.5, 30]) {
      const dueMs = performance.now() + ms;
      await within(bench.loop.until(dueMs));
      assert(performance.now() >= dueMs, `${ms}`);
    }
  });

  Deno.test(`PollLoop.until() rejects when the signal is aborted (${patience})`, async () => {
    using bench = new Bench(patience);
    const waiting = bench.loop.until(performance.now() + LATER_MS);
    setTimeout(() => bench.controller.abort(new InterruptedError("interrupted")), 1);
    await assertRejects(() => within(waiting), InterruptedError);
  });
}

Deno.test("Wait.fail() rejects that one alone", async () => {
  using bench = new Bench();
  const [one, other] = [bench.socket(), bench.socket()];
  const failing = bench.wait(one);
  const waiting = bench.wait(other);
  failing.fail(new Error("no more"));
  await assertRejects(() => failing.ready, Error, "no more");
  bench.sendTo(other);
  assertEquals(await within(waiting.ready), true);
});

Deno.test("PollLoop.cancel() rejects all waits for one socket", async () => {
  using bench = new Bench();
  const [one, other] = [bench.socket(), bench.socket()];
  const waits = [bench.wait(one), bench.wait(one), bench.wait(other)];
  bench.loop.cancel(one.fd, () => new Error("closed"));
  await assertRejects(() => waits[0]!.ready, Error, "closed");
  await assertRejects(() => waits[1]!.ready, Error, "closed");
  bench.sendTo(other);
  assertEquals(await within(waits[2]!.ready), true);
});

Deno.test("PollLoop rejects every wait with the signal's reason, and every later one", async () => {
  using bench = new Bench();
  const reason = new InterruptedError("interrupted");
  const waits = [bench.wait(bench.socket()), bench.loop.sleep(Infinity)];
  bench.controller.abort(reason);
  waits.push(bench.wait(bench.socket()));
  for (const { ready } of waits) {
    assert(await assertRejects(() => within(ready), InterruptedError) === reason);
  }
  await assertRejects(() => within(bench.loop.sleep(Infinity).ready), InterruptedError);
});

Deno.test("PollLoop.wait() ends where the descriptor is none: the next call says why", async () => {
  using bench = new Bench();
  const waiting = bench.wait(bench.socket());
  assertEquals(await within(bench.loop.wait(1 << 20, POLLIN, Infinity).ready), true);
  waiting.settle(false);
  assertEquals(await waiting.ready, false, "nobody else is told");
});

Deno.test("PollLoop.alone is true while there is one user", () => {
  using bench = new Bench();
  const { loop } = bench;
  const seen = [0, 1, 2].map((users) => {
    loop.users = users;
    return loop.alone;
  });
  assertEquals(seen, [true, true, false]);
});

Deno.test("PollLoop.rest() gives the event loop its turn where it had none for a slice", async () => {
  using clock = new FakeClock();
  using bench = new Bench();
  const { loop } = bench;
  assertEquals([loop.isDue(), loop.rest()], [false, undefined]);
  clock.nowMs += SLICE_MS;
  assertEquals(loop.isDue(), true);
  let hadTurn = false;
  setImmediate(() => hadTurn = true);
  await loop.rest();
  assertEquals([hadTurn, loop.isDue(), loop.rest()], [true, false, undefined]);
});

Deno.test("PollLoop.mayBlock() is false for less than a slice, and where a turn is due", () => {
  using clock = new FakeClock();
  using bench = new Bench();
  const { loop } = bench;
  // The clock is not asked at every call.
  const ever = (timeoutMs: number) =>
    Array.from({ length: 100 }, () => loop.mayBlock(timeoutMs)).includes(false);
  assertEquals([loop.mayBlock(SLICE_MS - 1), ever(SLICE_MS), ever(Infinity)], [
    false,
    false,
    false,
  ]);
  clock.nowMs += SLICE_MS;
  assertEquals(ever(Infinity), true);
});

Deno.test("PollLoop begins again after all waits have ended", async () => {
  using bench = new Bench();
  const socket = bench.socket();
  for (let i = 0; i < 3; i++) {
    bench.sendTo(socket);
    assertEquals(await within(bench.wait(socket).ready), true);
    assert(socket.receive(new Uint8Array(1), false) !== NOT_YET);
  }
});
