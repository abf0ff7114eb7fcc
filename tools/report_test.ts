import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { runHere } from "../common/testing/run_here.ts";
import { compare } from "./compare.ts";
import { ROOT } from "./lib/children.ts";
import { report as reportHere } from "./report.ts";
import { type Folder, folderWith } from "../common/testing/folder.ts";
import type { Finished } from "../common/testing/own_certificates.ts";
import {
  documentOf,
  fakeDocument,
  fakeLog,
  type FakeRun,
  fakeRun,
  fitted,
} from "./report/testdata/documents.ts";
import { tracedDocument } from "./report/testdata/handshakes.ts";
import { testWithCharts as test } from "./report/testing/with_charts.ts";

const TCP: FakeRun = { protocol: "tcp", io: "async", sizes: [100, 999] };

/** Runs the report in a folder with files, with the permissions of its task. */
async function report(files: Record<string, string>, ...args: string[]) {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-report-" });
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(join(dir, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(dir, name), text);
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-read=.", "--allow-write=."],
      ...[join(ROOT, "tools", "report.ts"), ...args],
    ],
    cwd: dir,
  }).output();
  const decoder = new TextDecoder();
  return {
    dir,
    ...{ code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) },
    read: (name: string) => Deno.readTextFile(join(dir, name)),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

/** Runs the report in this process, on such files in a folder. */
async function reportOf(folder: Folder, args: string[]): Promise<Finished> {
  const paths = args.map((arg) => /^(\w+\.json|empty|site)$/.test(arg) ? folder.path(arg) : arg);
  const { code, stdout, stderr } = await runHere(reportHere, paths);
  return { code, stdout, stderr: stderr.replaceAll(folder.path("/"), "") };
}

const LOG = fakeLog(TCP, 5);

test("report takes the newest folder of results, with its logs", async () => {
  await using made = await report({
    "results/2026-01-30T12-00-00.000Z/result.json": documentOf(1),
    "results/2026-01-31T12-00-00.000Z/result.json": JSON.stringify(fakeDocument([
      fitted(fakeRun(TCP), LOG),
    ])),
    "results/2026-01-31T12-00-00.000Z/tcp-async-client.csv": LOG,
    "results/2026-02-01T12-00-00.000Z/tcp-async-client.csv": "cut off",
  });
  const folder = "results/2026-01-31T12-00-00.000Z";
  assertEquals([made.code, made.stderr], [0, ""]);
  const files = ["report.html", "report.md", "averages.csv"].map((name) => join(folder, name));
  assertEquals(made.stdout.trim().split("\n"), files);
  assertMatch(await made.read(files[2]!), /^tcp-async,client,.*,100,send,4,[\d.]+,log$/m);
  assertMatch(await made.read(files[1]!), /^# What a message costs/);
  assert(!(await made.read(files[0]!)).includes("documents alone"));
});

test("report --out takes several documents, and works without logs", async () => {
  const made = await report(
    { "a.json": documentOf(2), "b/result.json": documentOf(3) },
    ...["a.json", "b", "--out", "site"],
  );
  await using _ = made;
  assertEquals([made.code, made.stderr], [0, ""]);
  const markdown = await made.read("site/report.md");
  assertMatch(markdown, /made from the documents alone/i);
  assertMatch(markdown, /^\| tcp-async \| 5 \|/m);
});

for (const name of ["report.md", "report.html", "averages.csv"]) {
  test(`report replaces its own ${name}, and no other file of that name`, async () => {
    const args = ["a.json", "--out", "site"];
    const path = `site/${name}`;
    await using folder = await folderWith({ "a.json": documentOf(1), [path]: "" });
    const again = await reportOf(folder, args);
    assertEquals([again.code, again.stderr], [0, ""]);
    const own = await Deno.readTextFile(folder.path(path));
    await Deno.writeTextFile(folder.path("a.json"), documentOf(2));
    const replaced = await reportOf(folder, args);
    assertEquals(replaced.code, 0, replaced.stderr);
    assert(await Deno.readTextFile(folder.path(path)) !== own);
    const text = "# My own notes\n";
    await Deno.writeTextFile(folder.path(path), text);
    const made = await reportOf(folder, args);
    assertEquals(made.code, 1);
    assertMatch(made.stderr, /it is there already, and no report of this program's; move it away/);
    assertEquals(await Deno.readTextFile(folder.path(path)), text);
  });
}

test("report of servers' runs alone says that there are no round trips", async () => {
  const runs = [fakeRun({ ...TCP, role: "server" })];
  await using made = await report({ "a.json": JSON.stringify(fakeDocument(runs)) }, "a.json");
  assertEquals([made.code, made.stderr], [0, ""]);
  assertMatch(await made.read("report.md"), /no round trips in these documents/);
  assertMatch(await made.read("averages.csv"), /^tcp-async,server,/m);
});

test("report --compare exits with 1 on a regression beyond the bound, else with 0", async () => {
  const files = { "a.json": documentOf(6), "b.json": documentOf(6, 1.3) };
  await using worse = await report(files, "--compare", "a.json", "b.json", "--json", "-");
  assertEquals([worse.code, worse.stderr], [1, ""]);
  const { lanes, boundPercent } = JSON.parse(worse.stdout);
  assertEquals(boundPercent, 10);
  assertEquals(lanes[0].changes[0].verdict, "slower");
  await using within = await report(files, "--compare", "a.json", "b.json", "--bound", "40");
  assertEquals(within.code, 0);
  assertMatch(within.stdout, /^tcp-async .* \+30\.0 .* slower$/m);
  await using same = await report(files, "--compare", "a.json", "a.json");
  assertEquals(same.code, 0);
  assertMatch(same.stdout, /^tcp-async .* unchanged$/m);
});

test("report leaves out a log that is not the run's, and says so", async () => {
  await using folder = await folderWith({
    "result.json": JSON.stringify(fakeDocument([fakeRun(TCP)])),
    "tcp-async-client.csv": LOG,
  });
  const { code, stderr } = await runHere(reportHere, [folder.dir]);
  assertEquals([code, stderr], [0, ""]);
  const markdown = await Deno.readTextFile(folder.path("report.md"));
  assertMatch(markdown, /Not the logs of these runs, and left out: .*tcp-async-client\.csv\./);
  assertMatch(await Deno.readTextFile(folder.path("averages.csv")), /,document$/m);
});

test("report writes over nothing that it reads, and counts no measurement twice", async () => {
  const text = documentOf(1);
  await using folder = await folderWith({ "result.json": text, "copy/result.json": text });
  await Deno.symlink(folder.path("result.json"), folder.path("link.json"));
  const refused = async (...args: string[]) => {
    const { code, stderr } = await runHere(reportHere, args);
    assertEquals(code, 2, stderr);
    assertEquals(await Deno.readTextFile(folder.path("result.json")), text);
    return stderr;
  };
  const path = folder.path("result.json");
  for (const out of ["result.json", "link.json"]) {
    assertMatch(
      await refused(path, "--ndjson", folder.path(out)),
      /^error: --ndjson .*: it is the document .*result\.json, too; name another file$/m,
    );
  }
  const h = folder.path("h.ndjson");
  assertMatch(await refused(path, "--append", h, "--ndjson", h), /it is --append, too/);
  assertMatch(await refused(path, folder.path("copy")), /the same measurement as .*name each once/);
  const compared = await runHere(compare, [path, folder.path("copy"), "--json", path]);
  assertEquals([compared.code, await Deno.readTextFile(path)], [2, text]);
});

test("report says how to permit a folder that is not this one", async () => {
  await using other = await folderWith({ "result.json": documentOf(1) });
  await using refused = await report({}, other.dir);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertMatch(
    refused.stderr,
    /^error: permission missing: read access to \S+; .*--allow-read=\.,DIR/,
  );
  await using unwritten = await report({ "a.json": documentOf(1) }, "a.json", "--out", other.dir);
  assertEquals(unwritten.code, 1);
  assertMatch(
    unwritten.stderr,
    /^error: permission missing: read access to \S+; for another folder/,
  );
});

Deno.test({
  sanitizeOps: false,
  sanitizeResources: false,
  name: "report makes its folder for its owner alone",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using made = await report({ "a.json": documentOf(1) }, "a.json", "--out", "new/site");
    assertEquals([made.code, made.stderr], [0, ""]);
    for (const name of ["new", "new/site"]) {
      assertEquals(Deno.statSync(join(made.dir, name)).mode! & 0o777, 0o700, name);
    }
  },
});

test("report --mermaid prints the handshakes, and refuses documents without before it writes", async () => {
  const traced = JSON.stringify(tracedDocument());
  await using folder = await folderWith({
    "a.json": traced,
    "b.json": documentOf(1),
    "site/x": "",
  });
  const { code, stdout, stderr } = await reportOf(folder, ["a.json", "--mermaid"]);
  assertEquals([code, stderr], [0, "report.html\nreport.md\naverages.csv\n"]);
  assertMatch(stdout, /^## tls-async-openssl, TLS 1\.2: first handshake\n\n```mermaid\nsequenceD/);
  const refused = await reportOf(folder, ["b.json", "--mermaid", "--out", "site"]);
  assertEquals([refused.code, refused.stdout], [2, ""]);
  assertMatch(refused.stderr, /^error: --mermaid: no handshake was traced .* --trace/);
  assertEquals([...Deno.readDirSync(folder.path("site"))].length, 1);
  const both = await reportOf(folder, ["a.json", "--mermaid", "--ndjson", "-"]);
  assertEquals(both.code, 2);
  assertMatch(both.stderr, /--mermaid does not go with --ndjson -: both would be printed/);
});

test("report --ndjson - has stdout for itself, and says elsewhere what it has written", async () => {
  await using folder = await folderWith({ "a.json": documentOf(2) });
  const { code, stdout, stderr } = await reportOf(folder, ["a.json", "--ndjson", "-"]);
  assertEquals([code, stderr], [0, "report.html\nreport.md\naverages.csv\n"]);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ lane, sizeBytes, rounds }) => [lane, sizeBytes, rounds]), [
    ...["tcp-async", "udp-async"].flatMap((lane) =>
      [100, 999, null].map((size) => [lane, size, 2])
    ),
  ]);
  const path = folder.path("figures.ndjson");
  const filed = await reportOf(folder, ["a.json", "--ndjson", path]);
  assertEquals([filed.code, filed.stderr], [0, ""]);
  assertEquals(await Deno.readTextFile(path), stdout);
});

test("report --append begins a history, adds to it once and draws it, as --history does", async () => {
  const later = documentOf(1, 1.1).replace("2026-01-31T", "2026-02-01T");
  await using folder = await folderWith({ "a.json": documentOf(1), "b.json": later });
  const path = folder.path("history.ndjson");
  for (const name of ["a.json", "b.json", "b.json"]) {
    const made = await reportOf(folder, [name, "--append", path]);
    assertEquals([made.code, made.stderr], [0, ""]);
  }
  const text = await Deno.readTextFile(path);
  assertEquals(text.split("\n").length, 5);
  const drawn = await Deno.readTextFile(folder.path("report.md"));
  assertMatch(
    drawn,
    /## Over time[^]*2026-01-31 12:00:00 \|[^]*2026-02-01 12:00:00 \(this report\)/,
  );
  const again = await reportOf(folder, ["b.json", "--history", path]);
  assertEquals([again.code, again.stderr], [0, ""]);
  assertEquals(await Deno.readTextFile(folder.path("report.md")), drawn);
  assertEquals(await Deno.readTextFile(path), text);
});

test("report refuses a file that is no history before it writes anything", async () => {
  for (const option of ["--append", "--history"]) {
    await using folder = await folderWith({ "a.json": documentOf(1), "notes.txt": "my notes\n" });
    const made = await reportOf(folder, ["a.json", option, folder.path("notes.txt")]);
    assertEquals([made.code, made.stdout], [2, ""]);
    assertMatch(made.stderr, /^error: notes\.txt: line 1 is none of a history of netpairs; .*\n$/);
    assertEquals(await Deno.readTextFile(folder.path("notes.txt")), "my notes\n");
    assertEquals([...Deno.readDirSync(folder.dir)].map(({ name }) => name).sort(), [
      "a.json",
      "notes.txt",
    ]);
  }
});

test("report says which line of a history was cut off, and uses the rest", async () => {
  await using folder = await folderWith({ "a.json": documentOf(1), "h": '{"startedAt":"2026' });
  const made = await reportOf(folder, ["a.json", "--append", folder.path("h")]);
  assertEquals([made.code, made.stderr], [0, "warning: h: line 1 was cut off; the rest is used\n"]);
  assertMatch(
    await Deno.readTextFile(folder.path("h")),
    /^\{"startedAt":"2026\n\{"startedAt":"2026-01-31/,
  );
});

const WRONG: [string, Record<string, string>, string[], RegExp][] = [
  ["a missing file", {}, ["no.json"], /^error: cannot read no\.json: no such file$/],
  [
    "an empty folder",
    { "empty/y.txt": "" },
    ["empty"],
    /^error: cannot read empty\/result\.json: no such file;/,
  ],
  ["no JSON", { "a.json": "lane,role" }, ["a.json"], /^error: a\.json: not JSON; /],
  ["another document", { "a.json": "[1]" }, ["a.json"], /^error: a\.json: not a result document/],
  ["null", { "a.json": "null" }, ["a.json"], /^error: a\.json: not a result document/],
  [
    "another version",
    { "a.json": documentOf(1).replace('"schemaVersion":1', '"schemaVersion":2') },
    ["a.json"],
    /^error: a\.json: schemaVersion 2; this version reads 1, use the one that wrote it$/,
  ],
  [
    "a spoilt document",
    { "a.json": documentOf(1).replace('"sizeBytes":100', '"sizeBytes":"<b>"') },
    ["a.json"],
    /^error: a\.json: \/runs\/0\/sizes\/0\/sizeBytes must be integer; /,
  ],
  [
    "no runs",
    { "a.json": JSON.stringify(fakeDocument([])) },
    ["a.json"],
    /^error: a\.json: there are no runs in it; measure again$/,
  ],
  [
    "a spoilt log",
    { "a.json": documentOf(1), "x.csv": fakeLog(TCP, 2).replace(",send,", ",sing,") },
    ["a.json"],
    /^error: x\.csv: line \d+: not a line of a step log; remove the file to go without it$/,
  ],
  ["an unknown option", {}, ["--everything"], /^error: unknown option "--everything"; /],
  ["one document to compare", {}, ["--compare", "a.json"], /^error: --compare wants two documents/],
  ["a bound alone", {}, ["--bound", "5"], /^error: --bound goes with --compare$/],
  [
    "--append with --compare",
    {},
    ["--compare", "a", "b", "--append", "c"],
    /^error: --append does not go /,
  ],
  ["a history of stdin", {}, ["--history", "-"], /^error: --history -: a file's name is wanted$/],
  [
    "a missing history",
    { "a.json": documentOf(1) },
    ["a.json", "--history", "h"],
    /^error: cannot read h: no such file$/,
  ],
  [
    "--results with --compare",
    {},
    ["--compare", "a", "b", "--results", "c"],
    /^error: --results does not go /,
  ],
  ["a bound of nothing", {}, ["--max", "p99"], /^error: --max p99: no bound; use p99=5ms, /],
  ["no bound", {}, ["--compare", "a", "b", "--bound", "x"], /^error: --bound x: a whole number /],
];

for (const [what, files, args, line] of WRONG) {
  test(`report refuses ${what} in one line, with exit code 2`, async () => {
    await using folder = await folderWith(files);
    const { code, stdout, stderr } = await reportOf(folder, args);
    assertEquals([code, stdout], [2, ""], stderr);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
    assertMatch(stderr.trim(), line);
  });
}

test("report refuses a project without results in one line, with exit code 2", async () => {
  await using made = await report({});
  assertEquals([made.code, made.stdout], [2, ""]);
  assertMatch(
    made.stderr,
    /^error: there are no results in results; make one with: deno task demo.*\n$/,
  );
});

test("report that cannot write says so in one line, with exit code 1", async () => {
  await using made = await report(
    { "a.json": documentOf(1), "taken": "" },
    "a.json",
    "--out",
    "taken",
  );
  assertEquals(made.code, 1);
  assertMatch(made.stderr, /^error: cannot make the folder taken: .*\n$/);
});

test("report --help shows its options", async () => {
  const made = await runHere(reportHere, ["--help"]);
  assertEquals(made.code, 0);
  assertMatch(made.stdout, / --compare [^]* --bound PERCENT/);
});
