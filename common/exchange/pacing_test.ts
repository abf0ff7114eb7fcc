import { Deadlines } from "../base/deadline.ts";
import { InterruptedError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { DatagramBench, messageOf, ServerBench } from "../testing/fake_server.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { Pacing } from "./pacing.ts";

Deno.test("Pacing lets one message pass in a pause's time, and a later one at once", async () => {
  using clock = new FakeClock();
  using deadlines = new Deadlines();
  const pacing = new Pacing({ waitMs: 100, clients: 1 }, deadlines);
  assertEquals(pacing.wait(), undefined);
  let isOver = false;
  const second = pacing.wait()!.then(() => isOver = true);
  await clock.advance(99);
  assert(!isOver);
  await clock.advance(1);
  await second;
  await clock.advance(99.5);
  assertEquals(pacing.wait(), undefined, "a timer may fire early");
});

Deno.test("Pacing lets as many messages pass as there are clients", async () => {
  using clock = new FakeClock();
  using deadlines = new Deadlines();
  const pacing = new Pacing({ waitMs: 100, clients: 2 }, deadlines);
  assertEquals([pacing.wait(), pacing.wait()], [undefined, undefined]);
  const third = pacing.wait();
  assert(third);
  await clock.advance(100);
  await third;
});

Deno.test("Pacing without a pause lets all messages pass", () => {
  using deadlines = new Deadlines();
  const pacing = new Pacing({ waitMs: 0, clients: 1 }, deadlines);
  assertEquals([pacing.wait(), pacing.wait()], [undefined, undefined]);
});

Deno.test("Pacing ends its pauses with the run, or where it is interrupted", async () => {
  using _clock = new FakeClock();
  using deadlines = new Deadlines();
  const pacing = new Pacing({ waitMs: 3_600_000, clients: 1 }, deadlines);
  pacing.wait();
  const pauses = [pacing.wait()!, pacing.wait()!];
  for (const pause of pauses) pause.catch(() => {});
  pacing.end();
  for (const pause of [...pauses, pacing.wait()!]) {
    await assertRejects(() => pause, InterruptedError, "the run has ended");
  }
  const other = new Pacing({ waitMs: 3_600_000, clients: 1 }, deadlines);
  other.wait();
  const pause = other.wait()!;
  pause.catch(() => {});
  deadlines.interrupt();
  await assertRejects(() => pause, InterruptedError, "interrupted");
});

for (const connect of ["message", "size", "once"]) {
  Deno.test(`Server.serve() with --wait-ms pauses between messages, expecting ${connect}`, async () => {
    const args = ["--sizes=100", "--repeat=2", "--wait-ms=100", `--connect=${connect}`];
    using bench = new ServerBench(...args);
    const first = bench.listener.connect().write(messageOf("tcp", 0, 100));
    await bench.clock.settle();
    const next = connect === "message" ? (first.end(), bench.listener.connect()) : first;
    next.write(messageOf("tcp", 1, 100)).end();
    await bench.clock.advance(99);
    const answers = () => new Set([first, next].flatMap(({ answers }) => answers)).size;
    assertEquals([answers(), bench.done], [1, false]);
    await bench.clock.advance(1);
    await bench.serving;
    assertEquals([answers(), bench.run.troubles], [2, []]);
  });
}

Deno.test("Server.serve() waits for no pause of a connection when its run is over", async () => {
  const args = [
    "--sizes=100",
    "--repeat=1",
    "--clients=2",
    "--wait-ms=3600000",
    "--timeout-ms=500",
  ];
  using bench = new ServerBench(...args);
  await bench.exchange(0, 100);
  // It is one message too many, and has its pause before it.
  bench.listener.connect().write(messageOf("tcp", 0, 100), messageOf("tcp", 0, 100));
  await bench.clock.advance(500);
  await bench.serving;
  assertEquals([bench.run.recorder.messages, bench.run.troubles], [2, []]);
});

Deno.test("Server.serveDatagrams() with --wait-ms pauses between datagrams", async () => {
  using bench = new DatagramBench("--sizes=100", "--repeat=2", "--wait-ms=100");
  const delivered = bench.deliver("192.0.2.1:1", [0, 100], [1, 100]);
  await bench.clock.advance(99);
  assertEquals(bench.socket.answers.length, 1);
  await bench.clock.advance(1);
  await bench.serving;
  await delivered;
  assertEquals(bench.socket.answers.length, 2);
});

Deno.test("Server.serveDatagrams() ends in its pause where it is interrupted", async () => {
  using bench = new DatagramBench("--sizes=100", "--repeat=2", "--wait-ms=3600000");
  const delivered = bench.deliver("192.0.2.1:1", [0, 100], [1, 100]);
  await bench.clock.settle();
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
  await delivered;
  assertEquals(bench.run.recorder.messages, 1);
});
