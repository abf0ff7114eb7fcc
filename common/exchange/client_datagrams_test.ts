import { TOO_LATE } from "../base/read_result.ts";
import { Client } from "./client.ts";
import { InterruptedError } from "../base/errors.ts";
import { ACK } from "../model/message.ts";
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
): Promise<{ calls: string[]; results: SizeResult[] }> {
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
  return { calls: transport.calls, results: run.recorder.clientResults(run.options.reply) };
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
    assertEquals(calls, ["connect", ...SENT, ...Array(3).fill("send 1/999"), "close"]);
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

Deno.test("Client gives the last datagram up after three copies", async () => {
  const { calls, results } = await exchanged({
    receptions: [ACK, ACK, ACK, ...Array(9).fill(TOO_LATE)],
  });
  assertEquals(calls.filter((call) => call === "send 1/999").length, 4);
  assertEquals([results[1]!.sent, results[1]!.lost], [2, 1]);
});

Deno.test("Client repeats no datagram but the run's last", async () => {
  const { calls } = await exchanged({ receptions: [ACK, TOO_LATE, TOO_LATE, ACK] });
  assertEquals(calls.filter((call) => call.startsWith("send")), SENT);
});

Deno.test("Client repeats nothing where there are connections", async () => {
  const args = ["--no-reply", "--connect=once"];
  const { calls } = await exchanged({ connectionless: false }, ...args);
  assertEquals(calls, ["connect", ...SENT, "close"]);
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
  await clock.advance(20);
  await done;
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
