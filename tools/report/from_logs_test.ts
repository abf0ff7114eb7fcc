import { UsageError } from "../../common/base/errors.ts";
import { join } from "../../common/base/std.ts";
import { LOG_COLUMNS } from "../../common/measure/step_log.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { newestFolder, readDocument } from "./documents.ts";
import { fakeLog, type FakeRun } from "./testdata/documents.ts";
import { folderWith } from "../../common/testing/folder.ts";

const TCP: FakeRun = { protocol: "tcp", io: "async", sizes: [100] };
const DTLS: FakeRun = { protocol: "dtls", io: "spin", engine: "openssl", sizes: [100, 999] };

/** Lines of a log, each `lane role duration step client size no lost`. */
function logOf(...lines: string[]): string {
  const rows = lines.map((line) => {
    const [lane, role, us, step, ...rest] = line.split(" ");
    return `2000000.0,${us},${step},${lane},${role},${rest.join(",")}\n`;
  });
  return `${LOG_COLUMNS}\n${rows.join("")}`;
}

Deno.test("readDocument() makes a document of the logs in a folder that has none", async () => {
  await using folder = await folderWith({
    "tcp-async-client.csv": fakeLog(TCP, 3),
    "tcp-async-client-2.csv": fakeLog(TCP, 4),
    "dtls-spin-openssl-resumed-client.csv": fakeLog({ ...DTLS, resume: true }, 5).slice(0, -20),
    "notes.csv": "a,b\n",
    // A server that no client has come to.
    "idle.csv": logOf("tcp-async server 10 listen 0 0 0 0"),
  });
  const { document, madeOf } = await readDocument(folder.dir);
  assertEquals(document.complete, false);
  assertEquals(
    document.runs.map(({ lane, role, resume, connect, reply, sizes }) => [
      ...[lane, role, resume, connect, reply],
      sizes.map(({ sizeBytes, sent, answered }) => [sizeBytes, sent, answered].join()).join(" "),
    ]),
    [
      ["dtls-spin-openssl", "client", true, "message", true, "100,5,5 999,5,5"],
      ["tcp-async", "client", false, "message", true, "100,3,3"],
      ["tcp-async", "client", false, "message", true, "100,4,4"],
    ],
  );
  assertEquals(madeOf?.length, 3);
});

Deno.test("readDocument() tells lost messages, one connection, clients and a one-way run", async () => {
  const client = (line: string) => `udp-sync client ${line}`;
  const server = (line: string) => `tcp-sync server ${line}`;
  await using folder = await folderWith({
    "a.csv": logOf(
      ...["10 send 0 100 0 0", "20 receive 0 100 0 0", "10 send 1 100 0 1", "99 receive 1 100 0 1"]
        .map(client),
    ),
    "b.csv": logOf(...["10 receive 0 100 0 0", "10 receive 0 100 1 0"].map(server)),
  });
  const { document: { runs, startedAt } } = await readDocument(folder.dir);
  assertEquals(startedAt, "1970-01-01T00:00:02.000Z");
  const [udp, tcp] = runs;
  assertEquals([udp?.clients, udp?.reply, udp?.sizes[0]?.lost], [2, true, 1]);
  assertEquals([tcp?.connect, tcp?.reply, tcp?.sizes[0]?.sent], ["once", false, null]);
  // Datagrams tell nothing of it: it is what the other lanes say.
  assertEquals(udp?.connect, "once");
});

Deno.test("readDocument() tells a connection for each size", async () => {
  const messages = [0, 1, 2].flatMap((no) => [
    ...(no === 0 ? [`10 connect 0 100 ${no} 0`] : []),
    ...[`10 send 0 100 ${no} 0`, `20 receive 0 100 ${no} 0`],
    ...(no === 2 ? [`10 close 0 100 ${no} 0`] : []),
  ]);
  await using folder = await folderWith({
    "tcp-async-client.csv": logOf(...messages.map((line) => `tcp-async client ${line}`)),
  });
  assertEquals((await readDocument(folder.dir)).document.runs[0]?.connect, "size");
});

Deno.test("readDocument() takes one log for a document, and refuses one of no lane", async () => {
  await using folder = await folderWith({
    "tcp-async-client.csv": fakeLog(TCP, 3),
    "other.csv": logOf("tcp-telepathy client 10 send 0 100 0 0"),
  });
  const { document } = await readDocument(join(folder.dir, "tcp-async-client.csv"));
  assertEquals(document.runs.map(({ lane }) => lane), ["tcp-async"]);
  await assertRejects(
    () => readDocument(join(folder.dir, "other.csv")),
    UsageError,
    "no lane of this version has such a log: tcp-telepathy",
  );
});

Deno.test("newestFolder() takes a folder with logs alone, and none without", async () => {
  await using folder = await folderWith({});
  for (const name of ["1", "2", "3"]) await Deno.mkdir(join(folder.dir, name));
  await Deno.writeTextFile(join(folder.dir, "1", "result.json"), "{}");
  await Deno.writeTextFile(join(folder.dir, "2", "tcp-async-client.csv"), fakeLog(TCP, 3));
  assertEquals(await newestFolder(folder.dir), join(folder.dir, "2"));
});
