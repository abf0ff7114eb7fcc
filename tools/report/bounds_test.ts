import { assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { UsageError } from "../../common/base/errors.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { brokenBounds, checkBounds, readBound } from "./bounds.ts";
import { figureOf } from "./figures.ts";
import { type Job, jobsOf } from "./jobs.ts";
import type { LogFigures } from "./logs.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";

const UDP: FakeRun = { protocol: "udp", io: "sync", sizes: [100, 999] };
const DTLS: FakeRun = { protocol: "dtls", io: "sync", engine: "openssl", sizes: [100, 999] };

function jobsWith(fakes: readonly FakeRun[], logs: (LogFigures | null)[] = []): Job[] {
  const document = fakeDocument(fakes.map(fakeRun));
  return jobsOf([{ path: "", folder: "", document, logs }]);
}

function brokenBy(jobs: readonly Job[], ...bounds: string[]): string[] {
  return brokenBounds(checkBounds(jobs, bounds.map((text) => readBound(text, "--max"))));
}

Deno.test("readBound() reads a figure, its limit with a unit, and a lane", () => {
  assertEquals(readBound("p99=5ms", "--max"), {
    ...{ lane: null, figure: "p99", max: 5000, text: "p99=5ms" },
  });
  const { lane, figure, max } = readBound("dtls-sync-openssl:p99.9=1.5s", "--max");
  assertEquals([lane, figure, max], ["dtls-sync-openssl", "p99.9", 1.5e6]);
  assertEquals(readBound("mean=70us", "--max").max, 70);
  assertEquals(readBound("lost=1%", "--max").max, 0.01);
});

for (
  const [text, what] of [
    ["p99", "no bound; use p99=5ms, lost=1% or dtls-sync-openssl:p99=5ms"],
    ["p99=5", "no bound; use p99=5ms, lost=1% or dtls-sync-openssl:p99=5ms"],
    ["p99=-5ms", "no bound; use p99=5ms, lost=1% or dtls-sync-openssl:p99=5ms"],
    ["p98=5ms", "no such figure; there are p50, p90, p99, p99.9, mean, max, lost"],
    ["p99=5%", "use us, ms or s"],
    ["p99=5min", "use us, ms or s"],
    ["lost=5ms", "a part of all messages in % is wanted"],
  ] as const
) {
  Deno.test(`readBound() refuses "${text}" and says what is allowed`, () => {
    assertThrows(() => readBound(text, "--max"), UsageError, `--max ${text}: ${what}`);
  });
}

Deno.test("checkBounds() names each lane over a bound with the figure that a report shows", () => {
  const jobs = jobsWith([1, 3, 2].flatMap((factor) => [{ ...UDP, factor }, DTLS]));
  const udp = jobs.find(({ protocol }) => protocol === "udp")!;
  const p99 = figureOf(udp, ALL_SIZES, ({ result }) => result.messageUs.p99).value!;
  assertEquals(brokenBy(jobs, `udp:p99=${Math.floor(p99)}us`, "p90=1s"), [
    `udp-sync: p99 is ${p99.toFixed(0)} µs, over --max udp:p99=${Math.floor(p99)}us`,
  ]);
  assertEquals(brokenBy(jobs, `udp:p99=${Math.ceil(p99)}us`), []);
  assertEquals(brokenBy(jobs, "p50=1us", "mean=1us").length, 4);
});

Deno.test("checkBounds() takes the slowest message of all rounds for max", () => {
  const jobs = jobsWith([1, 3, 2].map((factor) => ({ ...UDP, factor })));
  const slowest = Math.max(
    ...jobs[0]!.rounds.flatMap(({ run }) => run.sizes.map(({ messageUs }) => messageUs.max!)),
  );
  assertEquals(brokenBy(jobs, `max=${Math.ceil(slowest)}us`), []);
  assertEquals(brokenBy(jobs, `max=${Math.floor(slowest)}us`).length, 1);
});

Deno.test("checkBounds() fails a figure that is not known", () => {
  const jobs = jobsWith([UDP]);
  jobs[0]!.rounds[0]!.run.allSizes!.messageUs.p99 = null;
  assertEquals(brokenBy(jobs, "p99=5s", "p99.9=5s"), [
    "udp-sync: p99 is not known, so it does not pass --max p99=5s",
    "udp-sync: p99.9 is not known, so it does not pass --max p99.9=5s",
  ]);
  assertEquals(brokenBy(jobs, "tcp:p50=5s"), [
    "tcp: p50 is not known, so it does not pass --max tcp:p50=5s",
  ]);
  assertEquals(brokenBy([], "p50=5s"), [
    "no lane was measured by a client: p50 is not known, so it does not pass --max p50=5s",
  ]);
});

Deno.test("checkBounds() takes the 99.9th percentile from the document, then from the log", () => {
  const logOf = (samples: number): LogFigures =>
    new Map([[100, {
      sizeBytes: 100,
      messagesUs: Array.from({ length: samples }, (_, i) => i),
      steps: new Map(),
    }]]);
  const [few, enough] = [999, 2000].map((samples) => jobsWith([UDP], [logOf(samples)]));
  assertEquals(brokenBy(few!, "p99.9=5s").length, 1);
  assertEquals(brokenBy(enough!, "p99.9=1998us"), []);
  assertEquals(brokenBy(enough!, "p99.9=1997us").length, 1);
  enough![0]!.rounds[0]!.run.allSizes!.messageUs.p999 = 50;
  assertEquals(brokenBy(enough!, "p99.9=50us"), []);
});

Deno.test("checkBounds() holds against what was lost, which a server knows of one-way runs", () => {
  const answered = jobsWith([UDP]);
  answered[0]!.rounds[0]!.run.sizes[0]!.lost = 4;
  assertEquals(brokenBy(answered, "lost=2%"), []);
  assertEquals(brokenBy(answered, "lost=1.9%"), [
    "udp-sync: lost is 2.00 %, over --max lost=1.9%",
  ]);
  const oneWay = { ...UDP, reply: false };
  assertEquals(brokenBy(jobsWith([oneWay]), "lost=99%").length, 1);
  const both = jobsWith([oneWay, { ...oneWay, role: "server" }]);
  assertEquals(brokenBy(both, "lost=7%"), []);
  assertEquals(brokenBy(both, "lost=6%"), ["udp-sync: lost is 7.00 %, over --max lost=6%"]);
});

Deno.test("checkBounds() takes a whole name for that lane alone, a beginning for all that begin so", () => {
  const jobs = jobsWith([UDP, DTLS, { ...DTLS, resume: true }, { ...DTLS, connect: "once" }]);
  const lanes = (bound: string) =>
    checkBounds(jobs, [readBound(bound, "--max")]).map(({ lane }) => lane);
  const words = ["with a new connection for every message", "over one connection that stays open"];
  const both = words.map((mode) => `dtls-sync-openssl, ${mode}`);
  assertEquals(lanes("dtls-sync-openssl:p50=1us").toSorted(), both.toSorted());
  assertEquals(lanes("dtls:p50=1us").length, 3);
  assertEquals(lanes("dt:p50=1us"), ["dt"]);
  const traced = [DTLS, { ...DTLS, resume: true }]
    .map((lane) => ({ ...fakeRun(lane), handshakes: [] }));
  const source = { path: "", folder: "", logs: [], document: fakeDocument(traced) };
  const checked = checkBounds(jobsOf([source]), [readBound("dtls-sync-openssl:p50=1us", "--max")]);
  assertEquals(checked.map(({ lane }) => lane), ["dtls-sync-openssl-traced"]);
});
