import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { jobsOf } from "../report/jobs.ts";
import { fakeDocument, type FakeRun, fakeRun, fullDocument } from "../report/testdata/documents.ts";
import { formatSummary } from "./summary.ts";

type Document = ReturnType<typeof fakeDocument>;

const summaryOf = (document: Document) =>
  formatSummary(jobsOf([{ path: "", folder: "", document, logs: [] }]));

const fakes = (...all: FakeRun[]) => fakeDocument(all.map(fakeRun));

/** The line of a lane. */
function rowOf(text: string, name: string): string {
  const row = text.split("\n").find((line) => line.startsWith(`${name} `));
  assert(row !== undefined, `${name} in\n${text}`);
  return row;
}

Deno.test("formatSummary() fits 80 columns, with all lanes, five rounds and one-way runs", () => {
  const text = summaryOf(fullDocument());
  const longest = Math.max(...text.split("\n").map((line) => line.length));
  assert(longest <= 80, `${longest}\n${text}`);
  assertMatch(text, /^lane +opening resumed message +p99 +x TCP spread +CPU$/m);
  assertMatch(text, /^lane +sent +lost +messages\/s +MB\/s$/m);
  assertMatch(text, /On the event loop, opening costs [\s\S]+ after that a message\scosts /);
});

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [100] };
const DTLS: FakeRun = { protocol: "dtls", engine: "openssl", io: "sync", sizes: [100] };
const kept = (fake: FakeRun): FakeRun => ({ ...fake, connect: "once" });

Deno.test("formatSummary() has one row a lane, with both modes and a bar of what opening costs", () => {
  const udp: FakeRun = { protocol: "udp", io: "sync", sizes: [100], connect: "once" };
  const resumed = { ...DTLS, resume: true };
  const text = summaryOf(fakes(TCP, DTLS, resumed, kept(TCP), kept(DTLS), udp));
  const [tcp, dtls] = [rowOf(text, "tcp-sync"), rowOf(text, "dtls-sync-openssl")];
  assertMatch(tcp, /^tcp-sync +144 µs +- 79\.9 µs +173 µs +- #+$/);
  assertMatch(dtls, /^dtls-sync-openssl 3\.17 ms +943 µs 93\.8 µs +203 µs +1\.17 #+$/);
  const bars = [tcp, dtls].map((row) => /#+$/.exec(row)![0].length);
  assertEquals(Math.round(bars[1]! * 144 / 3170), bars[0]);
  assertMatch(rowOf(text, "udp-sync"), /^udp-sync +- +- [\d.]+ µs +[\d.]+ µs +0\.85\d?$/);
  assertMatch(text, /each further message on an\s+open connection/);
});

Deno.test("formatSummary() has more percentiles, and no column twice, of one mode alone", () => {
  const text = summaryOf(fakes(TCP, DTLS));
  assertMatch(text, /^lane +opening +p90 +p99 +x TCP/);
  assertMatch(rowOf(text, "dtls-sync-openssl"), / 3\.17 ms 3\.92 ms 6\.86 ms +22\.0 #+$/);
  assertMatch(summaryOf(fakes(kept(TCP))), /^lane +message +p90 +p99/);
});

Deno.test("formatSummary() says where a lane has failed, and counts what was lost", () => {
  const document = fakes(kept(TCP), kept(DTLS));
  document.runs[0]!.sizes[0]!.lost = 7;
  Object.assign(document.runs[1]!, { failure: "no answer", sizes: [] });
  delete document.runs[1]!.allSizes;
  const text = summaryOf(document);
  assertMatch(rowOf(text, "tcp-sync"), / 7 #+$/);
  assertMatch(rowOf(text, "dtls-sync-openssl"), /^dtls-sync-openssl( +-)+ failed$/);
  assertMatch(text, /Lost: 7\.00 % on tcp-sync\. Failed: dtls-sync-openssl\.$/);
});

Deno.test("formatSummary() shows what servers alone have seen", () => {
  const text = summaryOf(fakes({ ...TCP, role: "server" }, { ...DTLS, role: "server" }));
  assertMatch(
    rowOf(text, "dtls-sync-openssl"),
    /^dtls-sync-openssl +message +100 +0 +3\.01 ms +1\.96 ms$/,
  );
  assertMatch(text, /what the servers saw/);
});
