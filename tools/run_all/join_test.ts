import type { OneWay } from "../../common/measure/one_way.ts";
import type { RunResult, SizeResult } from "../../common/measure/result.ts";
import type { Summary } from "../../common/measure/statistics.ts";
import { assertEquals } from "../../common/testing/assert.ts";
import { joined, type JoinedClock } from "./join.ts";

/** A run with what matters here. */
function run(role: "client" | "server", ...sizes: Partial<SizeResult>[]): RunResult {
  const none = { sent: null, answered: null, lost: null };
  return {
    role,
    sizes: sizes.map((size) => ({ sizeBytes: 100, ...none, ...size })),
  } as RunResult;
}

function lossOf(client: Partial<SizeResult>, server: Partial<SizeResult>) {
  const runs = joined([run("client", client), run("server", server)], { isComplete: true });
  assertEquals(runs[0]!.sizes[0]!.loss, runs[1]!.sizes[0]!.loss);
  return runs[0]!.sizes[0]!.loss;
}

Deno.test("joined() tells lost messages from lost answers", () => {
  const client = { sent: 100, answered: 93, lost: 7 };
  assertEquals(lossOf(client, { sent: 100, answered: 96, lost: 4 }), { toServer: 4, toClient: 3 });
  // Of a plan of seconds the server does not know what was sent.
  assertEquals(lossOf(client, { answered: 93 }), { toServer: 7, toClient: 0 });
});

Deno.test("joined() of a one-way run tells what was lost on the way there", () => {
  const oneWay = { seconds: 2, messagesPerSecond: 46.5 } as OneWay;
  assertEquals(lossOf({ sent: 100 }, { sent: 100, lost: 6 }), { toServer: 6, toClient: null });
  assertEquals(lossOf({ sent: 100 }, { oneWay }), { toServer: 6, toClient: null });
  assertEquals(lossOf({ sent: 100 }, { lost: 6 }), { toServer: null, toClient: null });
});

Deno.test("joined() joins size by size, and leaves alone what is not two ends of one run", () => {
  const client = run("client", { sizeBytes: 100, sent: 2 }, { sizeBytes: 200, sent: 2 });
  const server = run("server", { sizeBytes: 200, answered: 1 }, { sizeBytes: 300, answered: 1 });
  const losses = joined([client, server], { isComplete: true })
    .map(({ sizes }) => sizes.map(({ loss }) => loss));
  const loss = { toServer: 1, toClient: null };
  assertEquals(losses, [[undefined, loss], [loss, undefined]]);
  for (const runs of [[client], [client, client, server], []]) {
    assertEquals(joined(runs, { isComplete: true }), runs);
  }
  assertEquals(joined([client, server], { isComplete: false }), [client, server]);
});

const DELAY: Summary = {
  ...{ n: 10, stddev: 3, min: 90, p50: 100, p90: 120, p99: null, max: 130, mean: 101 },
};

function delayOf(clock: JoinedClock, delayUs: Summary | null = DELAY): OneWay {
  const oneWay = { duplicates: 1, delayUs } as OneWay;
  const runs = [run("client", { sent: 1 }), run("server", { sent: 1, lost: 0, oneWay })];
  const [both, partial] = [true, false].map((isComplete) =>
    joined(runs, { isComplete, clock })[1]!.sizes[0]!.oneWay!
  );
  assertEquals(partial, both);
  return both!;
}

Deno.test("joined() corrects delays by what is left of the offset of the clocks", () => {
  // The server was told an offset of 5000 before the run; over the run it was 5010.
  const offset = { offsetUs: 5010, uncertaintyUs: 50 };
  assertEquals<unknown>(delayOf({ offset, shiftUs: -5000 }), {
    duplicates: 1,
    delayUs: { n: 10, stddev: 3, min: 80, p50: 90, p90: 110, p99: null, max: 120, mean: 91 },
    clock: offset,
  });
});

Deno.test("joined() has no delay where the uncertainty is larger, or the offset is not known", () => {
  const of = (uncertaintyUs: number) => ({ offsetUs: 0, uncertaintyUs });
  assertEquals(delayOf({ offset: of(100), shiftUs: 0 }).delayUs, DELAY);
  const { delayUs, clock } = delayOf({ offset: of(100.1), shiftUs: 0 });
  assertEquals([delayUs, clock], [null, of(100.1)]);
  assertEquals(delayOf({ offset: of(1), shiftUs: 0 }, null).delayUs, null);
  const unknown = delayOf({ offset: null, shiftUs: 0 });
  assertEquals([unknown.delayUs, unknown.clock], [null, undefined]);
});

Deno.test("joined() leaves delays as they are where both ends have one clock", () => {
  const oneWay = { delayUs: DELAY } as OneWay;
  const runs = joined(
    [run("client", { sent: 1 }), run("server", { sent: 1, lost: 0, oneWay })],
    { isComplete: true },
  );
  assertEquals(runs[1]!.sizes[0]!.oneWay, oneWay);
});
