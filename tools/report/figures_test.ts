import { assert, assertEquals } from "../../common/testing/assert.ts";
import { describeMode } from "./answer.ts";
import { baselineOf, figureOf, medianMessage, ratioOf, totalOf } from "./figures.ts";
import { jobsOf } from "./jobs.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";
import { formatCount, formatDuration, formatInterval, formatNumber } from "./units.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [100, 999] };
const UDP: FakeRun = { protocol: "udp", io: "sync", sizes: [100, 999] };

function jobsWith(...fakes: FakeRun[]) {
  const document = fakeDocument(fakes.map(fakeRun));
  return jobsOf([{ path: "", folder: "", document, logs: [] }]);
}

Deno.test("jobsOf() takes runs of the same lane for its rounds", () => {
  const jobs = jobsWith(UDP, TCP, { ...TCP, role: "server" }, TCP, { ...TCP, connect: "once" });
  assertEquals(
    jobs.map(({ name, role, connect, rounds }) => [name, role, connect, rounds.length]),
    [
      ["tcp-sync", "client", "message", 2],
      ["tcp-sync", "server", "message", 1],
      ["tcp-sync", "client", "once", 1],
      ["udp-sync", "client", "message", 1],
    ],
  );
});

Deno.test("jobsOf() keeps runs at a rate apart, and describeMode() names it", () => {
  const document = fakeDocument([fakeRun(TCP), fakeRun(TCP), fakeRun(TCP)]);
  document.runs[1]!.rate = { wanted: 250, reached: 249.5 };
  document.runs[2]!.rate = { wanted: 250, reached: 249 };
  const jobs = jobsOf([{ path: "", folder: "", document, logs: [] }]);
  assertEquals(jobs.map(({ rate, rounds }) => [rate, rounds.length]), [[null, 1], [250, 2]]);
  assertEquals(jobs.map((job) => describeMode(job)), [
    "with a new connection for every message",
    "with a new connection for every message, at 250 messages a second",
  ]);
});

Deno.test("jobsOf() puts documents of one machine together, and keeps those of two apart", () => {
  const here = { path: "", folder: "", document: fakeDocument([fakeRun(TCP)]), logs: [] };
  assertEquals(jobsOf([here, here]).map(({ rounds }) => rounds.length), [2]);
  const document = fakeDocument([fakeRun(TCP)]);
  document.environment.hostname = "another";
  const there = { ...here, document };
  assertEquals(jobsOf([here, there]).map(({ label }) => label), ["TCP [1]", "TCP [2]"]);
});

Deno.test("figureOf() gives the median over rounds and their spread", () => {
  const [job] = jobsWith({ ...TCP, factor: 1 }, { ...TCP, factor: 3 }, { ...TCP, factor: 2 });
  const [one] = jobsWith(TCP);
  const single = figureOf(one!, 100, medianMessage).value!;
  const { value, spread } = figureOf(job!, 100, medianMessage);
  assert(Math.abs(value! - 2 * single) < 0.01);
  assert(Math.abs(spread! - 1) < 0.001);
  assertEquals(figureOf(one!, 100, medianMessage).spread, null);
});

Deno.test("A figure that is not there is null and a dash, never 0", () => {
  const [job] = jobsWith(UDP);
  assertEquals(figureOf(job!, 4400, medianMessage), { value: null, spread: null });
  assertEquals(figureOf(job!, 100, ({ result }) => result.steps.handshake?.mean).value, null);
  assertEquals(totalOf(job!, [4400], ({ result }) => result.lost), null);
  for (const none of [null, undefined]) {
    assertEquals([formatNumber(none), formatCount(none), formatDuration(none)], ["-", "-", "-"]);
  }
  assertEquals([formatNumber(0), formatCount(0), formatInterval(null)], ["0", "0", "-"]);
});

Deno.test("ratioOf() pairs rounds, so that drift that hits both cancels", () => {
  const drift = [1, 4, 2, 3, 7];
  const jobs = jobsWith(...drift.flatMap((factor) => [{ ...TCP, factor }, { ...UDP, factor }]));
  const udp = jobs.find(({ protocol }) => protocol === "udp")!;
  const { value, interval } = ratioOf(udp, baselineOf(udp, jobs), 100);
  assert(value! > 0.3 && value! < 0.6);
  assert(interval!.high - interval!.low < 0.01, JSON.stringify(interval));
});

Deno.test("ratioOf() gives no interval for too few rounds, and no ratio of TCP to itself", () => {
  const jobs = jobsWith(TCP, UDP);
  const [tcp, udp] = jobs;
  assertEquals(ratioOf(udp!, baselineOf(udp!, jobs), 100).interval, null);
  assertEquals(ratioOf(tcp!, baselineOf(tcp!, jobs), 100).value, null);
  assertEquals(ratioOf(udp!, undefined, 100).value, null);
});
