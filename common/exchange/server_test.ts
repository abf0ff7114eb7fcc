import { InterruptedError, RunError } from "../base/errors.ts";
import { EPOCH_US } from "../measure/clock.ts";
import { ACK, MessageWriter } from "../model/message.ts";
import type { Security } from "../model/protocol.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../testing/assert.ts";
import { type FakePeer, messageOf, ServerBench } from "../testing/fake_server.ts";

const SECURITY: Security = {
  version: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  group: "X25519",
  peer: "CN=client",
  resumed: false,
};

Deno.test("Server.serve() finishes with the last message of the plan", async () => {
  using bench = new ServerBench("--sizes=100,999", "--repeat=2");
  for (const [no, size] of [[0, 100], [1, 100], [0, 999]] as const) await bench.exchange(no, size);
  assert(!await bench.finished());
  await bench.exchange(1, 999);
  await bench.serving;
  assertEquals(bench.run.recorder.messages, 4);
  assertEquals([bench.listener.stopped, bench.listener.closed], [true, true]);
  assertEquals(bench.run.troubles, []);
});

Deno.test("Server.serve() waits for the last message of every client", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--clients=3");
  await bench.exchange(0, 100);
  await bench.exchange(0, 100);
  assert(!await bench.finished());
  await bench.exchange(0, 100);
  await bench.serving;
});

Deno.test("Server.serve() waits for the last size as often as it is in the plan", async () => {
  using bench = new ServerBench("--sizes=100,999,100", "--repeat=1");
  await bench.exchange(0, 100);
  await bench.exchange(0, 999);
  assert(!await bench.finished());
  await bench.exchange(0, 100);
  await bench.serving;
});

Deno.test("Server.serve() serves connections at the same time", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--clients=2");
  const slow = bench.listener.connect();
  await bench.exchange(0, 100);
  slow.write(messageOf("tcp", 0, 100)).end();
  await bench.serving;
  assertEquals(slow.answers, [ACK]);
});

Deno.test("Server.serve() answers each message with ack, once", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=2");
  const peers = [await bench.exchange(0, 100), await bench.exchange(1, 100)];
  await bench.serving;
  for (const { answers } of peers) assertEquals(answers, [ACK]);
  assertEquals(
    bench.run.recorder.serverResults(bench.run.options.plan, 1, true, true)[0]!.answered,
    2,
  );
});

Deno.test("Server.serve() sends no answer on a one-way run", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--no-reply");
  const peer = await bench.exchange(0, 100);
  await bench.serving;
  assertEquals([peer.answers, peer.calls.includes("send")], [[], false]);
});

for (const connect of ["message", "size", "once"]) {
  Deno.test(`Server.serve() takes several messages a read where it expects ${connect}`, async () => {
    using bench = new ServerBench("--sizes=100", "--repeat=3", `--connect=${connect}`);
    const stream = [0, 1, 2].flatMap((no) => [...messageOf("tcp", no, 100)]);
    const peer = bench.listener.connect().write(Uint8Array.from(stream));
    await bench.clock.settle();
    peer.end();
    await bench.serving;
    assertEquals([peer.answers, bench.run.recorder.messages], [[ACK, ACK, ACK], 3]);
  });
}

/** When a message is recorded: at once, or with the end of the connection that is part of it. */
for (const [connect, recorded] of [["once", 1], ["message", 0]] as const) {
  Deno.test(`Server.serve() has ${recorded} recorded before the end, expecting ${connect}`, async () => {
    using bench = new ServerBench("--sizes=100", "--repeat=1", `--connect=${connect}`);
    const peer = bench.listener.connect().write(messageOf("tcp", 0, 100));
    await bench.clock.settle();
    assertEquals([peer.answers.length, bench.run.recorder.messages], [1, recorded]);
    peer.end();
    await bench.serving;
    assertEquals(bench.run.recorder.messages, 1);
  });
}

Deno.test("Server.serve() takes a message in pieces, and is idle only between messages", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=2", "--connect=once");
  const [first, second] = [0, 1].map((no) => messageOf("tcp", no, 100));
  const peer = bench.listener.connect();
  peer.write(first!.subarray(0, 10), first!.subarray(10, 60), first!.subarray(60), second!).end();
  await bench.serving;
  const receives = peer.calls.filter((call) => call.startsWith("receive"));
  const [idle, within] = ["receive idle", "receive"];
  assertEquals(receives, [idle, within, within, idle, idle]);
});

Deno.test("Server.serve() takes messages longer than its buffer", async () => {
  using bench = new ServerBench("--sizes=200000", "--repeat=1");
  const peer = await bench.exchange(0, 200_000);
  await bench.serving;
  assertEquals([peer.answers.length, bench.run.recorder.messages], [1, 1]);
});

Deno.test("Server.serve() reports a peer that ends in the middle of a message", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  const peer = bench.listener.connect().write(messageOf("tcp", 0, 100).subarray(0, 50));
  await bench.clock.settle();
  peer.end();
  await bench.clock.settle();
  assertEquals(bench.run.troubles, ["192.0.2.1:1: the peer ended in the middle of a message"]);
  assert(peer.closed && !bench.done);
  await bench.exchange(0, 100);
  await bench.serving;
  assertEquals(bench.run.recorder.messages, 1);
});

Deno.test("Server.serve() does not mind a connection without a message", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  bench.listener.connect().end();
  await bench.exchange(0, 100);
  await bench.serving;
  assertEquals([bench.run.troubles, bench.run.recorder.messages], [[], 1]);
});

/** What a peer does to its connection, and the line that reports it. */
const TROUBLES: Record<string, [(peer: FakePeer) => void, string]> = {
  "garbage": [
    (peer) => peer.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")),
    "192.0.2.1:1: what arrived is not a message of this program",
  ],
  "a reset": [
    (peer) => peer.break(new Deno.errors.ConnectionReset("os error 104")),
    "192.0.2.1:1: connection reset by the peer",
  ],
  "an error of many lines": [
    (peer) => peer.break(new Error("bad\nworse\n")),
    "192.0.2.1:1: bad worse",
  ],
};

for (const [what, [act, line]] of Object.entries(TROUBLES)) {
  Deno.test(`Server.serve() reports ${what} and serves on`, async () => {
    using bench = new ServerBench("--sizes=100", "--repeat=1");
    const peer = bench.listener.connect();
    act(peer);
    await bench.clock.settle();
    assertEquals([bench.run.troubles, peer.closed], [[line], true]);
    await bench.exchange(0, 100);
    await bench.serving;
    assertEquals(bench.run.recorder.messages, 1);
  });
}

for (const step of ["handshake", "send", "shutdown"]) {
  Deno.test(`Server.serve() reports a ${step} that fails and serves on`, async () => {
    using bench = new ServerBench("--sizes=100", "--repeat=2");
    const before = (call: string) => {
      if (call === step) throw new Deno.errors.BrokenPipe("os error 32");
    };
    const peer = bench.listener.connect({ security: SECURITY, before });
    peer.write(messageOf("tcp", 0, 100)).end();
    await bench.clock.settle();
    assertEquals(bench.run.troubles, ["192.0.2.1:1: the peer has closed the connection"]);
    assert(peer.closed);
    await bench.exchange(1, 100);
    await bench.serving;
  });
}

Deno.test("Server.serve() does handshake and shutdown where the protocol has them", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  const peer = bench.listener.connect({ security: SECURITY });
  peer.write(messageOf("tcp", 0, 100)).end();
  await bench.serving;
  const receives = ["receive idle", "send", "receive idle"];
  assertEquals(peer.calls, ["handshake", ...receives, "shutdown"]);
  assertEquals(bench.server.security, SECURITY);
});

Deno.test("Server.serve() counts messages over resumed sessions", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=2");
  for (const no of [0, 1]) {
    const peer = bench.listener.connect({ security: { ...SECURITY, resumed: no > 0 } });
    peer.write(messageOf("tcp", no, 100)).end();
    await bench.clock.settle();
  }
  await bench.serving;
  assertEquals(bench.server.security, SECURITY, "that of the first handshake");
  assertEquals(bench.run.recorder.clientResults(true)[0]!.resumed, 1);
});

Deno.test("Server.serve() prints own time, delay and header of each message", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  const writer = new MessageWriter("tcp", 100);
  const message = writer.prepare(0, 100);
  writer.stamp(EPOCH_US + bench.clock.nowMs * 1000);
  bench.clock.nowMs += 0.25;
  bench.listener.connect().write(message).end();
  await bench.serving;
  const [line, ...more] = bench.run.lines;
  assertEquals(more, []);
  // The stamp has no fractions of a microsecond, the server's clock does.
  assertMatch(line!, /^[ \d]{5}\.\d{6} {7}25[01] us {5}0, tcp, {4}100,[ \d]{5}\.\d{6}$/);
});

Deno.test("Server.serve() tells one-way delays by a clock that is shifted", async () => {
  using bench = new ServerBench(
    ...["--sizes=100", "--repeat=2", "--no-reply", "--clock-shift-us=-4000"],
  );
  const writer = new MessageWriter("tcp", 100);
  for (const no of [0, 1]) {
    const message = writer.prepare(no, 100);
    writer.stamp(EPOCH_US + bench.clock.nowMs * 1000);
    bench.clock.nowMs += 5;
    bench.listener.connect().write(message.slice()).end();
    await bench.clock.settle();
  }
  await bench.serving;
  const { options: { plan }, recorder } = bench.run;
  const [size] = recorder.serverResults(plan, 1, false, true);
  const { n, mean } = size!.oneWay!.delayUs!;
  // The stamp has no fractions of a microsecond, the server's clock does.
  assert(n === 1 && mean! >= 1000 && mean! < 1001, `${mean}`);
});

Deno.test("Server.serve() says how much it has received when nothing is heard", async () => {
  using bench = new ServerBench(
    "--sizes=100,999",
    "--repeat=2",
    "--clients=2",
    "--idle-timeout-ms=3000",
  );
  await bench.clock.advance(2000);
  await bench.exchange(0, 100);
  await bench.clock.advance(2999);
  assert(!bench.done);
  await bench.clock.advance(1);
  const line = "nothing heard for 3000 ms, 1 of 8 messages received";
  assertEquals((await assertRejects(() => bench.serving, RunError)).message, line);
  assertEquals([bench.listener.stopped, bench.listener.closed], [true, true]);
});

Deno.test("Server.serve() with --discard counts the bytes that it drops, and how long they came", async () => {
  using bench = new ServerBench("--discard");
  const peers = [0, 1].map(() => bench.listener.connect());
  peers[0]!.write(new Uint8Array(1000), new Uint8Array(1));
  await bench.clock.advance(250);
  peers[1]!.write(new Uint8Array(100_000)).end();
  await bench.clock.settle();
  assertEquals(bench.run.recorder.discarded, { bytes: 101_001, seconds: 0.25 });
  assertEquals(bench.run.recorder.messages, 0);
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
});
