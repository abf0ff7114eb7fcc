import { TOO_LATE } from "../base/read_result.ts";
import { Client } from "./client.ts";
import { InterruptedError } from "../base/errors.ts";
import { ACK, isCopy } from "../model/message.ts";
import type { SizeResult } from "../measure/result.ts";
import { assertEquals, assertRejects } from "../testing/assert.ts";
import {
  type FakeClientOptions,
  fakeClientRun,
  FakeClientTransport,
} from "../testing/fake_client.ts";
import { FakeClock } from "../testing/fake_clock.ts";

/** A transport after a client has sent two sizes of two messages each over it. */
async function exchanged(
  options: FakeClientOptions,
  ...args: string[]
): Promise<{ calls: string[]; results: SizeResult[]; troubles: readonly string[] }> {
  using clock = new FakeClock();
  using run = fakeClientRun("udp", "--sizes=100,999", "--repeat=2", ...args);
  const transport = new FakeClientTransport({ connectionless: true, ...options });
  const client = new Client(run, transport, 0);
  const done = (async () => {
    await client.exchangeSize(100, false);
    await client.exchangeSize(999, true);
    await client.finish();
  })();
  await Promise.allSettled([done, clock.advance(1000)]);
  await done;
  const results = run.recorder.clientResults(run.options.reply);
  return { calls: transport.calls, results, troubles: run.troubles };
}

const SENT = ["send 0/100", "send 1/100", "send 0/999", "send 1/999"];

for (const promises of [true, false]) {
  const kind = promises ? "promises" : "values";

  Deno.test(`Client keeps one socket for all datagrams on a transport of ${kind}`, async () => {
    const { calls } = await exchanged({ promises });
    assertEquals(calls, ["connect", ...SENT.flatMap((send) => [send, "receive"]), "close"]);
  });

  Deno.test(`Client repeats the last datagram of a one-way run, of ${kind}`, async () => {
    const { calls, results } = await exchanged({ promises }, "--no-reply");
    assertEquals(calls, ["connect", ...SENT, ...Array(21).fill("send 1/999"), "close"]);
    assertEquals(results.map(({ sent }) => sent), [2, 2]);
  });
}

Deno.test("Client counts a datagram without an answer as lost and sends the next", async () => {
  const { calls, results } = await exchanged({ receptions: [ACK, TOO_LATE, ACK, ACK] });
  assertEquals(calls, ["connect", ...SENT.flatMap((send) => [send, "receive"]), "close"]);
  assertEquals(results.map(({ sent, answered, lost }) => [sent, answered, lost]), [
    [2, 1, 1],
    [2, 2, 0],
  ]);
});

Deno.test("Client takes a piece of an answer for none where the rest does not come", async () => {
  const { results } = await exchanged({ receptions: [ACK, ACK.slice(0, 2), TOO_LATE] });
  assertEquals(results[0]!.lost, 1);
});

Deno.test("Client repeats the last datagram until it is answered", async () => {
  const { calls, results } = await exchanged({
    receptions: [ACK, ACK, ACK, TOO_LATE, TOO_LATE, ACK],
  });
  const repeats = ["send 1/999", "receive", "send 1/999", "receive", "close"];
  assertEquals(calls.slice(9), repeats);
  assertEquals(results[1]!.lost, 1, "the copies are no messages of the plan");
});

Deno.test("Client gives the last datagram up after 21 copies, and says so", async () => {
  const { calls, results, troubles } = await exchanged({
    receptions: [ACK, ACK, ACK, ...Array(22).fill(TOO_LATE)],
  });
  assertEquals(calls.filter((call) => call === "send 1/999").length, 22);
  assertEquals(troubles, [
    "warning: 127.0.0.1:1443 has not confirmed the run's end: it has ended already, or is gone",
  ]);
  assertEquals([results[1]!.sent, results[1]!.lost], [2, 1]);
});

Deno.test("Client repeats no datagram but the run's last", async () => {
  const { calls } = await exchanged({ receptions: [ACK, TOO_LATE, TOO_LATE, ACK] });
  assertEquals(calls.filter((call) => call.startsWith("send")), SENT);
});

Deno.test("Client repeats nothing where nothing gets lost", async () => {
  const args = ["--no-reply", "--connect=once"];
  const { calls } = await exchanged({ connectionless: false }, ...args);
  assertEquals(calls, ["connect", ...SENT, "close"]);
});

Deno.test("Client repeats its last message before it ends the connection, and marks it", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("udp", "--sizes=100", "--repeat=2");
  const receptions = [ACK, TOO_LATE, TOO_LATE, ACK];
  const security = () => ({ version: "", cipher: "", group: "", peer: "", resumed: false });
  const transport = new FakeClientTransport({ datagrams: true, receptions, security });
  const client = new Client(run, transport, 0);
  await Promise.all([client.exchangeSize(100, true), clock.advance(100)]);
  const once = (no: number) => [`send ${no}/100`, "receive"];
  const end = ["shutdown", "close"];
  assertEquals(transport.calls, [
    ...["connect", ...once(0), ...end],
    ...["connect", ...once(1), ...once(1), ...once(1), ...end],
  ]);
  assertEquals(transport.messages.map(isCopy), [false, false, true, true]);
  const [times] = run.recorder.clientResults(true);
  assertEquals([times!.sent, times!.lost], [2, 1]);
});

Deno.test("Client leaves copies out of the time of what comes after them", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("udp", "--sizes=100", "--repeat=2", "--no-reply");
  const security = () => ({ version: "", cipher: "", group: "", peer: "", resumed: false });
  const transport = new FakeClientTransport({ datagrams: true, security });
  const client = new Client(run, transport, 0);
  await Promise.all([client.exchangeSize(100, true), clock.advance(1000)]);
  const [times] = run.recorder.clientResults(false);
  assertEquals([times!.messageUs.max, times!.steps.shutdown!.max], [0, 0]);
});

Deno.test("Client pauses 10 ms before each copy of the last datagram", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("udp", "--sizes=100", "--repeat=1", "--no-reply");
  const transport = new FakeClientTransport({ connectionless: true });
  const done = new Client(run, transport, 0).exchangeSize(100, true);
  await clock.advance(9);
  assertEquals(transport.messages.length, 1);
  await clock.advance(1);
  assertEquals(transport.messages.length, 2);
  await clock.advance(200);
  await done;
  assertEquals(transport.messages.length, 22);
});

Deno.test("Client repeats no datagram after an interruption", async () => {
  using clock = new FakeClock();
  using run = fakeClientRun("udp", "--sizes=100", "--repeat=1", "--no-reply");
  const transport = new FakeClientTransport({ connectionless: true });
  const done = new Client(run, transport, 0).exchangeSize(100, true);
  await clock.settle();
  run.deadlines.interrupt();
  await assertRejects(() => done, InterruptedError);
  assertEquals(transport.messages.length, 1);
});

Deno.test(
  "Client takes an empty datagram for no answer, not for the server's end",
  async () => {
    const { results } = await exchanged({ receptions: [ACK, 0] });
    assertEquals(results[0]!.lost, 1);
  },
);

Deno.test("Client says that it could not send where a copy cannot be sent", async () => {
  let sends = 0;
  const before = (call: string) => {
    if (call === "send 1/999" && ++sends === 2) throw new Deno.errors.PermissionDenied("x");
  };
  const receptions = [ACK, ACK, ACK, TOO_LATE];
  const act = () => exchanged({ before, receptions, promises: true });
  await assertRejects(act, Error, "cannot send to 127.0.0.1:1443");
});
