import { InterruptedError, RunError } from "../base/errors.ts";
import { ACK } from "../model/message.ts";
import type { Security } from "../model/protocol.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { messageOf, ServerBench } from "../testing/fake_server.ts";

const SECURITY: Security = {
  version: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  group: "X25519",
  peer: "CN=client",
  resumed: false,
};

const FOREVER = ["--sizes=100", "--repeat=1", "--idle-timeout-ms=1000", "--forever"];

Deno.test("Server.serve() does not finish with the last message where it serves forever", async () => {
  using bench = new ServerBench(...FOREVER);
  for (let round = 0; round < 3; round++) await bench.exchange(0, 100);
  assert(!await bench.finished());
  assertEquals(bench.run.recorder.messages, 3);
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
});

Deno.test("Server.serve() outlasts silence where it serves forever", async () => {
  using bench = new ServerBench(...FOREVER);
  await bench.clock.advance(100_000);
  assert(!await bench.finished());
  await bench.exchange(0, 100);
  assertEquals(bench.run.recorder.messages, 1);
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
});

Deno.test("Server.serve() ends at once when interrupted, and closes what is open", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=2");
  const peer = bench.listener.connect();
  peer.write(messageOf("tcp", 0, 100));
  await bench.clock.settle();
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError, "interrupted");
  assertEquals([peer.closed, bench.listener.stopped, bench.listener.closed], [true, true, true]);
});

Deno.test("Server.serve() ends at once when it was interrupted before", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  bench.run.deadlines.interrupt();
  await assertRejects(() => bench.serving, InterruptedError);
});

Deno.test("Server.serve() hears a client that connects and sends nothing", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--idle-timeout-ms=1000");
  await bench.clock.advance(900);
  bench.listener.connect();
  await bench.clock.advance(900);
  assert(!bench.done);
  await bench.clock.advance(100);
  await assertRejects(() => bench.serving, RunError, "nothing heard for 1000 ms, 0 of 1 messages");
});

Deno.test("Server.serve() hears every piece of a message", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--idle-timeout-ms=1000");
  const peer = bench.listener.connect();
  for (const byte of messageOf("tcp", 0, 100)) {
    await bench.clock.advance(900);
    peer.write(Uint8Array.of(byte));
  }
  peer.end();
  await bench.serving;
  assertEquals(peer.answers, [ACK]);
});

Deno.test("Server.serve() fails where it can accept no more, and closes what is open", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  const peer = bench.listener.connect();
  await bench.clock.settle();
  bench.listener.break(new RunError("too many open files"));
  await assertRejects(() => bench.serving, RunError, "too many open files");
  assertEquals([peer.closed, bench.listener.closed], [true, true]);
});

Deno.test("Server.serve() lets the last client end its connection, and times that", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=2", "--timeout-ms=500");
  await bench.exchange(0, 100);
  const peer = bench.listener.connect().write(messageOf("tcp", 1, 100));
  await bench.clock.advance(499);
  assert(!bench.done && !peer.closed);
  assert(bench.listener.stopped, "nobody else is let in");
  peer.end();
  await bench.serving;
  assertEquals(bench.run.troubles, []);
  const [size] = bench.run.recorder.serverResults(bench.run.options.plan, 1, true, true);
  assertEquals([size!.lost, size!.steps.close?.n], [0, 1]);
});

Deno.test("Server.serve() cuts a client off that does not end its connection", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--timeout-ms=500");
  const peer = bench.listener.connect().write(messageOf("tcp", 0, 100));
  await bench.clock.advance(499);
  assert(!bench.done);
  await bench.clock.advance(1);
  await bench.serving;
  assertEquals([peer.closed, bench.listener.closed], [true, true]);
  assertEquals(bench.run.troubles, [
    "192.0.2.1:1: it has not ended its connection within 500 ms, and is cut off",
  ]);
});

Deno.test("Server.serve() lets many clients end, one after the other, in their own time", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--clients=4", "--timeout-ms=500");
  const peers = [0, 1, 2, 3].map(() => bench.listener.connect().write(messageOf("tcp", 0, 100)));
  for (const peer of peers.slice(1)) {
    await bench.clock.advance(400);
    peer.end();
  }
  await bench.clock.advance(499);
  assert(!bench.done);
  await bench.clock.advance(1);
  await bench.serving;
  assertEquals(bench.run.troubles.map((line) => line.split(":", 1)[0]), ["192.0.2.1"]);
  assertEquals(peers.map(({ closed }) => closed), [true, true, true, true]);
});

/** How a connection may end after its message was received and answered. */
const BAD_ENDS: Record<string, (peer: ReturnType<ServerBench["listener"]["connect"]>) => void> = {
  "is reset": (peer) => peer.break(new Deno.errors.ConnectionReset("os error 104")),
  "goes on with garbage": (peer) => peer.write(new Uint8Array(64)),
  "ends in a second message": (peer) => peer.write(messageOf("tcp", 1, 100).subarray(0, 9)).end(),
};

for (const [what, act] of Object.entries(BAD_ENDS)) {
  Deno.test(
    `Server.serve() counts an answered message whose connection ${what}`,
    async () => {
      using bench = new ServerBench("--sizes=100", "--repeat=1");
      const peer = bench.listener.connect().write(messageOf("tcp", 0, 100));
      await bench.clock.settle();
      act(peer);
      await bench.serving;
      assertEquals([peer.answers.length, bench.run.troubles.length], [1, 1]);
      const [size] = bench.run.recorder.serverResults(bench.run.options.plan, 1, true, true);
      assertEquals([size!.answered, size!.lost], [1, 0]);
    },
  );
}

Deno.test("Server.serve() counts an answered message whose shutdown fails", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1");
  const before = (call: string) => {
    if (call === "shutdown") throw new RunError("timed out after 5000 ms");
  };
  bench.listener.connect({ security: SECURITY, before }).write(messageOf("tcp", 0, 100)).end();
  await bench.serving;
  const [size] = bench.run.recorder.serverResults(bench.run.options.plan, 1, true, true);
  assertEquals([size!.answered, size!.lost], [1, 0]);
});

Deno.test("Server.serve() counts an answered message whose client it cuts off", async () => {
  using bench = new ServerBench("--sizes=100", "--repeat=1", "--timeout-ms=500");
  bench.listener.connect().write(messageOf("tcp", 0, 100));
  await bench.clock.advance(500);
  await bench.serving;
  assertEquals(bench.run.recorder.messages, 1);
});

Deno.test(
  "Server.serve() reports a connection that cannot be closed and serves on",
  async () => {
    using bench = new ServerBench("--sizes=100", "--repeat=2");
    const peer = bench.listener.connect().write(messageOf("tcp", 0, 100));
    peer.close = () => {
      throw new Error("cannot be closed");
    };
    await bench.clock.settle();
    peer.end();
    await bench.exchange(1, 100);
    await bench.serving;
    assertEquals(bench.run.troubles, ["192.0.2.1:1: cannot be closed"]);
  },
);

Deno.test(
  "Server.serve() leaves its wait for a client it cuts off out of the times",
  async () => {
    using bench = new ServerBench("--sizes=100", "--repeat=2", "--timeout-ms=500");
    await bench.exchange(0, 100);
    bench.listener.connect().write(messageOf("tcp", 1, 100));
    await bench.clock.advance(500);
    await bench.serving;
    const [size] = bench.run.recorder.serverResults(bench.run.options.plan, 1, true, true);
    assertEquals([size!.messageUs.max, size!.steps.close], [0, null]);
  },
);

/** One-way, over one connection; what its end comes to where a part of the plan has come. */
const ONE_WAY = ["--sizes=100", "--repeat=3", "--no-reply", "--connect=once"];

Deno.test("Server.serve() fails at once where the only client has ended before its plan", async () => {
  using bench = new ServerBench(...ONE_WAY);
  bench.listener.connect().write(messageOf("tcp", 0, 100)).end();
  await assertRejects(() => bench.serving, RunError, "the client has ended, 1 of 3 messages");
});

Deno.test("Server.serve() ends with its only connection where messages get lost", async () => {
  using bench = new ServerBench(...ONE_WAY);
  bench.listener.datagrams = true;
  bench.listener.connect().write(messageOf("tcp", 0, 100)).end();
  await bench.serving;
  const [size] = bench.run.recorder.serverResults(bench.run.options.plan, 1, false, true);
  assertEquals([size!.sent, size!.lost], [3, 2]);
});

/** Where another client may come, or the one that was there comes again. */
const OTHERS_MAY_COME: Record<string, string[]> = {
  "of several clients": [...ONE_WAY, "--clients=2"],
  "with a connection a message": ["--sizes=100", "--repeat=3", "--no-reply"],
  "that is answered": ["--sizes=100", "--repeat=3", "--connect=once"],
  "of a server for ever": [...ONE_WAY, "--forever"],
};

for (const [what, args] of Object.entries(OTHERS_MAY_COME)) {
  Deno.test(`Server.serve() outlasts the end of a connection ${what}`, async () => {
    using bench = new ServerBench(...args);
    bench.listener.datagrams = true;
    await bench.exchange(0, 100);
    assert(!await bench.finished());
    bench.run.deadlines.interrupt();
    await assertRejects(() => bench.serving, InterruptedError);
  });
}

Deno.test("Server.serve() outlasts an only connection without a message, or that breaks", async () => {
  using bench = new ServerBench(...ONE_WAY);
  bench.listener.connect().end();
  bench.listener.connect().write(messageOf("tcp", 0, 100)).break(new Deno.errors.ConnectionReset());
  assert(!await bench.finished());
  const rest = [1, 2].flatMap((no) => [...messageOf("tcp", no, 100)]);
  bench.listener.connect().write(Uint8Array.from(rest)).end();
  await bench.serving;
  assertEquals(bench.run.recorder.messages, 3);
});
