import type { RunResult } from "../../common/measure/result.ts";
import { Distribution } from "../../common/measure/statistics.ts";
import { byStep } from "../../common/model/protocol.ts";
import { assertEquals } from "../../common/testing/assert.ts";
import { ALL_SIZES, allSizesOf } from "./all_sizes.ts";
import type { LogFigures } from "./logs.ts";

function summaryOf(values: number[]) {
  const series = new Distribution();
  for (const us of values) series.record(us);
  return series.summary();
}

const TIMES: [number, number[]][] = [[100, [10, 20, 30]], [999, [40, 50]]];

/** A run of two sizes. */
function runOf(more: Partial<RunResult>, lost: number | null = 1): RunResult {
  return {
    ...{ lane: "tcp-async", role: "client", protocol: "tcp", io: "async", engine: null },
    ...{ connect: "message", resume: false, reply: true, clients: 1, security: null },
    sizes: TIMES.map(([sizeBytes, us]) => ({
      ...{ sizeBytes, sent: us.length + 1, answered: us.length, lost, resumed: 2 },
      messageUs: summaryOf(us),
      steps: byStep((step) => step === "send" ? summaryOf(us.map((one) => one / 10)) : null),
    })),
    ...more,
  };
}

const LOG: LogFigures = new Map(
  TIMES.map(([sizeBytes, messagesUs]) => [sizeBytes, { sizeBytes, messagesUs, steps: new Map() }]),
);

Deno.test("allSizesOf() adds counts up, and knows no sum of what is not known", () => {
  const { sizeBytes, sent, answered, lost, resumed } = allSizesOf(runOf({}), null);
  assertEquals([sizeBytes, sent, answered, lost, resumed], [ALL_SIZES, 7, 5, 2, 4]);
  assertEquals(allSizesOf(runOf({}, null), null).lost, null);
});

Deno.test("allSizesOf() takes the document's times, then the log's", () => {
  const messageUs = summaryOf([1, 2, 3]);
  const steps = byStep(() => null);
  assertEquals(allSizesOf(runOf({ allSizes: { messageUs, steps } }), LOG).messageUs, messageUs);
  assertEquals(allSizesOf(runOf({}), LOG).messageUs, summaryOf([10, 20, 30, 40, 50]));
});

Deno.test("allSizesOf() has no times where neither has them, but those of one size alone", () => {
  const { messageUs, steps } = allSizesOf(runOf({}), null);
  assertEquals([messageUs.n, messageUs.p50], [0, null]);
  assertEquals([steps.send?.n, steps.send?.mean, steps.send?.p50], [5, 3, null]);
  const [only] = runOf({}).sizes;
  assertEquals(allSizesOf(runOf({ sizes: [only!] }), null).messageUs, only!.messageUs);
});

Deno.test("allSizesOf() weighs rates by the time they held", () => {
  const [first, second] = runOf({}).sizes;
  const rates = (seconds: number, messagesPerSecond: number) => ({
    ...{ seconds, messagesPerSecond, megabytesPerSecond: null, duplicates: 1, reordered: 0 },
    delayUs: null,
  });
  const sizes = [{ ...first!, oneWay: rates(1, 100) }, { ...second!, oneWay: rates(3, 20) }];
  const { oneWay } = allSizesOf(runOf({ reply: false, sizes }), null);
  assertEquals([oneWay!.seconds, oneWay!.messagesPerSecond, oneWay!.duplicates], [4, 40, 2]);
  assertEquals(oneWay!.megabytesPerSecond, null);
});
