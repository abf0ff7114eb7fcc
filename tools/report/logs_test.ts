import { UsageError } from "../../common/base/errors.ts";
import { join } from "../../common/base/std.ts";
import type { RunResult } from "../../common/measure/result.ts";
import { LOG_COLUMNS } from "../../common/measure/step_log.ts";
import { assert, assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { averagesCsv } from "./averages.ts";
import { jobsOf } from "./jobs.ts";
import { figuresOf, logsOf } from "./logs.ts";
import { readMessages } from "./messages.ts";
import { fakeDocument, fakeLog, type FakeRun, fakeRun } from "./testdata/documents.ts";
import { folderWith } from "../../common/testing/folder.ts";

const TCP: FakeRun = { protocol: "tcp", io: "async", sizes: [100] };
const TLS: FakeRun = { protocol: "tls", io: "async", engine: "openssl", sizes: [100] };

/** Lines of a log, each `duration step client size no lost`. */
function logOf(...lines: string[]): string {
  const rows = lines.map((line) => {
    const [us, step, ...rest] = line.split(" ");
    return `1.0,${us},${step},tcp-async,client,${rest.join(",")}\n`;
  });
  return `${LOG_COLUMNS}\n${rows.join("")}`;
}

Deno.test("readMessages() puts the steps of a message together, of several clients, too", () => {
  const text = logOf(
    ...["5 send 0 100 0 0", "7 send 1 100 0 0", "10 receive 1 100 0 0", "20 receive 0 100 0 0"],
    ...["6 send 0 100 0 0", "30 receive 0 100 0 1"],
  );
  const messages = [...readMessages(text)].map(({ totalUs, lost }) => [totalUs, lost]);
  assertEquals(messages, [[25, false], [17, false], [36, false]]);
});

Deno.test("readMessages() tells two passes over the same size apart", () => {
  const totals = (...numbers: number[]) => {
    const lines = numbers.flatMap((no) => [`10 send 0 100 ${no} 0`, `20 receive 0 100 ${no} 0`]);
    return [...readMessages(logOf(...lines))].map(({ no, totalUs }) => [no, totalUs]);
  };
  assertEquals(totals(0, 1, 0, 1), [[0, 30], [1, 30], [0, 30], [1, 30]]);
  // Even where one message is all there is of a size.
  assertEquals(totals(0, 0, 0), [[0, 30], [0, 30], [0, 30]]);
});

Deno.test("readMessages() counts neither the first message of a run nor lost ones", () => {
  const text = logOf(
    ...["5 send 1 100 0 0", "7 send 0 100 0 0", "10 receive 1 100 0 0", "20 receive 0 100 0 0"],
    ...["6 send 0 100 1 1", "9 send 1 100 1 0"],
  );
  assertEquals([...readMessages(text)].map(({ isCounted }) => isCounted), [
    false,
    true,
    false,
    true,
  ]);
});

/** What the logs of runs say. */
async function loggedOf(runs: readonly RunResult[], folder: string) {
  return (await logsOf(runs, folder)).map((log) => log && figuresOf(log.file));
}

Deno.test("averagesCsv() leaves the cold sample and lost messages out", async () => {
  const log = logOf(
    // The steps of setting up, and the time of a size, are no messages'.
    ...["5000 load 0 0 0 0", "7000 session 0 0 0 0"],
    ...["900 send 0 100 0 0", "10 send 0 100 1 0", "9999 send 0 100 2 1", "20 send 0 100 3 0"],
    "30000 size 0 100 0 0",
  );
  await using folder = await folderWith({ "tcp-async-client.csv": log });
  const runs = [fakeRun(TCP)];
  const logs = await loggedOf(runs, folder.dir);
  const document = fakeDocument(runs);
  const csv = averagesCsv(jobsOf([{ path: "", folder: folder.dir, document, logs }]));
  assertEquals(csv.split("\n").slice(1), [
    "tcp-async,client,message,false,true,1,1,100,send,2,15.000,log",
    "tcp-async,client,message,false,true,1,1,100,message,2,15.000,log",
    "",
  ]);
});

Deno.test("logsOf() finds later rounds and resumed lanes by name, and lane and role inside", async () => {
  const resumed = { ...TLS, resume: true };
  await using folder = await folderWith({
    "tcp-async-client.csv": fakeLog(TCP, 3),
    "tcp-async-client-2.csv": fakeLog(TCP, 4),
    "tcp-async-client-10.csv": fakeLog(TCP, 5),
    "tls-async-openssl-client.csv": fakeLog(TLS, 6),
    "tls-async-openssl-resumed-client.csv": fakeLog(resumed, 7),
    "averages.csv": "lane,role\n",
    "notes.txt": "no log",
  });
  const fakes = [TCP, TLS, resumed, TCP, TCP, { ...TCP, role: "server" } as const];
  const logs = await loggedOf(fakes.map(fakeRun), folder.dir);
  const counts = logs.map((log) => log?.get(100)?.messagesUs.length ?? null);
  assertEquals(counts, [2, 5, 6, 3, 4, null]);
});

Deno.test("logsOf() does without logs where it is not clear which run they belong to", async () => {
  await using folder = await folderWith({ "tcp-async-client.csv": fakeLog(TCP, 3) });
  assertEquals(await logsOf([fakeRun(TCP), fakeRun(TCP)], folder.dir), [null, null]);
});

Deno.test("logsOf() reads a log that was cut off, and refuses one that is spoilt", async () => {
  const text = fakeLog(TCP, 5);
  await using folder = await folderWith({ "a.csv": text.slice(0, -20) });
  const [log] = await loggedOf([fakeRun(TCP)], folder.dir);
  assertEquals(log!.get(100)!.messagesUs.length, 4);
  await Deno.writeTextFile(join(folder.dir, "a.csv"), text.replace(",send,", ",sing,"));
  const error = await assertRejects(
    async () => void await loggedOf([fakeRun(TCP)], folder.dir),
    UsageError,
    "not a line of a step log",
  );
  assert(error.message.startsWith(join(folder.dir, "a.csv")));
});
