import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { Client } from "./client.ts";
import { EPOCH_US } from "../measure/clock.ts";
import { InterruptedError, RunError, TimeoutError } from "../base/errors.ts";
import { ACK, parseHeader } from "../model/message.ts";
import type { Security } from "../model/protocol.ts";
import { assertEquals, assertMatch, assertNotMatch, assertRejects } from "../testing/assert.ts";
import { fakeClientRun, FakeClientTransport, type Reception } from "../testing/fake_client.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const SECURITY: Security = {
  version: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  group: "X25519",
  peer: "CN=server",
  resumed: false,
};

const TCP = ["--sizes", "100", "--repeat", "2"];

for (const promises of [true, false]) {
  const kind = promises ? "promises" : "values";

  Deno.test(`Client opens a connection per message on a transport of ${kind}`, async () => {
    using run = fakeClientRun("tcp", ...TCP);
    const transport = new FakeClientTransport({ promises });
    const client = new Client(run, transport, 0);
    await client.exchangeSize(100, true);
    await client.finish();
    const message = (no: number) => ["connect", `send ${no}/100`, "receive", "close"];
    assertEquals(transport.calls, [...message(0), ...message(1)]);
  });

  Deno.test(`Client opens one connection for all messages on a transport of ${kind}`, async () => {
    using run = fakeClientRun("tls", "--sizes", "100,999", "--repeat=1", "--connect=once");
    const transport = new FakeClientTransport({ promises, security: () => SECURITY });
    const client = new Client(run, transport, 0);
    await client.exchangeSize(100, false);
    await client.exchangeSize(999, true);
    assertEquals(transport.calls, ["connect", "send 0/100", "receive", "send 0/999", "receive"]);
    await client.finish();
    assertEquals(transport.calls.slice(5), ["shutdown", "close"]);
  });

  Deno.test(`Client opens a connection for each size on a transport of ${kind}`, async () => {
    using run = fakeClientRun("tls", "--sizes", "100,999", "--repeat=2", "--connect=size");
    const transport = new FakeClientTransport({ promises, security: () => SECURITY });
    const client = new Client(run, transport, 0);
    await client.exchangeSize(100, false);
    await client.exchangeSize(999, true);
    await client.finish();
    const messages = (size: number) => [0, 1].flatMap((no) => [`send ${no}/${size}`, "receive"]);
    const connection = (size: number) => ["connect", ...messages(size), "shutdown", "close"];
    assertEquals(transport.calls, [...connection(100), ...connection(999)]);
    const [first, second] = run.recorder.clientResults(true);
    // The run's first message is warm-up, and with it the first connect.
    assertEquals([first!.steps.connect?.n, first!.steps.close?.n], [undefined, 1]);
    assertEquals([second!.steps.connect?.n, second!.steps.close?.n], [1, 1]);
  });

  Deno.test(`Client shuts each connection down on a secure transport of ${kind}`, async () => {
    using run = fakeClientRun("tls", "--sizes=100", "--repeat=1");
    const transport = new FakeClientTransport({ promises, security: () => SECURITY });
    await new Client(run, transport, 0).exchangeSize(100, true);
    assertEquals(transport.calls, ["connect", "send 0/100", "receive", "shutdown", "close"]);
  });
}

Deno.test("Client ends a size's connection when its time is over", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("tcp", "--sizes=100", "--seconds=1", "--connect=size");
  const before = (call: string) => void (clock.nowMs += call === "receive" ? 400 : 0);
  const transport = new FakeClientTransport({ before });
  await new Client(run, transport, 0).exchangeSize(100, true);
  const messages = [0, 1, 2].flatMap((no) => [`send ${no}/100`, "receive"]);
  assertEquals(transport.calls, ["connect", ...messages, "close"]);
});

Deno.test("Client keeps its socket for all sizes where there are no connections", async () => {
  using run = fakeClientRun("udp", "--sizes=100,999", "--repeat=1", "--connect=size");
  const transport = new FakeClientTransport({ connectionless: true });
  const client = new Client(run, transport, 0);
  await client.exchangeSize(100, false);
  await client.exchangeSize(999, true);
  await client.finish();
  const messages = ["send 0/100", "receive", "send 0/999", "receive"];
  assertEquals(transport.calls, ["connect", ...messages, "close"]);
});

Deno.test("Client receives nothing where no answers are asked for", async () => {
  using run = fakeClientRun("tcp", ...TCP, "--no-reply");
  const transport = new FakeClientTransport();
  await new Client(run, transport, 0).exchangeSize(100, true);
  assertEquals(transport.calls, [
    "connect",
    "send 0/100",
    "close",
    "connect",
    "send 1/100",
    "close",
  ]);
  const [size] = run.recorder.clientResults(false);
  assertEquals([size!.sent, size!.answered, size!.lost, size!.steps.receive], [
    2,
    null,
    null,
    null,
  ]);
});

Deno.test("Client sends whole messages of each size", async () => {
  using run = fakeClientRun("tcp", "--sizes=999,100", "--repeat=1");
  const transport = new FakeClientTransport();
  const client = new Client(run, transport, 0);
  await client.exchangeSize(999, false);
  await client.exchangeSize(100, true);
  assertEquals(transport.messages.map(({ length }) => length), [999, 100]);
  assertEquals(transport.messages.map((message) => parseHeader(message).type), [" tcp", " tcp"]);
});

Deno.test("Client stamps a message when its connection is there", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("tcp", ...TCP);
  const before = (call: string) => void (clock.nowMs += call === "connect" ? 7 : 0);
  const transport = new FakeClientTransport({ before });
  clock.nowMs = 2000;
  await new Client(run, transport, 0).exchangeSize(100, true);
  const stamps = transport.messages.map((message) => parseHeader(message).sentUs);
  const wanted = [2_007_000, 2_014_000].map((us) => Math.floor((EPOCH_US + us) % 3_600_000_000));
  assertEquals(stamps, wanted);
});

Deno.test("Client times each step of a message by itself", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("tls", ...TCP);
  const costsMs: Record<string, number> = { connect: 7, receive: 3, shutdown: 2, close: 1 };
  const before = (call: string) => void (clock.nowMs += costsMs[call] ?? 5);
  const transport = new FakeClientTransport({ before, security: () => SECURITY });
  await new Client(run, transport, 0).exchangeSize(100, true);
  const [size] = run.recorder.clientResults(true);
  const means = Object.entries(size!.steps).map(([step, summary]) => [step, summary?.mean]);
  assertEquals(Object.fromEntries(means), {
    connect: 7000,
    handshake: undefined,
    send: 5000,
    receive: 3000,
    shutdown: 2000,
    close: 1000,
  });
  assertEquals(size!.messageUs.mean, 18_000);
});

/** The answer in parts, each a call of receive(). */
const IN_PARTS: number[][] = [[1, 3], [3, 1], [2, 2], [1, 1, 1, 1], [1, 2, 1]];

for (const lengths of IN_PARTS) {
  Deno.test(`Client takes an answer in parts of ${lengths} bytes`, async () => {
    for (const promises of [true, false]) {
      using run = fakeClientRun("tcp", ...TCP);
      let at = 0;
      const receptions = lengths.map((length) => ACK.slice(at, at += length));
      const transport = new FakeClientTransport({ promises, receptions });
      await new Client(run, transport, 0).exchangeSize(100, true);
      assertEquals(run.recorder.clientResults(true)[0]!.answered, 2);
    }
  });
}

/** What receive() comes to that is no answer, and what the error's line says then. */
const NO_ANSWERS: Record<string, [Reception[], string]> = {
  "another word": [[Uint8Array.of(0x6e, 0x61, 0x6b, 0)], 'what came is not the answer "ack"'],
  "an answer without its zero": [[Uint8Array.of(0x61, 0x63, 0x6b, 0x0a)], 'not the answer "ack"'],
  "a longer word": [[new Uint8Array(100).fill(0x61)], 'not the answer "ack"'],
  "a wrong second part": [[ACK.slice(0, 2), Uint8Array.of(0, 0)], 'not the answer "ack"'],
  "the end": [[ENDED], "the server closed the connection before it answered"],
  "the end after half": [[ACK.slice(0, 2), ENDED], "the server closed the connection before it"],
  "a reset": [[new Deno.errors.ConnectionReset("x")], "connection reset by the peer"],
  "a timeout": [[new TimeoutError("timed out after 5 ms")], "timed out after 5 ms"],
};

for (const [what, [receptions, says]] of Object.entries(NO_ANSWERS)) {
  Deno.test(`Client refuses ${what} instead of the answer`, async () => {
    for (const promises of [true, false]) {
      using run = fakeClientRun("tcp", ...TCP);
      const client = new Client(run, new FakeClientTransport({ promises, receptions }), 0);
      const error = await assertRejects(() => client.exchangeSize(100, true), RunError, says);
      assertEquals(error.message.indexOf("cannot receive an answer from 127.0.0.1:1443: "), 0);
      assertEquals(run.recorder.messages, 0);
    }
  });
}

/** A step that fails, and how the line names it. */
const STEPS_THAT_FAIL: Record<string, string> = {
  connect: "cannot connect to ",
  "send 0/100": "cannot send to ",
  shutdown: "cannot end the connection to ",
  close: "cannot end the connection to ",
};

for (const [step, says] of Object.entries(STEPS_THAT_FAIL)) {
  Deno.test(`Client says what it could not do where ${step} fails`, async () => {
    using run = fakeClientRun("tls", ...TCP, "--host", "::1", "--port", "4000");
    const cause = new Deno.errors.ConnectionRefused("os error 111");
    const before = (call: string) => {
      if (call === step) throw cause;
    };
    const transport = new FakeClientTransport({ before, security: () => SECURITY });
    const client = new Client(run, transport, 0);
    const error = await assertRejects(() => client.exchangeSize(100, true), RunError);
    const line = `${says}[::1]:4000: connection refused; is the server running there?`;
    assertEquals([error.message, error.cause], [line, cause]);
  });
}

Deno.test("Client names the message at which it failed, and how many went before", async () => {
  using run = fakeClientRun("tcp", "--sizes=100,999", "--repeat=3", "--clients=2");
  const receptions = [ACK, ACK, ACK, ACK, ENDED];
  const client = new Client(run, new FakeClientTransport({ receptions }), 0);
  await client.exchangeSize(100, false);
  const error = await assertRejects(() => client.exchangeSize(999, true), RunError);
  assertEquals(
    error.message,
    "cannot receive an answer from 127.0.0.1:1443: the server closed the connection before it " +
      "answered (at message 1 of size 999, 4 of 12 exchanged)",
  );
  assertNotMatch(error.message, /\n/);
});

Deno.test("Client.finish() names the last message where the connection does not end", async () => {
  using run = fakeClientRun("tls", ...TCP, "--connect=once");
  const before = (call: string) => {
    if (call === "shutdown") throw new TimeoutError("timed out after 5000 ms");
  };
  const transport = new FakeClientTransport({ before, security: () => SECURITY });
  const client = new Client(run, transport, 0);
  await client.exchangeSize(100, true);
  const error = await assertRejects(() => client.finish(), RunError);
  const where = "cannot end the connection to 127.0.0.1:1443: timed out after 5000 ms";
  assertEquals(error.message, `${where} (at message 1 of size 100, 2 of 2 exchanged)`);
  await client.abandon();
  assertEquals(transport.calls.at(-1), "close");
});

Deno.test("Client.finish() has nothing to do where every message had its connection", async () => {
  using run = fakeClientRun("tcp", ...TCP);
  const transport = new FakeClientTransport();
  const client = new Client(run, transport, 0);
  await client.finish();
  await client.exchangeSize(100, true);
  const { length } = transport.calls;
  await client.finish();
  assertEquals(transport.calls.length, length);
});

Deno.test("Client.abandon() closes what is open, once, and lets no error out", async () => {
  using run = fakeClientRun("tcp", ...TCP, "--connect=once");
  const before = (call: string) => {
    if (call === "close") throw new Error("gone already");
  };
  const transport = new FakeClientTransport({ before });
  const client = new Client(run, transport, 0);
  await client.abandon();
  await client.exchangeSize(100, true);
  await client.abandon();
  await client.abandon();
  assertEquals(transport.calls.filter((call) => call === "close").length, 1);
});

Deno.test("Client takes what was agreed on from its first handshake", async () => {
  using run = fakeClientRun("tls", ...TCP);
  const security = (i: number) => ({ ...SECURITY, resumed: i > 0 });
  const client = new Client(run, new FakeClientTransport({ security }), 0);
  assertEquals(client.security, null);
  await client.exchangeSize(100, true);
  assertEquals(client.security, SECURITY);
  assertEquals(run.recorder.clientResults(true)[0]!.resumed, 1);
});

Deno.test("Client has no security where the protocol is not a secure one", async () => {
  using run = fakeClientRun("tcp", ...TCP);
  const client = new Client(run, new FakeClientTransport(), 0);
  await client.exchangeSize(100, true);
  assertEquals(client.security, null);
});

Deno.test("Client waits between messages for as long as --wait-ms says, and not after the last", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("tcp", ...TCP, "--wait-ms", "250");
  const transport = new FakeClientTransport();
  const client = new Client(run, transport, 0);
  const done = client.exchangeSize(100, true);
  await clock.advance(249);
  assertEquals(transport.messages.length, 1);
  await clock.advance(1);
  assertEquals(transport.messages.length, 2);
  await done;
  let isOver = false;
  const another = client.exchangeSize(100, false).then(() => isOver = true);
  await clock.advance(499);
  assertEquals([transport.messages.length, isOver], [4, false]);
  await clock.advance(1);
  await another;
});

Deno.test("Client stops before its next message when interrupted", async () => {
  using run = fakeClientRun("tcp", ...TCP);
  const before = (call: string) => call === "close" && run.deadlines.interrupt();
  const transport = new FakeClientTransport({ before });
  const client = new Client(run, transport, 0);
  await assertRejects(() => client.exchangeSize(100, true), InterruptedError, "interrupted");
  assertEquals([run.recorder.messages, transport.messages.length], [1, 1]);
});

Deno.test("Client hands an interruption on as it is", async () => {
  using run = fakeClientRun("tcp", ...TCP);
  const receptions = [new InterruptedError("interrupted")];
  const client = new Client(run, new FakeClientTransport({ receptions }), 0);
  await assertRejects(() => client.exchangeSize(100, true), InterruptedError);
});

Deno.test("Client goes on after a lost answer and leaves its time out", async () => {
  using run = fakeClientRun("dtls", "--sizes=100", "--repeat=4");
  const receptions = [ACK, TOO_LATE, ACK, TOO_LATE];
  const transport = new FakeClientTransport({
    datagrams: true,
    receptions,
    security: () => SECURITY,
  });
  await new Client(run, transport, 0).exchangeSize(100, true);
  const [size] = run.recorder.clientResults(true);
  assertEquals([size!.sent, size!.answered, size!.lost, size!.messageUs.n], [4, 2, 2, 1]);
});

Deno.test("Client ends a run on one lossy connection after 20 lost in a row", async () => {
  using run = fakeClientRun("dtls", "--sizes=100", "--repeat=100", "--connect=once");
  const receptions = [ACK, ACK, ...Array(98).fill(TOO_LATE)];
  const client = new Client(run, new FakeClientTransport({ datagrams: true, receptions }), 0);
  const error = await assertRejects(() => client.exchangeSize(100, true), RunError);
  assertMatch(error.message, /: 20 messages in a row were lost; the server is gone /);
  assertEquals([run.recorder.messages, run.recorder.lost], [22, 20]);
});

for (const connect of ["once", "message"]) {
  Deno.test(`Client.finish() refuses a run without any answer, with --connect ${connect}`, async () => {
    using run = fakeClientRun("dtls", "--sizes=100", "--repeat=2", `--connect=${connect}`);
    const receptions = [TOO_LATE, TOO_LATE];
    const client = new Client(run, new FakeClientTransport({ datagrams: true, receptions }), 0);
    await client.exchangeSize(100, false);
    const error = await assertRejects(() => client.finish(), RunError);
    assertMatch(error.message, /: no answer; is the server running there\? \(at message 1 /);
  });
}

Deno.test("Client.finish() is content with one answer, and with none where none is wanted", async () => {
  using answered = fakeClientRun("dtls", "--sizes=100", "--repeat=3");
  using oneWay = fakeClientRun("dtls", "--sizes=100", "--repeat=3", "--no-reply");
  for (const run of [answered, oneWay]) {
    const client = new Client(
      run,
      new FakeClientTransport({ datagrams: true, receptions: [TOO_LATE, ACK, TOO_LATE] }),
      0,
    );
    await client.exchangeSize(100, true);
    await client.finish();
  }
  assertEquals([answered.recorder.lost, oneWay.recorder.lost], [2, 0]);
});
