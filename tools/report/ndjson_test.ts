import { assert, assertEquals } from "../../common/testing/assert.ts";
import type { ResultDocument } from "../../common/measure/result.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { figureOf, medianMessage } from "./figures.ts";
import { jobsOf, type Source } from "./jobs.ts";
import { linesOf, ndjsonOf } from "./ndjson.ts";
import { fakeDocument, type FakeRun, fakeRun, fullDocument } from "./testdata/documents.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [999, 100] };
const TLS: FakeRun = { protocol: "tls", io: "sync", engine: "openssl", sizes: [100] };

function sourceOf(document: ResultDocument): Source {
  return { path: "", folder: "", document, logs: document.runs.map(() => null) };
}

Deno.test("linesOf() has a line for each job and size, and one for all sizes", () => {
  const runs = [TCP, { ...TCP, role: "server" } as const, { ...TLS, resume: true }, TLS];
  const lines = linesOf([sourceOf(fakeDocument(runs.map(fakeRun)))]);
  const what = lines.map(({ lane, role, resume, sizeBytes }) => [lane, role, resume, sizeBytes]);
  const tcp = (role: string) => [100, 999, null].map((size) => ["tcp-sync", role, false, size]);
  assertEquals(what, [
    ...tcp("client"),
    ...tcp("server"),
    ...[false, true].flatMap((resume) =>
      [100, null].map((size) => ["tls-sync-openssl", "client", resume, size])
    ),
  ]);
});

Deno.test("linesOf() has the report's figures, over all rounds", () => {
  const sources = [sourceOf(fullDocument())];
  const all = linesOf(sources).filter(({ sizeBytes }) => sizeBytes === null);
  const jobs = jobsOf(sources);
  assertEquals(all.length, jobs.length);
  for (const [i, job] of jobs.entries()) {
    const figure = figureOf(job, ALL_SIZES, medianMessage).value;
    assert(Math.abs(all[i]!.p50Us! - figure!) <= 0.0005, job.name);
    assertEquals(all[i]!.rounds, job.rounds.length);
  }
});

Deno.test("linesOf() adds counts up, takes the extremes of all rounds, and the median of the rest", () => {
  const factors = [2, 1, 4];
  const runs = factors.map((factor, i) => {
    const run = fakeRun({ ...TLS, factor });
    const failure = i === 1 ? { failure: "the server has gone" } : {};
    return { ...run, ...failure, cpu: { userUs: 0, systemUs: 0, perMessageUs: 10 * factor } };
  });
  const [size, all] = linesOf([sourceOf(fakeDocument(runs))]);
  const times = runs.map((run) => run.sizes[0]!.messageUs);
  for (const line of [size!, all!]) {
    assertEquals([line.sent, line.answered, line.lost, line.rounds], [300, 300, 0, 3]);
    assertEquals(line.failure, "the server has gone");
  }
  assertEquals([size!.minUs, size!.maxUs], [times[1]!.min, times[2]!.max]);
  assertEquals([size!.p50Us, size!.p99Us], [times[0]!.p50, times[0]!.p99]);
  assertEquals(size!.handshakeP50Us, runs[0]!.sizes[0]!.steps.handshake!.p50);
  assertEquals([size!.cpuPerMessageUs, all!.cpuPerMessageUs], [null, 20]);
});

Deno.test("linesOf() has null where nothing was measured", () => {
  const run = { ...fakeRun(TCP), sizes: [], failure: "it did not start" };
  delete run.allSizes;
  const lines = linesOf([sourceOf(fakeDocument([run]))]);
  assertEquals(lines.length, 1);
  const { p50Us, minUs, maxUs, sent, lost, failure, engine } = lines[0]!;
  assertEquals([p50Us, minUs, maxUs, sent, lost, engine], [null, null, null, null, null, null]);
  assertEquals(failure, "it did not start");
});

Deno.test("linesOf() tells machines apart, and puts rounds of one machine together", () => {
  const [a, b] = [fakeDocument([fakeRun(TLS)]), fakeDocument([fakeRun(TLS)])];
  b.startedAt = "2026-02-01T00:00:00.000Z";
  const same = linesOf([a, b].map(sourceOf));
  assertEquals(same.map(({ rounds, startedAt }) => [rounds, startedAt]), [
    [2, a.startedAt],
    [2, a.startedAt],
  ]);
  b.environment.hostname = "other";
  const apart = linesOf([a, b].map(sourceOf));
  assertEquals(apart.map(({ hostname, startedAt }) => [hostname, startedAt]), [
    ...[["bench", a.startedAt], ["bench", a.startedAt]],
    ...[["other", b.startedAt], ["other", b.startedAt]],
  ]);
});

Deno.test("ndjsonOf() is one JSON object a line, all with the same names, and nothing hidden", () => {
  const document = fullDocument();
  document.environment.hostname = "a\u202eb\u009b\n\u2028c";
  const text = ndjsonOf([sourceOf(document)]);
  assert(text.endsWith("}\n") && !/[\u202e\u009b\u2028]/.test(text));
  const lines = text.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines, linesOf([sourceOf(document)]));
  assertEquals(new Set(lines.map((line) => Object.keys(line).join())).size, 1);
});
