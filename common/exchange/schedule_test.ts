import { InterruptedError, RunError } from "../base/errors.ts";
import type { SizeResult } from "../measure/result.ts";
import { TOO_LATE } from "../base/read_result.ts";
import { ACK, parseHeader } from "../model/message.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import {
  type FakeClientOptions,
  fakeClientRun,
  FakeClientTransport,
} from "../testing/fake_client.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { Client } from "./client.ts";
import { Schedule } from "./schedule.ts";

/** A client of 100 bytes over one connection, with a schedule where there is a rate. */
class Bench implements Disposable {
  readonly clock = new FakeClock();
  readonly beganMs = this.clock.nowMs;
  readonly run: ReturnType<typeof fakeClientRun>;
  readonly schedule: Schedule | undefined;
  readonly transport: FakeClientTransport;
  readonly clients: Client<unknown>[];
  /** When each message was sent, since the beginning. */
  readonly sentMs: number[] = [];

  /** @param before called before each step, as {@linkcode FakeClientOptions.before} */
  constructor(
    args: string[],
    before: (call: string, clock: FakeClock) => void = () => {},
    more: FakeClientOptions = {},
  ) {
    const connect = args.some((arg) => arg.startsWith("--connect")) ? [] : ["--connect=once"];
    this.run = fakeClientRun("tcp", "--sizes=100", ...connect, ...args);
    const { rate, clients } = this.run.options;
    this.schedule = rate === null ? undefined : new Schedule({ rate, clients });
    this.transport = new FakeClientTransport({
      until: (dueMs) => new Promise((resolve) => setTimeout(resolve, dueMs - this.clock.nowMs)),
      before: (call) => {
        if (call.startsWith("send")) this.sentMs.push(this.clock.nowMs - this.beganMs);
        before(call, this.clock);
      },
      ...more,
    });
    this.clients = Array.from(
      { length: clients },
      (_, number) => new Client({ ...this.run, schedule: this.schedule }, this.transport, number),
    );
  }

  /** Exchanges a size while time passes. */
  async exchange(ms: number, sizeBytes = 100, last = true): Promise<void> {
    this.schedule?.begin();
    const running = this.clients.map((client) => client.exchangeSize(sizeBytes, last));
    const all = Promise.allSettled(running);
    await this.clock.advance(ms);
    await all;
    await Promise.all(running);
  }

  get result(): SizeResult {
    return this.run.recorder.clientResults(true).at(-1)!;
  }

  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
    this.clock[Symbol.dispose]();
  }
}

Deno.test("Client with a schedule sends each message when it is due", async () => {
  using bench = new Bench(["--rate=4", "--repeat=4"]);
  await bench.exchange(1000);
  assertEquals(bench.sentMs, [0, 250, 500, 750]);
  assertEquals(bench.result.messageUs.max, 0);
  assertEquals(bench.schedule!.result(), { wanted: 4, reached: 4 });
});

Deno.test("Client with a schedule sends what is late at once, and counts from when it was due", async () => {
  // The second answer takes 350 ms, all others 1 ms.
  const before = (call: string, clock: FakeClock) => {
    if (call === "receive") clock.nowMs += bench.sentMs.length === 2 ? 350 : 1;
  };
  using bench = new Bench(["--rate=10", "--repeat=8"], before);
  await bench.exchange(2000);
  assertEquals(bench.sentMs, [0, 100, 450, 451, 452, 500, 600, 700]);
  // They were due after 200, 300 and 400 ms: the first step begins there.
  const { messageUs, steps } = bench.result;
  assertEquals([messageUs.max, messageUs.min, messageUs.n], [350_000, 1000, 7]);
  assertEquals(messageUs.mean, Math.round((350 + 251 + 152 + 53 + 3) * 1e6 / 7) / 1000);
  assertEquals(steps.send!.max, 250_000);
  assertEquals(steps.receive!.max, 350_000);
  assertEquals(bench.schedule!.result().reached, 10);
});

Deno.test("Client with a schedule begins the connection of a late message when that was due", async () => {
  const before = (call: string, clock: FakeClock) => {
    if (call === "connect") clock.nowMs += 25;
  };
  using bench = new Bench(["--rate=100", "--repeat=3", "--connect=message"], before);
  await bench.exchange(100);
  assertEquals(bench.sentMs, [25, 50, 75]);
  // Due after 10 and 20 ms.
  const { connect, send, close } = bench.result.steps;
  assertEquals([connect!.min, connect!.max, send!.max, close!.max], [40_000, 55_000, 0, 0]);
});

Deno.test("Client with a schedule waits for what gets lost, and counts the messages due meanwhile", async () => {
  const before = (call: string, clock: FakeClock) => {
    if (call === "receive") clock.nowMs += bench.sentMs.length === 2 ? 500 : 0;
  };
  const more = { connectionless: true, receptions: [ACK, TOO_LATE] };
  using bench = new Bench(["--rate=10", "--repeat=4"], before, more);
  await bench.exchange(2000);
  assertEquals(bench.sentMs.slice(0, 4), [0, 100, 600, 600]);
  const { lost, messageUs } = bench.result;
  assertEquals([lost, messageUs.n, messageUs.max, messageUs.min], [1, 2, 400_000, 300_000]);
});

Deno.test("Client takes turns with others in a schedule", async () => {
  using bench = new Bench(["--rate=4", "--repeat=2", "--clients=3"]);
  await bench.exchange(2000);
  assertEquals(bench.sentMs, [0, 250, 500, 750, 1000, 1250]);
  assertEquals(bench.transport.messages.map((message) => parseHeader(message).no), [
    ...[0, 0, 0, 1, 1, 1],
  ]);
  assertEquals(bench.schedule!.result().reached, 4);
});

Deno.test("Schedule begins anew with each size, so that a pause between them is nobody's wait", async () => {
  using bench = new Bench(["--rate=10", "--repeat=3"]);
  await bench.exchange(300, 100, false);
  bench.clock.nowMs += 60_000;
  await bench.exchange(300, 100);
  assertEquals(bench.sentMs, [0, 100, 200, 60_300, 60_400, 60_500]);
  assertEquals(bench.result.messageUs.max, 0);
  assertEquals(bench.schedule!.result(), { wanted: 10, reached: 10 });
});

Deno.test("Client with a schedule and a time sends what is due in it", async () => {
  // Thirds of a second are no whole microseconds.
  using bench = new Bench(["--rate=3", "--seconds=1"]);
  await bench.exchange(2000);
  assertEquals(bench.sentMs.length, 3);
});

Deno.test("Client with a schedule and a time stops at its end with what is late", async () => {
  const before = (call: string, clock: FakeClock) =>
    void (clock.nowMs += call === "receive" ? 300 : 0);
  using bench = new Bench(["--rate=10", "--seconds=1"], before);
  await bench.exchange(2000);
  assertEquals(bench.sentMs, [0, 300, 600, 900]);
  const { reached } = bench.schedule!.result();
  assert(reached! > 3.3 && reached! < 3.4, `${reached}`);
});

Deno.test("Client stops while it waits for its turn when interrupted", async () => {
  for (const until of [undefined, "its own"]) {
    using bench = new Bench(["--rate=0.1", "--repeat=3"]);
    const transport = until ? bench.transport : new FakeClientTransport();
    if (until) {
      const interrupted = Promise.withResolvers<void>();
      bench.run.deadlines.add(interrupted.reject).arm(1e9);
      Object.assign(transport, { until: () => interrupted.promise });
    }
    const client = new Client({ ...bench.run, schedule: bench.schedule }, transport, 0);
    bench.schedule!.begin();
    const running = client.exchangeSize(100, true);
    await bench.clock.advance(5000);
    bench.run.deadlines.interrupt();
    await assertRejects(() => running, InterruptedError);
    assertEquals(transport.messages.length, 1);
    assertEquals(bench.run.recorder.messages, 1);
    // One message has no rate.
    assertEquals(bench.schedule!.result().reached, null);
  }
});

Deno.test("Schedule counts what was sent before a run failed, and not what was not", async () => {
  using bench = new Bench(["--rate=10", "--repeat=9"], (call) => {
    if (call === "send 3/100") throw new Error("gone");
  });
  await assertRejects(() => bench.exchange(1000), RunError, "cannot send to ");
  assertEquals(bench.schedule!.result(), { wanted: 10, reached: 10 });
});

Deno.test("Schedule.dueUs() is exact after any number of turns", () => {
  using clock = new FakeClock();
  clock.nowMs = 0;
  const schedule = new Schedule({ rate: 3, clients: 1 });
  schedule.begin();
  assertEquals([schedule.dueUs(0, 3), schedule.dueUs(0, 3_000_000)], [1e6, 1e12]);
});

/** A server that answers a message in a millisecond, and pauses for 100 of each 1000. */
function pausing(call: string, clock: FakeClock): void {
  if (call !== "receive") return;
  const ofSecond = (clock.nowMs - 500) % 1000;
  if (ofSecond < 100) clock.nowMs += 100 - ofSecond;
  clock.nowMs += 1;
}

Deno.test("Client with a schedule shows a server's pauses, which one without does not", async () => {
  using open = new Bench(["--rate=200", "--repeat=600"], pausing);
  await open.exchange(4000);
  // Of each second 20 messages are due in the pause, the first of them 100 ms before its end.
  const { p50, p90, p99 } = open.result.messageUs;
  assertEquals(Math.round(p50! / 10) * 10, 1000);
  assert(p90! > 1000 && p90! < 50_000, `${p90}`);
  assert(p99! > 80_000 && p99! < 102_000, `${p99}`);
  assertEquals(open.schedule!.result(), { wanted: 200, reached: 200 });
  open[Symbol.dispose]();

  using closed = new Bench(["--seconds=3"], pausing);
  await closed.exchange(0);
  const { n, p50: same, p99: hidden, p999, max } = closed.result.messageUs;
  assert(n > 2000, `${n}`);
  assertEquals([same, hidden, max].map((us) => Math.round(us! / 10) * 10), [1000, 1000, 101_000]);
  assert(p999! > 50_000, `${p999}`);
});
