import { assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { runHere } from "../../common/testing/run_here.ts";
import { report } from "../report.ts";
import { HGRM_MARK, hgrmFiles } from "./hgrm.ts";
import { jobsOf } from "./jobs.ts";
import { readSources } from "./sources.ts";
import { fakeDocument, fakeLog, type FakeRun, fakeRun, fitted } from "./testdata/documents.ts";

const TCP: FakeRun = { protocol: "tcp", io: "async", sizes: [100, 999] };
const KEPT: FakeRun = { ...TCP, connect: "once" };

const LOGS = [fakeLog(TCP, 10), fakeLog(TCP, 30), fakeLog(KEPT, 5, 3)] as const;

/** Two rounds, one kept connection beside them, and a server without a log. */
const FILES = {
  "result.json": JSON.stringify(
    fakeDocument([
      fitted(fakeRun(TCP), LOGS[0]),
      fitted(fakeRun(KEPT), LOGS[2]),
      fitted(fakeRun(TCP), LOGS[1]),
      fakeRun({ ...TCP, role: "server" }),
    ]),
  ),
  "tcp-async-client.csv": LOGS[0],
  "tcp-async-client-2.csv": LOGS[1],
  "tcp-async-kept-client.csv": LOGS[2],
};

Deno.test("hgrmFiles() has the counted messages of all rounds of each job with a log", async () => {
  await using folder = await folderWith(FILES);
  const files = hgrmFiles(jobsOf(await readSources([folder.dir])));
  const counts = files.map(({ name, text }) => [name, / Total count += +(\d+)\]/.exec(text)![1]]);
  // The first message of a log is warm-up, and each size of the kept connection has a lost one.
  assertEquals(counts, [
    ["tcp-async-client.hgrm", String(19 + 59)],
    ["tcp-async-kept-client.hgrm", String(9 - 2)],
  ]);
  for (const { text } of files) {
    assertEquals(text.trimStart().slice(0, HGRM_MARK.length), HGRM_MARK);
  }
});

Deno.test("hgrmFiles() of several machines have names of their own", async () => {
  const log = { "tcp-async-client.csv": LOGS[0] };
  const document = fakeDocument([fitted(fakeRun(TCP), LOGS[0])]);
  await using one = await folderWith({ ...log, "result.json": JSON.stringify(document) });
  document.environment.hostname = "other";
  await using two = await folderWith({ ...log, "result.json": JSON.stringify(document) });
  const files = hgrmFiles(jobsOf(await readSources([one.dir, two.dir])));
  assertEquals(files.map(({ name }) => name), [
    "tcp-async-client.hgrm",
    "tcp-async-client-2.hgrm",
  ]);
});

Deno.test({
  name: "report --hgrm writes its own files anew, and no other of that name",
  // The charts' library starts timers of its own, which a test's end does not wait for.
  ...{ sanitizeOps: false, sanitizeResources: false },
  fn: async () => {
    await using folder = await folderWith(FILES);
    for (let i = 0; i < 2; i++) {
      const { code, stdout, stderr } = await runHere(report, [folder.dir, "--hgrm"]);
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, /averages\.csv\n.*tcp-async-client\.hgrm\n.*kept-client\.hgrm\n$/);
    }
    const path = folder.path("tcp-async-client.hgrm");
    await Deno.writeTextFile(path, "my notes\n");
    const refused = await runHere(report, [folder.dir, "--hgrm"]);
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /client\.hgrm: it is there already, and no report of this program/);
    assertEquals(await Deno.readTextFile(path), "my notes\n");
  },
});

Deno.test("report --hgrm without a log says so, with exit code 2", async () => {
  await using folder = await folderWith({ "a.json": FILES["result.json"] });
  const { code, stderr } = await runHere(report, [folder.path("a.json"), "--hgrm"]);
  const why = "--hgrm: there are no step logs beside the documents to make it of";
  assertEquals([code, stderr], [2, `error: ${why}\n`]);
});
