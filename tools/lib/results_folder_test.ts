import { RunError } from "../../common/base/errors.ts";
import { basename } from "../../common/base/std.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import {
  captureName,
  isCapture,
  isResultsFolder,
  jobName,
  logName,
  logStem,
  makeFolder,
  readLogName,
} from "./results_folder.ts";

const START = new Date("2026-01-31T12:00:00.000Z");

Deno.test("makeFolder() never gives two runs the same folder, whenever they begin", async () => {
  await using place = await folderWith();
  const folders = await Promise.all(Array.from({ length: 5 }, () => makeFolder(place.dir, START)));
  assertEquals(folders.map((folder) => basename(folder)).sort(), [
    "2026-01-31T12-00-00.000Z",
    ...[2, 3, 4, 5].map((no) => `2026-01-31T12-00-00.000Z-${no}`),
  ]);
});

Deno.test({
  name: "makeFolder() lets the owner alone look into what it makes",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using place = await folderWith();
    const folder = await makeFolder(place.path("a/results"), START);
    for (const path of [place.path("a"), place.path("a/results"), folder]) {
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o700, path);
    }
  },
});

Deno.test("makeFolder() says where no folder can be made", async () => {
  await using place = await folderWith({ file: "" });
  const results = place.path("file/results");
  const error = await assertRejects(() => makeFolder(results, START), RunError);
  assertEquals(error.message.startsWith(`cannot make the folder ${results}/`), true);
});

Deno.test("isResultsFolder() knows the names that makeFolder() gives, and no others", () => {
  for (const name of ["2026-01-31T12-00-00.000Z", "2026-01-31T12-00-00.000Z-12"]) {
    assertEquals(isResultsFolder(name), true, name);
  }
  for (
    const name of [
      "",
      "notes",
      "2026-01-31",
      "2026-01-31T12-00-00.000Z-",
      "a2026-01-31T12-00-00.000Z",
    ]
  ) {
    assertEquals(isResultsFolder(name), false, name);
  }
});

Deno.test("readLogName() tells what logName() was given", () => {
  for (const [resume, kept] of [[false, false], [true, false], [false, true]] as const) {
    for (const round of [1, 2, 10]) {
      const stem = logStem(jobName("tls-async-openssl", resume), kept);
      const name = logName(stem, "client", round);
      assertEquals(readLogName(`results-resumed-3.csv/${name}`), { resume, kept, round }, name);
    }
  }
  assertEquals(readLogName("a-log.csv"), { resume: false, kept: false, round: 1 });
});

Deno.test("isCapture() knows the names that captures and their keys get", () => {
  const name = captureName("dtls-sync-openssl-resumed", START);
  assertEquals(name, "2026-01-31T12-00-00.000Z-dtls-sync-openssl-resumed.pcapng");
  const stem = name.replace(".pcapng", "");
  for (const end of [".pcapng", ".pcap", ".keys"]) assertEquals(isCapture(stem + end), true, end);
  for (const other of [stem, `${stem}.csv`, `my ${name}`, "run.pcapng"]) {
    assertEquals(isCapture(other), false, other);
  }
});
