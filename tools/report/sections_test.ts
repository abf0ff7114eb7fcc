/** What the sections say of made-up documents: of lanes that failed, of loss, of servers alone. */
import type { ResultDocument, RunResult } from "../../common/measure/result.ts";
import type { TracedHandshake } from "../../common/measure/traced_handshake.ts";
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { ALL_SIZES } from "./all_sizes.ts";
import { buildReport } from "./build.ts";
import type { Section } from "./content.ts";
import { jobsOf, type Source } from "./jobs.ts";
import type { LogFigures } from "./logs.ts";
import type { Part } from "./panels.ts";
import { shareSection } from "./sections/share.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";
import { tracedDocument, tracedRun } from "./testdata/handshakes.ts";
import { testWithCharts as test } from "./testing/with_charts.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync" };
const TLS: FakeRun = { protocol: "tls", io: "sync", engine: "openssl" };
const DTLS: FakeRun = { protocol: "dtls", io: "sync", engine: "openssl" };

function sourceOf(runs: RunResult[], logs: (LogFigures | null)[] = []): Source {
  return { path: "a.json", folder: ".", document: fakeDocument(runs), logs };
}

function sectionsOf(...documents: ResultDocument[]): Map<string, Section> {
  const sources = documents.map((document): Source => ({
    ...{ path: "a.json", folder: ".", document, logs: [] },
  }));
  const { sections } = buildReport(sources, jobsOf(sources), null);
  return new Map(sections.map((section) => [section.id, section]));
}

function failed(fake: FakeRun, failure: string): RunResult {
  const { allSizes: _, cpu: __, ...run } = fakeRun(fake);
  return { ...run, security: null, sizes: [], failure };
}

test("a lane that failed says so in the charts, in the tables and in a table of its own", () => {
  const rounds = [1, 2].map(() => fakeRun(TCP));
  const tls = [fakeRun(TLS), failed(TLS, "no answer within 5000 ms")];
  const dtls = [failed(DTLS, "connection refused"), failed(DTLS, "the server ended")];
  const sections = sectionsOf(fakeDocument([...rounds, ...tls, ...dtls], false));
  const steps = sections.get("mode1-steps")!.picture;
  for (const chart of steps.charts) {
    assertMatch(chart.svg, /, failed in 1 of 2 rounds<\/text>/);
    assertMatch(chart.svg, />tls-sync-openssl: failed in 1 of 2 rounds<\/text>/);
    assertMatch(chart.svg, />failed<\/text>/);
  }
  const names = [
    "tcp-sync",
    "tls-sync-openssl (failed in 1 of 2 rounds)",
    "dtls-sync-openssl (failed)",
  ];
  for (const id of ["mode1-steps", "mode1-share", "mode1-cpu"]) {
    assertEquals(sections.get(id)!.picture.tables[0]!.rows.map(([name]) => name), names, id);
  }
  const [table] = sections.get("method")!.picture.tables;
  assertEquals([table!.caption, table!.rows], ["What failed", [
    ["tls-sync-openssl", "message", "client", "2", "no answer within 5000 ms"],
    ["dtls-sync-openssl", "message", "client", "1", "connection refused"],
    ["dtls-sync-openssl", "message", "client", "2", "the server ended"],
  ]]);
});

test("a document of failed lanes alone is a report, too", () => {
  const sections = sectionsOf(fakeDocument([failed(TCP, "<why>")], false));
  assertEquals(sections.get("method")!.picture.tables[0]!.rows[0]!.at(-1), "<why>");
});

/** Five hundred messages of each size. */
function logOf(...sizes: number[]): LogFigures {
  return new Map(sizes.map((sizeBytes) => [sizeBytes, {
    sizeBytes,
    messagesUs: Array.from({ length: 500 }, (_, i) => 50 + i),
    steps: new Map(),
  }]));
}

function sharesOf(sources: Source[], sizeBytes: number): Section {
  const jobs = jobsOf(sources);
  const part: Part = { id: "a", mode: jobs[0]!, jobs, sizeBytes };
  return shareSection(part)!;
}

test("one lane without a log has straight lines, and all others their curves", () => {
  const source = sourceOf([fakeRun(TCP), fakeRun(TLS)], [logOf(100, 999), null]);
  for (const sizeBytes of [999, ALL_SIZES]) {
    const { caption, charts } = sharesOf([source], sizeBytes).picture;
    assertMatch(caption, /from the logs; but of tls-sync-openssl there is not every log/);
    assertMatch(
      charts[0]!.svg,
      /right ends of the lines are tcp-sync 5\d\d µs and tls-sync-openssl/,
    );
  }
});

test("rounds without the size, or without figures, need no log", () => {
  const short = fakeRun({ ...TCP, sizes: [100] });
  const source = sourceOf(
    [fakeRun(TCP), short, failed(TCP, "why")],
    [logOf(100, 999), null, null],
  );
  assertMatch(sharesOf([source], 999).picture.caption, /Every message of all rounds/);
  assertMatch(sharesOf([source], 100).picture.caption, /There are no logs/);
});

/** Both ends, with so many of each size's 100 messages lost, and on which way where that is known. */
function losing(fake: FakeRun, lost: number, toServer?: number): RunResult[] {
  const run = fakeRun(fake);
  const loss = toServer === undefined ? {} : { loss: { toServer, toClient: lost - toServer } };
  return [{ ...run, sizes: run.sizes.map((size) => ({ ...size, lost, ...loss })) }];
}

test("loss is shown by lane, in percent and by direction where that is known", () => {
  const udp: FakeRun = { protocol: "udp", io: "sync", sizes: [100, 999] };
  const dtls = { ...DTLS, sizes: [100, 999] };
  const sections = sectionsOf(
    fakeDocument([...losing(udp, 5, 4), ...losing(dtls, 2), fakeRun(TCP)]),
  );
  const { picture } = sections.get("mode1-loss-by-lane")!;
  assertEquals(picture.tables[0]!.rows, [
    ["tcp-sync", "400", "0", "0", "-", "-"],
    ["udp-sync", "200", "10", "5.00", "8", "2"],
    ["dtls-sync-openssl", "200", "4", "2.00", "-", "-"],
  ]);
  const [chart] = picture.charts;
  for (const name of ["to the server", "to the client", "not known which way"]) {
    assert(chart!.svg.includes(`>${name}</text>`), name);
  }
  assert(!chart!.svg.includes(">tcp-sync<"));
});

test("where nothing was lost, nothing is said of it", () => {
  assert(!sectionsOf(fakeDocument([fakeRun(TCP)])).has("mode1-loss-by-lane"));
});

test("the handshake has round trips and bytes of each lane, and datagrams where there are any", () => {
  const lanes = [TLS, { ...TLS, resume: true }, DTLS];
  const once = lanes.map((lane) => fakeRun({ ...lane, connect: "once" }));
  const sections = sectionsOf(fakeDocument([...once, ...lanes.map(fakeRun), fakeRun(TCP)]));
  const { charts, tables } = sections.get("handshake")!.picture;
  assertEquals(tables[0]!.rows.map(([name, , , , , ...counts]) => [name, ...counts]), [
    ["tls-sync-openssl", "1", "1330", "1416", "-", "-"],
    ["tls-sync-openssl-resumed", "1", "1052", "241", "-", "-"],
    ["dtls-sync-openssl", "3", "1490", "2127", "3", "2"],
  ]);
  // The mode with handshakes in its figures has the time.
  assert(tables[0]!.rows.every(([, p50]) => p50 !== "-"));
  assertEquals(charts.length, 2);
  assert(!sectionsOf(fakeDocument([fakeRun(TCP)])).has("handshake"));
});

test("the handshake has what a network would make of it, TCP's connect among it, and says how", () => {
  const lanes = [TLS, DTLS].map((lane) => fakeRun({ ...lane, sizes: [100] }));
  const section = sectionsOf(fakeDocument(lanes)).get("handshake")!;
  const { head, rows } = section.picture.tables[0]!;
  assertEquals(head.slice(3, 5), ["at 20 ms", "at 100 ms"]);
  // Two and three round trips; a made-up handshake takes 1.9 or 3.1 ms.
  assertEquals(rows.map((row) => row.slice(3, 5)), [["41.9 ms", "202 ms"], ["63.0 ms", "303 ms"]]);
  assertMatch(section.paragraphs[1]!, /is computed, not measured.*TCP's connect.*Loss, bandwidth/);
  const { steps } = lanes[0]!.sizes[0]!;
  assert(steps.connect!.p50! + steps.handshake!.p50! < 2000);
});

test("a traced lane is no round of the one that was not, and is called what it is", () => {
  const plain = fakeRun({ ...TLS, sizes: [100] });
  const traced = fakeRun({ ...TLS, sizes: [100], factor: 3 });
  const document = fakeDocument([plain, { ...traced, handshakes: [] }]);
  const [{ tables: [table] }] = [sectionsOf(document).get("cost1")!.picture];
  assertEquals(table!.rows.map(([name, rounds]) => [name, rounds]), [
    ["tls-sync-openssl", "1"],
    ["tls-sync-openssl-traced", "1"],
  ]);
});

test("the messages of a handshake are there once for all lanes that have the same", () => {
  const section = sectionsOf(tracedDocument()).get("handshake-messages")!;
  const { charts, tables } = section.picture;
  assertEquals(charts.map(({ title }) => title), ["Full handshakes", "Resumed handshakes"]);
  const rows = tables[0]!.rows.filter(([title]) => title === "DTLS 1.2, full");
  assertEquals(rows.slice(0, 2), [
    [
      ...["DTLS 1.2, full", "flight 1, the client's", "-", "154", "1"],
      ...["dtls-async-openssl and dtls-sync-openssl", "ClientHello"],
    ],
    [
      ...["DTLS 1.2, full", "flight 2, the server's", "1", "55", "1"],
      ...["dtls-async-openssl and dtls-sync-openssl", "HelloVerifyRequest"],
    ],
  ]);
  const lossy = tables[0]!.rows.filter((row) => row[5] === "dtls-spin-openssl");
  assert(
    lossy.length > 0 && lossy.every((row) => row[4] === "-"),
    "what was sent again is a doubt",
  );
  assertMatch(
    charts[0]!.svg,
    /<desc[^>]*>TLS 1\.2, full: 2 round trips \+ 1 of TCP.*s connect before data; client: /,
  );
  assertMatch(charts[0]!.svg, /After 3 round trips the client can send data/);
  assertMatch(charts[0]!.svg, /The client waits for the cookie, to show/);
  const after = charts[0]!.svg.split("TLS 1.3, full").at(-1)!.split("DTLS 1.2, full")[0]!;
  const [, data] = after.split("can send data<");
  assertEquals(data!.match(/NewSessionTicket|ApplicationData/g), [
    ...["ApplicationData", "NewSessionTicket", "NewSessionTicket", "ApplicationData"],
  ]);
  assertMatch(charts[0]!.svg, /\* CertificateRequest.*sent again from byte 488 on/s);
  assert(!charts[1]!.svg.includes("mutual authentication"), "nothing is marked that is not there");
  assert(!sectionsOf(fakeDocument([fakeRun(TLS)])).has("handshake-messages"));
});

test("the messages of a handshake say how a resumed one comes to be seen, or what it does", () => {
  const run = tracedRun("tls12");
  const paragraphsOf = (handshakes: TracedHandshake[]) =>
    sectionsOf(fakeDocument([{ ...run, handshakes }])).get("handshake-messages")!.paragraphs;
  const [full, resumed] = run.handshakes!;
  assertMatch(paragraphsOf([full!]).join(), /--lanes tls-async-openssl-resumed;/);
  const both = paragraphsOf([full!, resumed!]).join();
  assertMatch(both, /goes on with the secret of a session before/);
  assert(!both.includes("--lanes"), both);
});

test("the handshake says that its bytes are not those of the messages, where both are there", () => {
  const words = (document: ResultDocument) =>
    sectionsOf(document).get("handshake")!.paragraphs.join();
  assertMatch(words(tracedDocument()), /Bytes are those of whole records here/);
  assert(!words(fakeDocument([fakeRun(TLS)])).includes("whole records here"));
});

test("CPU time stands for both ends of the same lane and mode; what is not known is a dash", () => {
  const server: FakeRun = { ...TCP, role: "server" };
  const { cpu: _, ...unknown } = fakeRun({ ...DTLS, role: "server" });
  const other = fakeRun({ ...TLS, role: "server", connect: "once" });
  const runs = [fakeRun(TCP), fakeRun(server), fakeRun(TLS), other, fakeRun(DTLS), unknown];
  const { tables, charts } = sectionsOf(fakeDocument(runs)).get("mode1-cpu")!.picture;
  const known = tables[0]!.rows.map((row) => row.map((cell) => cell !== "-"));
  assertEquals(known, [[true, true, true, true], ...Array(2).fill([true, true, false, false])]);
  assertMatch(charts[0]!.svg, /ms, the client alone<\/text>/);
});

test("servers alone are shown with what they know, in each mode", () => {
  const servers = [TCP, TLS].map((lane) => fakeRun({ ...lane, role: "server" }));
  const kept = fakeRun({ ...TCP, role: "server", connect: "once" });
  const sections = sectionsOf(fakeDocument([...servers, kept]));
  const [first, second] = ["server1", "server2"].map((id) => sections.get(id)!);
  assertMatch(first!.paragraphs[0]!, /receive includes the wait for the client/);
  const [tcp, tls] = first!.picture.tables[0]!.rows;
  assertEquals(tcp!.slice(0, 5), ["tcp-sync", "1", "400", "0", "-"]);
  assert(tls!.every((cell) => cell !== "-"), tls!.join());
  assertEquals(first!.picture.charts.length, 1);
  assertMatch(second!.paragraphs[0]!, /over one connection that stays open/);
});

test("a server beside its client, on another machine, too, is not shown alone", () => {
  const far = fakeDocument([fakeRun({ ...TCP, role: "server" })]);
  const document = { ...far, environment: { ...far.environment, hostname: "far" } };
  assert(!sectionsOf(fakeDocument([fakeRun(TCP)]), document).has("server1"));
});

test("lanes have the same names in charts and tables, with the machine where there are several", () => {
  const near = fakeDocument([fakeRun(TCP), fakeRun(TLS)]);
  const far = { ...near, environment: { ...near.environment, hostname: "far" } };
  const sections = sectionsOf(near, far);
  for (const id of ["mode1-share", "mode1-steps", "mode1-sizes", "mode1-io-kinds", "mode1-cpu"]) {
    const { picture } = sections.get(id) ?? { picture: { charts: [], tables: [] } };
    const names = picture.tables.flatMap(({ head, rows }) =>
      head[0] === "bytes" ? head.slice(1) : rows.map(([name]) => name!)
    );
    for (const name of names) {
      assertMatch(name, / \[[12]\]$/, id);
      assert(picture.charts.some(({ svg }) => svg.includes(`>${name}</text>`)), `${id}: ${name}`);
    }
  }
});
