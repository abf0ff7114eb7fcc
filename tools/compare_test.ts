import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { folderWith } from "../common/testing/folder.ts";
import { runHere } from "../common/testing/run_here.ts";
import { compare } from "./compare.ts";
import { report as reportHere } from "./report.ts";
import {
  documentOf,
  fakeDocument,
  fakeLog,
  type FakeRun,
  fakeRun,
  fitted,
} from "./report/testdata/documents.ts";
import { formatDuration } from "./report/units.ts";
import { testWithCharts as test } from "./report/testing/with_charts.ts";

const TCP: FakeRun = { protocol: "tcp", io: "async", sizes: [100, 999] };

test("compare prints and ends as report --compare does, and wants two documents", async () => {
  await using folder = await folderWith({ "a.json": documentOf(6), "b.json": documentOf(6, 1.3) });
  const [a, b] = [folder.path("a.json"), folder.path("b.json")];
  const compared = await runHere(compare, [a, b]);
  assertEquals(compared, await runHere(reportHere, ["--compare", a, b]));
  assertEquals(compared.code, 1);
  assertMatch(compared.stdout, / SLOWER$/m);
  for (const paths of [[], [a], [a, b, a]]) {
    const { code, stderr } = await runHere(compare, paths);
    const line = `error: two documents are wanted, BEFORE AFTER; there are ${paths.length}\n`;
    assertEquals([code, stderr], [2, line]);
  }
});

test("compare exits with 1 where it is inconclusive, unless that is accepted", async () => {
  await using folder = await folderWith({ "a.json": documentOf(3), "b.json": documentOf(3) });
  const paths = [folder.path("a.json"), folder.path("b.json")];
  const refused = await runHere(compare, paths);
  assertEquals([refused.code, refused.stderr], [1, ""]);
  assertMatch(refused.stdout, / 2 inconclusive: measure about \d+\s+rounds[^.]*\.\n$/);
  const accepted = await runHere(compare, [...paths, "--accept-inconclusive"]);
  assertEquals([accepted.code, accepted.stdout], [0, refused.stdout]);
});

test("compare --max holds the second document's lanes against bounds, report --max all", async () => {
  await using folder = await folderWith({ "a.json": documentOf(6), "b.json": documentOf(6) });
  const paths = [folder.path("a.json"), folder.path("b.json")];
  const kept = await runHere(compare, [...paths, "--max", "p99=1s", "--max", "lost=0%"]);
  assertEquals([kept.code, kept.stderr], [0, ""]);
  const bounds = ["--max", "udp:p50=1us", "--max", "p90=1s"];
  const line = /^error: udp-async: p50 is [\d.]+ µs, over --max udp:p50=1us\n$/;
  const broken = await runHere(compare, [...paths, ...bounds, "--json", "-"]);
  assertEquals(broken.code, 1);
  assertMatch(broken.stderr, line);
  const { bounds: checks, counts, conclusion } = JSON.parse(broken.stdout);
  assertEquals(checks.map((check: { isKept: boolean }) => check.isKept), [false, true, true]);
  assertEquals(counts, { unchanged: 2, slower: 0, faster: 0, inconclusive: 0 });
  assertMatch(conclusion, /^Of 2 lanes, 2 unchanged, /);
  const reported = await runHere(reportHere, [paths[0]!, ...bounds]);
  assertEquals(reported.code, 1);
  assertMatch(reported.stderr, line);
  assertMatch(reported.stdout, /report\.html\n/);
});

test("compare --out writes a page, and replaces no other file of that name", async () => {
  await using folder = await folderWith({ "a.json": documentOf(6), "b.json": documentOf(6) });
  const args = [folder.path("a.json"), folder.path("b.json"), "--out", folder.path("new")];
  const page = folder.path("new/comparison.html");
  for (const run of [compare, (all: string[]) => reportHere(["--compare", ...all])]) {
    const { code, stderr } = await runHere(run, args);
    assertEquals([code, stderr], [0, `page: ${page}\n`]);
    assertMatch(await Deno.readTextFile(page), /<title>What has changed between two runs<\/title>/);
  }
  await Deno.writeTextFile(page, "<title>My own</title>");
  const refused = await runHere(compare, args);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /it is there already, and no report of this program's; move it away/);
  assertEquals(await Deno.readTextFile(page), "<title>My own</title>");
});

test("compare takes a document's p50 of all sizes from its logs where it has none", async () => {
  const log = fakeLog(TCP, 50);
  const old = fakeDocument([fitted(fakeRun(TCP), log)]);
  delete old.runs[0]!.allSizes;
  await using folder = await folderWith({
    "old/result.json": JSON.stringify(old),
    "old/tcp-async-client.csv": log,
    "new.json": JSON.stringify(fakeDocument([fakeRun(TCP)])),
  });
  const paths = [folder.path("old"), folder.path("new.json"), "--json", "-"];
  const compared = await runHere(compare, paths);
  await runHere(reportHere, [folder.path("old")]);
  const [lane] = JSON.parse(compared.stdout).lanes;
  assertEquals(lane.isPooled, true);
  const shown = formatDuration(lane.changes[0].beforeUs);
  const markdown = await Deno.readTextFile(folder.path("old/report.md"));
  assert(markdown.includes(` ${shown} `), shown);
});
