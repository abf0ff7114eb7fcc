import { InterruptedError, RunError } from "../base/errors.ts";
import { MessageWriter } from "../model/message.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../testing/assert.ts";
import { DatagramBench, messageOf } from "../testing/fake_server.ts";

/** What the server made of the datagrams that were delivered to it. */
class Bench extends DatagramBench {
  /** What the server's result says was sent, answered and lost, size by size. */
  counts(complete = true): (number | null)[][] {
    const { plan, clients, reply } = this.run.options;
    const results = this.run.recorder.serverResults(plan, clients, reply, complete);
    return results.map(({ sent, answered, lost }) => [sent, answered, lost]);
  }
}

/** A copy of a message, as a client sends it to say that it has ended. */
function copyOf(no: number, sizeBytes: number): Uint8Array {
  const writer = new MessageWriter("udp", sizeBytes);
  const message = writer.prepare(no, sizeBytes);
  writer.markCopy();
  return message;
}

const TWO = ["--sizes=100,999", "--repeat=2"];

Deno.test("Server.serveDatagrams() finishes with the last message of the plan", async () => {
  using bench = new Bench(...TWO);
  await bench.deliver("a:1", [0, 100], [1, 100], [0, 999]);
  assert(!bench.done);
  await bench.deliver("a:1", [1, 999]);
  await bench.serving;
  assertEquals([bench.counts(), bench.socket.closed], [[[2, 2, 0], [2, 2, 0]], true]);
});

Deno.test("Server.serveDatagrams() waits for the last message of every client", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1", "--clients=2");
  await bench.deliver("a:1", [0, 100]);
  assert(!bench.done);
  await bench.deliver("b:1", [0, 100]);
  await bench.serving;
  assertEquals(bench.counts(), [[2, 2, 0]]);
});

Deno.test("Server.serveDatagrams() does not take a client's copies for another client", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1", "--clients=2");
  await bench.deliver("a:1", [0, 100], [0, 100], [0, 100]);
  assert(!bench.done);
  await bench.deliver("b:1", [0, 100]);
  await bench.serving;
});

Deno.test("Server.serveDatagrams() answers a datagram that comes twice and counts it once", async () => {
  using bench = new Bench(...TWO);
  await bench.deliver("a:1", [0, 100], [0, 100], [1, 100]);
  assertEquals(bench.socket.answers, Array(3).fill("a:1 ack\0"));
  assertEquals([bench.run.recorder.messages, bench.run.lines.length], [2, 2]);
  await bench.deliver("a:1", [0, 999], [1, 999]);
  await bench.serving;
  assertEquals(bench.counts(), [[2, 2, 0], [2, 2, 0]]);
});

Deno.test("Server.serveDatagrams() counts a size as often as it is in the plan", async () => {
  using bench = new Bench("--sizes=100,999,100", "--repeat=1");
  await bench.deliver("a:1", [0, 100], [0, 999]);
  assert(!bench.done);
  await bench.deliver("a:1", [0, 100]);
  await bench.serving;
  assertEquals(bench.counts(), [[2, 2, 0], [1, 1, 0]]);
});

Deno.test("Server.serveDatagrams() tells same messages of several clients apart", async () => {
  using bench = new Bench("--sizes=100", "--repeat=2", "--clients=2");
  await bench.deliver("a:1", [0, 100], [1, 100]);
  await bench.deliver("a:2", [0, 100], [1, 100]);
  await bench.serving;
  assertEquals(bench.counts(), [[4, 4, 0]]);
});

Deno.test("Server.serveDatagrams() sends no answer on a one-way run", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1", "--no-reply");
  await bench.deliver("a:1", [0, 100]);
  await bench.serving;
  assertEquals([bench.socket.answers, bench.counts()], [[], [[1, null, 0]]]);
});

Deno.test("Server.serveDatagrams() counts no message before its answer is sent", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1");
  const sent = Promise.withResolvers<void>();
  bench.socket.onAnswer = () => sent.promise;
  const delivering = bench.deliver("a:1", [0, 100]);
  await bench.clock.settle();
  assertEquals([bench.run.recorder.messages, bench.done], [0, false]);
  sent.resolve();
  await delivering;
  await bench.serving;
  assertEquals(bench.run.recorder.messages, 1);
});

Deno.test("Server.serveDatagrams() takes one-way silence after the last size for the end", async () => {
  using bench = new Bench(...TWO, "--timeout-ms=100", "--no-reply");
  await bench.deliver("a:1", [0, 100], [0, 999]);
  await bench.clock.advance(199);
  assert(!bench.done);
  await bench.clock.advance(1);
  await bench.serving;
  assertEquals(bench.counts(), [[2, null, 1], [2, null, 1]]);
});

Deno.test("Server.serveDatagrams() takes the silence of a client that waits for answers for an error", async () => {
  using bench = new Bench(...TWO, "--timeout-ms=100");
  await bench.deliver("a:1", [0, 100], [0, 999]);
  // A client waits 100 ms for each of 20 lost answers before it gives up.
  await bench.clock.advance(2099);
  assert(!bench.done);
  await bench.clock.advance(1);
  const error = await assertRejects(() => bench.serving, RunError);
  assertEquals(error.message, "nothing heard for 2100 ms, 2 of 4 messages received");
});

for (const pause of [["--wait-ms=1000"], ["--rate=2", "--clients=2"]]) {
  Deno.test(`Server.serveDatagrams() waits longer for clients with ${pause.join(" ")}`, async () => {
    using bench = new Bench(...TWO, "--timeout-ms=100", ...pause, "--no-reply");
    await bench.deliver("a:1", [0, 999]);
    await bench.clock.advance(20_999);
    assert(!bench.done);
    await bench.clock.advance(1);
    await bench.serving;
  });
}

Deno.test("Server.serveDatagrams() is silent for no longer than it is told", async () => {
  using bench = new Bench(...TWO, "--timeout-ms=100", "--idle-timeout-ms=300");
  await bench.deliver("a:1", [0, 999]);
  await bench.clock.advance(300);
  const error = await assertRejects(() => bench.serving, RunError);
  assertEquals(error.message, "nothing heard for 300 ms, 1 of 4 messages received");
});

Deno.test("Server.serveDatagrams() outlasts 20 lost messages before the last size, too", async () => {
  using bench = new Bench(...TWO, "--timeout-ms=5000");
  await bench.deliver("a:1", [0, 100]);
  await bench.clock.advance(104_999);
  assert(!bench.done);
  await bench.clock.advance(1);
  await assertRejects(() => bench.serving, RunError, "nothing heard for 105000 ms");
});

for (const [what, clients, ended] of [["one", 1, 1], ["two", 2, 2]] as const) {
  Deno.test(`Server.serveDatagrams() answers a copy, counts none, and ends with those of ${what}`, async () => {
    using bench = new Bench(...TWO, `--clients=${clients}`);
    await bench.socket.deliver("a:1", copyOf(1, 999));
    await bench.socket.deliver("a:1", copyOf(0, 999), messageOf("udp", 1, 999));
    for (let client = 2; client <= ended; client++) {
      assert(!bench.done, "one client's copies are one end");
      await bench.socket.deliver(`a:${client}`, copyOf(1, 999));
    }
    await bench.serving;
    assertEquals(bench.socket.answers[0], "a:1 ack\0");
    assertEquals(bench.counts()[0], [2 * clients, 0, 2 * clients]);
  });
}

Deno.test("Server.serveDatagrams() does not end with a copy of another message", async () => {
  using bench = new Bench(...TWO);
  await bench.socket.deliver("a:1", copyOf(1, 100), copyOf(0, 999), copyOf(99, 999));
  await bench.clock.settle();
  assert(!bench.done);
  assertEquals([bench.run.recorder.messages, bench.socket.answers.length], [0, 3]);
  await bench.deliver("a:1", [1, 999]);
  await bench.serving;
});

Deno.test("Server.serveDatagrams() serves on after a copy where it serves forever", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1", "--forever");
  await bench.socket.deliver("a:1", copyOf(0, 100));
  await bench.clock.settle();
  assert(!bench.done);
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
});

Deno.test("Server.serveDatagrams() takes silence before the last size for an error", async () => {
  using bench = new Bench(...TWO, "--timeout-ms=100", "--idle-timeout-ms=3000");
  await bench.deliver("a:1", [0, 100]);
  await bench.clock.advance(2999);
  assert(!bench.done);
  await bench.clock.advance(1);
  const error = await assertRejects(() => bench.serving, RunError);
  assertEquals(error.message, "nothing heard for 3000 ms, 1 of 4 messages received");
  assertEquals([bench.counts(false), bench.socket.closed], [[[null, 1, null]], true]);
});

Deno.test("Server.serveDatagrams() begins its silence anew with every message", async () => {
  using bench = new Bench("--sizes=100", "--repeat=5", "--timeout-ms=100", "--no-reply");
  for (const no of [0, 1, 2, 3]) {
    await bench.deliver("a:1", [no, 100]);
    await bench.clock.advance(199);
  }
  assert(!bench.done);
  await bench.clock.advance(1);
  await bench.serving;
  assertEquals(bench.counts(), [[5, null, 1]]);
});

Deno.test("Server.serveDatagrams() serves on after everything where it serves forever", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1", "--forever", "--idle-timeout-ms=500");
  await bench.deliver("a:1", [0, 100]);
  await bench.clock.advance(100_000);
  await bench.deliver("b:1", [0, 100]);
  assertEquals([bench.done, bench.run.recorder.messages], [false, 2]);
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
  assert(bench.socket.closed);
});

/** What is no message, and yet may come to an open port. */
const GARBAGE: Record<string, Uint8Array> = {
  "an empty datagram": new Uint8Array(0),
  "a short datagram": new Uint8Array(31).fill(0x41),
  "random bytes": new Uint8Array(100).fill(0xfe),
  "a message cut short": messageOf("udp", 0, 100).subarray(0, 99),
  "a message with more behind it": Uint8Array.from([...messageOf("udp", 0, 100), 0x41]),
};

for (const [what, bytes] of Object.entries(GARBAGE)) {
  Deno.test(`Server.serveDatagrams() reports ${what}, answers nothing and serves on`, async () => {
    using bench = new Bench("--sizes=100", "--repeat=1");
    await bench.socket.deliver("a:1", bytes);
    const line = "a:1: a datagram that is not a message of this program";
    assertEquals([bench.run.troubles, bench.socket.answers], [[line], []]);
    await bench.deliver("a:1", [0, 100]);
    await bench.serving;
    assertEquals(bench.counts(), [[1, 1, 0]]);
  });
}

for (const [what, message] of [["size", [0, 101]], ["number", [1, 100]]] as const) {
  Deno.test(`Server.serveDatagrams() answers a message whose ${what} is not in its plan, and counts it not`, async () => {
    using bench = new Bench("--sizes=100", "--repeat=1");
    await bench.deliver("a:1", [...message]);
    const line =
      `a:1: message ${message[0]} of ${message[1]} bytes is not in this server's plan, ` +
      "and not counted";
    assertEquals([bench.run.troubles, bench.socket.answers], [[line], ["a:1 ack\0"]]);
    assertEquals(bench.run.recorder.messages, 0);
    await bench.deliver("a:1", [0, 100]);
    await bench.serving;
    assertEquals(bench.counts(), [[1, 1, 0]]);
  });
}

for (const [what, peer] of [["its own port", "127.0.0.2:1443"], ["chargen", "192.0.2.1:19"]]) {
  Deno.test(`Server.serveDatagrams() echoes nothing to ${what}`, async () => {
    using bench = new Bench("--echo");
    await bench.socket.deliver(peer!, new Uint8Array(5), new Uint8Array(0));
    await bench.socket.deliver("192.0.2.1:20000", new TextEncoder().encode("there"));
    assertEquals(bench.socket.answers, ["192.0.2.1:20000 there"]);
    assertMatch(bench.run.troubles[0]!, /: nothing is echoed to port \d+: a server there might/);
    bench.run.deadlines.interrupt();
    await assertRejects(() => bench.serving, InterruptedError);
  });
}

Deno.test("Server.serveDatagrams() fails where its socket does", async () => {
  using bench = new Bench("--sizes=100", "--repeat=1");
  await bench.clock.settle();
  bench.socket.fail(new RunError("the interface is down"));
  await assertRejects(() => bench.serving, RunError, "the interface is down");
});

for (const kind of ["a value", "a promise"]) {
  Deno.test(
    `Server.serveDatagrams() reports an answer, ${kind}, that cannot be sent`,
    async () => {
      using bench = new Bench("--sizes=100", "--repeat=2");
      bench.socket.onAnswer = () => {
        const error = new Error("Invalid argument (os error 22)");
        if (kind === "a promise") return Promise.reject(error);
        throw error;
      };
      await bench.deliver("a:0", [0, 100]);
      assertEquals(bench.run.troubles, ["a:0: Invalid argument (os error 22)"]);
      bench.socket.onAnswer = () => {};
      await bench.deliver("b:1", [0, 100], [1, 100]);
      await bench.serving;
    },
  );
}

Deno.test("Server.serveDatagrams() with --discard counts the bytes that it drops", async () => {
  using bench = new Bench("--discard");
  await bench.socket.deliver("192.0.2.1:1", new Uint8Array(1000));
  await bench.clock.advance(500);
  await bench.socket.deliver("192.0.2.2:1", new Uint8Array(9), new Uint8Array(0));
  assertEquals(bench.run.recorder.discarded, { bytes: 1009, seconds: 0.5 });
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
});
