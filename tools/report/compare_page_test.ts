import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { compareJobs } from "./compare.ts";
import { comparisonReport, formatComparisonPage } from "./compare_page.ts";
import { formatChange, notesOf } from "./compare_notes.ts";
import { jobsOf, type Source } from "./jobs.ts";
import type { LogFigures } from "./logs.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";
import { formatDuration } from "./units.ts";
import { testWithCharts as test } from "./testing/with_charts.ts";

const LANES: readonly FakeRun[] = (["message", "once"] as const).flatMap((connect) => [
  { protocol: "tcp", io: "sync", sizes: [100, 999], connect },
  { protocol: "tls", io: "sync", engine: "openssl", sizes: [100, 999], connect },
]);

const ROUNDS = 6;

function sourceOf(path: string, factor: number, log: LogFigures | null = null): Source {
  const runs = Array.from(
    { length: ROUNDS },
    (_, round) =>
      LANES.map((lane) => fakeRun({ ...lane, factor: factor * (1 + 0.01 * (round % 3)) })),
  );
  const document = fakeDocument(runs.flat());
  return { path, folder: "", document, logs: document.runs.map(() => log) };
}

function compareSources(sources: readonly Source[]) {
  const [before, after] = sources.map((source) => jobsOf([source]));
  return compareJobs(before!, after!, { boundPercent: 10, absolute: true });
}

test("a comparison's page has a chart of both documents for each lane in each mode", () => {
  const sources = [sourceOf("a.json", 1), sourceOf("b.json", 1.3)];
  const comparison = compareSources(sources);
  const { title, subtitle, answer, warnings, sections } = comparisonReport(comparison, sources);
  assertMatch(title, /changed between two runs/);
  assertMatch(subtitle, /^a\.json, measured .*; b\.json, measured /);
  assertMatch(answer[0]!, /^Of 4 lanes, 0 unchanged, 4 slower \(4 by more than 10 %\), 0 faster/);
  assertEquals(warnings, notesOf(comparison));
  const modes = sections.filter(({ id }) => id.endsWith("-changes"));
  assertEquals(modes.map(({ picture }) => picture.charts.map((chart) => chart.title)), [
    ["tcp-sync: slower, beyond the bound", "tls-sync-openssl: slower, beyond the bound"],
    ["tcp-sync: slower, beyond the bound", "tls-sync-openssl: slower, beyond the bound"],
  ]);
  for (const { svg } of modes.flatMap(({ picture }) => picture.charts)) {
    for (const name of ["before", "after"]) assertMatch(svg, new RegExp(`>${name}</text>`));
  }
});

test("a comparison's table and the text of its charts have the comparison's figures", () => {
  const sources = [sourceOf("a.json", 1), sourceOf("b.json", 1.3)];
  const comparison = compareSources(sources);
  const [section] = comparisonReport(comparison, sources).sections;
  const [change] = comparison.lanes[0]!.changes;
  const [before, after] = [change!.beforeUs, change!.afterUs].map(formatDuration);
  const [row] = section!.picture.tables[0]!.rows;
  assertEquals(row!.slice(0, 7), [
    ...["tcp-sync", "all", `${ROUNDS}, ${ROUNDS}`, before!, after!],
    ...[formatChange(change!.plainRatio), formatChange(change!.ratio)],
  ]);
  const { svg } = section!.picture.charts[0]!;
  const text = `The median message went from ${before} to ${after} ` +
    `(${formatChange(change!.plainRatio)};`;
  assert(svg.includes(text), svg.slice(0, 600));
  assertMatch(svg, /role="img" aria-labelledby="mode1-lane1/);
});

test("a comparison's curves come from the logs of both documents, or from neither's", () => {
  const log: LogFigures = new Map([[100, {
    sizeBytes: 100,
    messagesUs: Array.from({ length: 500 }, (_, i) => 50 + i),
    steps: new Map(),
  }]]);
  const captionOf = (sources: readonly Source[]) =>
    comparisonReport(compareSources(sources), sources).sections[0]!.picture;
  const logged = captionOf([sourceOf("a", 1, log), sourceOf("b", 1, log)]);
  assertMatch(logged.caption, /Every message of all rounds, from the logs/);
  assertMatch(logged.charts[0]!.svg, /the right ends of the lines are 549 µs and 549 µs/);
  const half = captionOf([sourceOf("a", 1, log), sourceOf("b", 1)]);
  assertMatch(half.caption, /straight lines stand between the few points/);
  assert(!half.charts[0]!.svg.includes("549 µs"));
});

test("a comparison's page loads nothing, and shows text of documents as text", () => {
  const sources = [sourceOf("<b>.json", 1), sourceOf("b.json", 1)];
  const page = formatComparisonPage(compareSources(sources), sources);
  assert(page.includes("&#60;b&#62;.json") && !page.includes("<b>"));
  assert(!/<script|https?:(?!\/\/www\.w3\.org\/)|url\((?!#)|@import/.test(page));
  assert(!/\b(NaN|undefined|Infinity)\b/.test(page));
});
