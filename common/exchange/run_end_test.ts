import { RunError } from "../base/errors.ts";
import type { SizeResult } from "../measure/result.ts";
import { COPIES, LOST_LIMIT } from "./patience.ts";
import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { seededRandom } from "../testing/fake_random.ts";
import { type IsLost, type LossyRun, lossyRun } from "../testing/lossy_link.ts";

type Lane = readonly [protocol: "udp" | "dtls", ...args: string[]];

/** How messages that get lost are exchanged. */
const LANES: Record<string, Lane> = {
  "datagrams": ["udp"],
  "connections": ["dtls"],
  "a connection": ["dtls", "--connect=once"],
};

/** Six messages; over datagrams the last is datagram 10, and its answer 11. */
const PLAN = ["--sizes=100,999", "--repeat=3", "--timeout-ms=200"];
const LAST = 10;

/** One more, and a client gives up. */
const BURST = LOST_LIMIT - 1;

function sum(sizes: SizeResult[], count: "lost" | "sent"): number {
  return sizes.reduce((all, size) => all + (size[count] ?? NaN), 0);
}

/** Both ends are complete, and what they count as lost was lost. */
function assertExact(run: LossyRun, hint: string): void {
  const { messages, answers } = run.lost;
  assertEquals([run.client, run.server], [null, null], hint);
  assertEquals(sum(run.clientSizes, "lost"), messages + answers, `the client's, ${hint}`);
  assertEquals(sum(run.serverSizes, "lost"), messages, `the server's, ${hint}`);
}

/** Loses so many from one on. */
function burst(from: number, count: number): IsLost {
  return (index) => index >= from && index < from + count;
}

for (const [name, [protocol, ...args]] of Object.entries(LANES)) {
  Deno.test(`a run over ${name} survives ${BURST} losses in a row anywhere, and counts them`, async () => {
    const { datagrams } = await lossyRun(protocol, () => false, [...args, ...PLAN]);
    for (let from = 0; from < datagrams; from += datagrams > 15 ? 3 : 2) {
      const run = await lossyRun(protocol, burst(from, BURST), [...args, ...PLAN]);
      assertExact(run, `losses from datagram ${from} on`);
      assert(run.lost.messages + run.lost.answers > 0 || protocol === "dtls", "some are messages");
    }
  });

  Deno.test(`a run over ${name} counts a fifth of all datagrams as lost`, async () => {
    const random = seededRandom();
    const plan = ["--sizes=100,999", "--repeat=15", "--timeout-ms=100"];
    const run = await lossyRun(protocol, () => random() < 0.2, [...args, ...plan]);
    assertExact(run, "at random");
    assert(run.lost.messages + run.lost.answers > 0);
  });

  Deno.test(`a run over ${name} is an error at both ends where nothing comes any more`, async () => {
    const plan = ["--sizes=100,999", "--repeat=15", "--timeout-ms=100", "--wait-ms=1"];
    const run = await lossyRun(protocol, (index) => index >= 8, [...args, ...plan]);
    const [client, server] = [run.client, run.server].map((end) => (end as RunError).message);
    assert(run.client instanceof RunError && run.server instanceof RunError);
    assertMatch(server!, /^nothing heard for \d+ ms, \d of 30 messages received$/);
    const lost =
      /: (20 messages in a row were lost; the server is gone|.*, 20 handshakes in a row) \(/;
    assertMatch(client!, lost);
  });
}

for (
  const [what, from, lost] of [["message", LAST, [1, 0]], ["answer", LAST + 1, [0, 1]]] as const
) {
  Deno.test(`a run's end survives the loss of its last ${what} and of ${COPIES - 1} copies`, async () => {
    const run = await lossyRun("udp", burst(from, COPIES), PLAN);
    assertExact(run, what);
    assertEquals([run.lost.messages, run.lost.answers], [...lost]);
  });
}

Deno.test("a one-way run's end survives the loss of its last message and of all copies", async () => {
  const run = await lossyRun("udp", burst(5, 1 + COPIES), [...PLAN, "--no-reply"]);
  assertEquals([run.client, run.server, run.datagrams], [null, null, 6 + COPIES]);
  assertEquals([sum(run.serverSizes, "lost"), run.lost.messages], [1, 1]);
});

Deno.test("a one-way run counts its last message as lost where a copy of it comes", async () => {
  for (const protocol of ["udp", "dtls"] as const) {
    const args = [...PLAN, "--no-reply", ...protocol === "dtls" ? ["--connect=once"] : []];
    // A handshake goes to and fro.
    const last = protocol === "dtls" ? 7 : 5;
    const run = await lossyRun(protocol, burst(last, 3), args);
    assertEquals([run.client, run.server], [null, null]);
    assertEquals([sum(run.serverSizes, "lost"), run.lost.messages], [1, 1], protocol);
  }
});

for (const [protocol, ...args] of Object.values(LANES)) {
  Deno.test(`a run by time ends at once with its client: ${[protocol, ...args]}`, async () => {
    const random = seededRandom();
    const plan = ["--sizes=100", "--seconds=1", "--timeout-ms=100"];
    const run = await lossyRun(protocol, () => random() < 0.2, [...args, ...plan]);
    assertEquals([run.client, run.server], [null, null]);
    const received = run.clientSizes[0]!.sent! - run.lost.messages;
    assertEquals(run.serverSizes[0]!.answered, received);
  });
}

Deno.test("a run whose last size comes twice ends although the first of its last messages is lost", async () => {
  const plan = ["--sizes=100,999,100", "--repeat=1", "--timeout-ms=200"];
  const run = await lossyRun("udp", burst(0, 1), plan);
  assertExact(run, "the first message");
  assertEquals(run.lost.messages, 1);
});

Deno.test("a client without any answer says so early, and gives up late", async () => {
  const run = await lossyRun("udp", () => true, ["--timeout-ms=100"]);
  assertEquals(run.troubles, [
    "warning: 127.0.0.1:1443 has not answered 3 messages in a row; 20 end the run",
  ]);
  assertMatch((run.client as RunError).message, /: no answer; is the server running there\? \(at/);
  assertMatch((run.server as RunError).message, /^nothing heard for 60000 ms, 0 of 2200 messages/);
});

for (const [protocol, ...args] of [["udp"], ["dtls"]] as const) {
  Deno.test(`a client over ${protocol} does not take what it cannot know for a good end`, async () => {
    // The last two messages are lost, and all that comes after them.
    const from = protocol === "udp" ? 8 : 22;
    const run = await lossyRun(protocol, (index) => index >= from, [...args, ...PLAN]);
    assertMatch((run.server as RunError).message, /^nothing heard for 4200 ms, 4 of 6 messages/);
    if (protocol === "udp") {
      assertMatch(run.troubles.join(), /has not confirmed the run's end/);
      assertEquals([run.client, sum(run.clientSizes, "lost")], [null, 2]);
    } else assertMatch((run.client as RunError).message, /in a row/);
  });
}
