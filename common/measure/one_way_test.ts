import { OneWayCount } from "./one_way.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import {
  DatagramBench,
  type FakeServerRun,
  messageOf,
  ServerBench,
} from "../testing/fake_server.ts";

Deno.test("OneWayCount has rates of what came after the first message", () => {
  const count = new OneWayCount();
  for (const atUs of [1000, 2000, 501_000]) count.take(1, atUs);
  const { seconds, messagesPerSecond, megabytesPerSecond } = count.result(1000, 1);
  assertEquals([seconds, messagesPerSecond, megabytesPerSecond], [0.5, 4, 0.004]);
});

Deno.test("OneWayCount has rates of null with fewer than two messages", () => {
  const count = new OneWayCount();
  count.take(1, 1000);
  const { seconds, messagesPerSecond, megabytesPerSecond } = count.result(1000, 1);
  assertEquals([seconds, messagesPerSecond, megabytesPerSecond], [null, null, null]);
});

Deno.test("OneWayCount has rates of null where no time passed between two messages", () => {
  const count = new OneWayCount();
  count.take(1, 1000);
  count.take(1, 1000);
  const { seconds, messagesPerSecond } = count.result(1000, 1);
  assertEquals([seconds, messagesPerSecond], [0, null]);
});

Deno.test("OneWayCount counts duplicates, reordered and missing ones", () => {
  const count = new OneWayCount();
  for (const ahead of [1, 4, 0, 0]) count.take(ahead, 0);
  count.duplicate();
  const { duplicates, reordered } = count.result(100, 1);
  assertEquals([duplicates, reordered, count.lost], [1, 2, 1]);
});

Deno.test("OneWayCount has counts of null where numbers say nothing", () => {
  const count = new OneWayCount();
  count.take(null, 0);
  const { duplicates, reordered } = count.result(100, 1);
  assertEquals([duplicates, reordered, count.lost], [null, null, null]);
});

Deno.test("OneWayCount has no rate and no order of a size that stands in the plan twice", () => {
  const count = new OneWayCount();
  for (const ahead of [1, 1, 0, 0]) count.take(ahead, 5);
  const { seconds, messagesPerSecond, duplicates, reordered } = count.result(100, 2);
  assertEquals([seconds, messagesPerSecond, duplicates, reordered], [null, null, 0, null]);
});

Deno.test("OneWayCount sums delays up", () => {
  const count = new OneWayCount();
  for (const us of [10, 20, 30]) count.delay(us);
  const { delayUs } = count.result(100, 1);
  assertEquals([delayUs?.n, delayUs?.min, delayUs?.max], [3, 10, 30]);
});

Deno.test("OneWayCount has a delay of null where a message came before it was sent", () => {
  const count = new OneWayCount();
  for (const us of [10, -1, 30]) count.delay(us);
  assertEquals(count.result(100, 1).delayUs, null);
});

/** A server of datagrams that are not answered. */
class OneWayBench extends DatagramBench {
  constructor(...args: string[]) {
    super("--no-reply", "--timeout-ms=100", ...args);
  }

  /** Delivers messages of 100 bytes. */
  async deliverNumbers(peer: string, ...numbers: number[]): Promise<void> {
    await this.deliver(peer, ...numbers.map((no): [number, number] => [no, 100]));
  }

  /** Messages sent, received, lost, doubled and reordered. */
  counts(): (number | null | undefined)[] {
    return countsOf(this.run);
  }
}

function countsOf({ options, recorder }: FakeServerRun): (number | null | undefined)[] {
  const { plan, clients, reply } = options;
  const [size] = recorder.serverResults(plan, clients, reply, true);
  const { sent, lost, oneWay } = size!;
  return [sent, recorder.exchanged(100), lost, oneWay?.duplicates, oneWay?.reordered];
}

Deno.test("Server.serveDatagrams() counts duplicates and reordered ones of each peer", async () => {
  using bench = new OneWayBench("--sizes=100", "--repeat=6", "--clients=2");
  await bench.deliverNumbers("a:1", 0, 2, 1, 1, 4);
  await bench.deliverNumbers("b:1", 0, 1, 3, 2, 2, 2);
  await bench.clock.advance(200);
  await bench.serving;
  assertEquals(bench.counts(), [12, 8, 4, 3, 2]);
});

Deno.test("Server.serveDatagrams() takes copies of the last message for no duplicates", async () => {
  using bench = new OneWayBench("--sizes=100", "--repeat=2", "--clients=2");
  await bench.deliverNumbers("a:1", 0, 1, 1, 1, 1);
  await bench.deliverNumbers("b:1", 0, 1);
  await bench.serving;
  assertEquals(bench.counts(), [4, 4, 0, 0, 0]);
});

Deno.test("Server.serveDatagrams() with --seconds ends in silence alone", async () => {
  using bench = new OneWayBench("--sizes=100", "--seconds=1");
  await bench.deliverNumbers("a:1", ...Array.from({ length: 100 }, (_, no) => no));
  await bench.clock.advance(199);
  assert(!bench.done);
  await bench.clock.advance(1);
  await bench.serving;
  assertEquals(bench.counts(), [null, 100, 0, 0, 0]);
});

Deno.test("Server.serveDatagrams() with --seconds counts what is missing among the numbers", async () => {
  using bench = new OneWayBench("--sizes=100", "--seconds=1", "--clients=2");
  await bench.deliverNumbers("a:1", 0, 1, 5, 4, 4);
  await bench.deliverNumbers("b:1", 2);
  await bench.clock.advance(200);
  await bench.serving;
  assertEquals(bench.counts(), [null, 5, 4, 1, 1]);
});

Deno.test("Server.serveDatagrams() with --seconds counts on where numbers begin again", async () => {
  using bench = new OneWayBench("--sizes=100", "--seconds=1");
  await bench.deliverNumbers("a:1", 40_000, 80_000, 99_999, 1, 0, 99_999);
  await bench.clock.advance(200);
  await bench.serving;
  assertEquals(bench.counts(), [null, 5, 100_002 - 5, 1, 1]);
});

Deno.test("Server.serve() with --seconds finishes with the last connection of all clients", async () => {
  using bench = new ServerBench(
    ...["--no-reply", "--connect=once", "--sizes=100", "--seconds=1", "--clients=2"],
  );
  const peers = [bench.listener.connect(), bench.listener.connect()];
  for (const peer of peers) peer.write(messageOf("tcp", 0, 100), messageOf("tcp", 1, 100));
  peers[0]!.end();
  assert(!await bench.finished());
  peers[1]!.end();
  await bench.serving;
  assertEquals(countsOf(bench.run), [null, 4, 0, 0, 0]);
});

Deno.test("Server.serve() with --seconds goes on after a connection without the last size", async () => {
  using bench = new ServerBench("--connect=once", "--sizes=999,100", "--seconds=1");
  bench.listener.connect().write(messageOf("tcp", 0, 999)).end();
  assert(!await bench.finished());
  bench.listener.connect().write(messageOf("tcp", 0, 100)).end();
  await bench.serving;
});

Deno.test("Server.serve() with --seconds takes no connection for the one before it", async () => {
  using bench = new ServerBench(
    ...["--no-reply", "--connect=once", "--sizes=999,100", "--seconds=1", "--clients=2"],
  );
  const visit = async (...sizes: number[]) => {
    bench.listener.connect().write(...sizes.map((size) => messageOf("tcp", 0, size))).end();
    return await bench.finished();
  };
  assert(!await visit(999, 100));
  assert(!await visit(999), "it has not got to the last size");
  assert(await visit(999, 100));
  assertEquals(bench.run.recorder.messages, 5, "none of them came before");
});

Deno.test("Server.serve() with --seconds takes silence after the last size for the end", async () => {
  using bench = new ServerBench("--no-reply", "--sizes=100", "--seconds=1", "--timeout-ms=100");
  await bench.exchange(0, 100);
  await bench.exchange(2, 100);
  await bench.exchange(1, 100);
  await bench.clock.advance(199);
  assert(!bench.done);
  await bench.clock.advance(1);
  await bench.serving;
  assertEquals(countsOf(bench.run), [null, 3, 0, 0, 1]);
});

Deno.test("Server.serve() knows no order where several clients connect for each message", async () => {
  using bench = new ServerBench("--no-reply", "--sizes=100", "--repeat=2", "--clients=2");
  for (const no of [0, 0, 1, 1]) await bench.exchange(no, 100);
  await bench.serving;
  assertEquals(countsOf(bench.run), [4, 4, 0, null, null]);
});

Deno.test("Server.serve() counts nothing one-way where it answers", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  await bench.exchange(0, 100);
  await bench.serving;
  assertEquals(countsOf(bench.run), [1, 1, 0, undefined, undefined]);
});
