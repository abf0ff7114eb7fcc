import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { historyLines } from "./history.ts";
import type { Source } from "./jobs.ts";
import type { Line } from "./ndjson.ts";
import { historySection } from "./sections/history.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";
import { testWithCharts as test } from "./testing/with_charts.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [100] };
const TLS: FakeRun = { protocol: "tls", io: "sync", engine: "openssl", sizes: [100] };

/** A document of a day, which is made of milliseconds here. */
function sourceOn(day: number, fakes: readonly FakeRun[], hostname = "bench"): Source {
  const document = fakeDocument(fakes.map((fake) => fakeRun({ ...fake, factor: 1 + day / 10 })));
  document.startedAt = new Date(Date.UTC(2026, 0, 1) + day * 86_400_000).toISOString();
  document.environment.hostname = hostname;
  return { path: "", folder: "", document, logs: fakes.map(() => null) };
}

const linesOn = (days: readonly number[], fakes: readonly FakeRun[], hostname?: string) =>
  historyLines(days.map((day) => sourceOn(day, fakes, hostname)));

function sectionOf(lines: Line[], own: readonly Source[], cutOff: number[] = []) {
  return historySection({ path: "h.ndjson", lines, cutOff }, own)!;
}

test("historySection() draws each lane over time, and has the same as a table", () => {
  const own = sourceOn(3, [TCP, TLS]);
  const { picture } = sectionOf(linesOn([2, 0, 1], [TCP, TLS]), [own]);
  const [chart, ...others] = picture.charts;
  assertEquals(others, []);
  assertMatch(chart!.svg, /4 starts from 2026-01-01 00:00:00 to 2026-01-04 00:00:00 UTC/);
  const text = /<desc[^>]*>(.*?)<\/desc>/.exec(chart!.svg)![1]!;
  assertMatch(text, /tcp-sync from 144 µs to 187 µs/);
  assertMatch(text, /tls-sync-openssl from \S+ ms to \S+ ms/);
  const [{ head, rows }] = picture.tables as [typeof picture.tables[0]];
  assertEquals(head.slice(0, 4), ["started (UTC)", "netpairs", "Deno", "OpenSSL"]);
  assertEquals(rows.map(([start, , , , tcp]) => [start, tcp]), [
    ["2026-01-01 00:00:00", "144"],
    ["2026-01-02 00:00:00", "158"],
    ["2026-01-03 00:00:00", "173"],
    ["2026-01-04 00:00:00 (this report)", "187"],
  ]);
});

test("historySection() marks the report's own runs where the history has them already, too", () => {
  const own = sourceOn(1, [TCP]);
  const lines = linesOn([0, 1, 2], [TCP]);
  const { picture } = sectionOf(lines, [own]);
  const marked = picture.tables[0]!.rows.map(([start]) => start!.includes("(this report)"));
  assertEquals(marked, [false, true, false]);
});

test("historySection() keeps machines, modes, kinds of I/O and ends apart", () => {
  const once = { ...TCP, connect: "once" } as const;
  const async = { ...TCP, io: "async" } as const;
  const server = { ...TCP, role: "server" } as const;
  const lines = [
    ...linesOn([0, 1], [TCP, once, async], "pi"),
    ...linesOn([0, 1], [server], "pi"),
    ...linesOn([0, 1], [TCP], "pi").map((line) => ({ ...line, rate: 100 })),
    ...linesOn([0, 1], [TCP]),
  ];
  const { picture } = sectionOf(lines, [sourceOn(2, [TCP])]);
  assertEquals(new Set(picture.charts.map(({ title }) => title)).size, 6);
  const captions = picture.tables.map(({ caption }) => caption);
  for (
    const part of [
      "stays open",
      "(async)",
      "as the server saw it",
      "100 messages a second",
      "machine 1",
      "machine 2",
    ]
  ) {
    assert(captions.some((caption) => caption.includes(part)), part);
  }
  const machines = picture.tables.at(-1)!;
  // The report's own machine is the first one in the rest of the report.
  assertEquals(machines.rows.map(([number, name]) => [number, name]), [["1", "bench"], [
    "2",
    "pi",
  ]]);
});

test("historySection() takes a machine with other programs for the same one", () => {
  const own = sourceOn(2, [TCP]);
  own.document.environment.deno = "3.0.0";
  const { picture } = sectionOf(linesOn([0, 1], [TCP]), [own]);
  assertEquals(picture.charts.length, 1);
  assertEquals(picture.tables[0]!.rows.map(([, , deno]) => deno), ["2.9.6", "2.9.6", "3.0.0"]);
});

test("historySection() of a first run has a table, and says why there is no chart", () => {
  const { picture, paragraphs } = sectionOf([], [sourceOn(0, [TCP])]);
  assertEquals([picture.charts.length, picture.tables[0]!.rows.length], [0, 1]);
  assertMatch(paragraphs.join(), /a chart wants two/);
});

test("historySection() says what was cut off, and leaves runs without figures out", () => {
  const [good, bad] = linesOn([0, 1], [TCP]);
  const lines = [good!, { ...bad!, p50Us: null }, { ...bad!, startedAt: "2026-99-99T00:00:00.0Z" }];
  const { picture, paragraphs } = sectionOf(lines, [sourceOn(2, [TCP])], [2]);
  assertMatch(paragraphs.join(), /line 2 was cut off/);
  assertEquals(picture.tables[0]!.rows.length, 2);
  assertEquals(historySection({ path: "h", lines: lines.slice(1), cutOff: [] }, []), null);
});

test("historySection() shows the newest starts of a long history, and says how many there are", () => {
  const days = Array.from({ length: 230 }, (_, day) => day);
  const { picture, paragraphs } = sectionOf(linesOn(days, [TCP]), [sourceOn(230, [TCP])]);
  const { rows } = picture.tables[0]!;
  assertEquals([rows.length, rows[0]![0]], [200, "2026-02-01 00:00:00"]);
  assertMatch(paragraphs.join(), /newest 200 starts are shown; there are 31 more/);
});
