import { RunError, UsageError } from "../../common/base/errors.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { ROOT } from "../lib/children.ts";
import { appendHistory, historyLines, parseHistory, readHistory, sayCutOff } from "./history.ts";
import type { Source } from "./jobs.ts";
import type { Line } from "./ndjson.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [100, 999] };
const UDP: FakeRun = { protocol: "udp", io: "sync", sizes: [100] };

/** A document of a day in January. */
function sourceOn(day: number, fakes: readonly FakeRun[] = [TCP, UDP]): Source {
  const document = fakeDocument(fakes.map(fakeRun));
  document.startedAt = `2026-01-${String(day).padStart(2, "0")}T12:00:00.000Z`;
  return { path: "", folder: "", document, logs: fakes.map(() => null) };
}

const linesOn = (day: number, fakes?: readonly FakeRun[]) => historyLines([sourceOn(day, fakes)]);

Deno.test("historyLines() are the clients' for all sizes, the servers' where there are no clients", () => {
  const server = { ...TCP, role: "server" } as const;
  const both = linesOn(1, [TCP, server, UDP]);
  assertEquals(both.map(({ lane, role, sizeBytes }) => [lane, role, sizeBytes]), [
    ["tcp-sync", "client", null],
    ["udp-sync", "client", null],
  ]);
  assertEquals(linesOn(1, [server]).map(({ role, sizeBytes }) => [role, sizeBytes]), [
    ["server", null],
  ]);
});

Deno.test("historyLines() keeps documents apart that a report puts together", () => {
  const lines = historyLines([sourceOn(1), sourceOn(2)]);
  assertEquals(lines.map(({ startedAt, rounds }) => [startedAt.slice(8, 10), rounds]), [
    ...[["01", 1], ["01", 1], ["02", 1], ["02", 1]],
  ]);
});

Deno.test("appendHistory() adds what is new, and the same document only once", async () => {
  await using folder = await folderWith();
  const path = folder.path("h.ndjson");
  assertEquals([appendHistory(path, linesOn(1)), appendHistory(path, linesOn(2))], [2, 2]);
  const text = await Deno.readTextFile(path);
  assertEquals([appendHistory(path, linesOn(1)), appendHistory(path, linesOn(2))], [0, 0]);
  assertEquals(await Deno.readTextFile(path), text);
  assertEquals((await readHistory(path, false)).lines, [...linesOn(1), ...linesOn(2)]);
});

const OTHERS: Record<string, Partial<Line>> = {
  "start": { startedAt: "2026-01-01T12:00:00.001Z" },
  "lane": { lane: "tcp-async", io: "async" },
  "end": { role: "server" },
  "connect mode": { connect: "once" },
  "resumption": { resume: true },
  "trace": { traced: true },
  "direction": { reply: false },
  "answer": { expectEcho: true },
  "number of clients": { clients: 2 },
  "rate": { rate: 100 },
  "machine": { hostname: "other" },
  "processor": { cpu: null },
};

for (const [what, change] of Object.entries(OTHERS)) {
  Deno.test(`appendHistory() takes a line of another ${what} for another`, async () => {
    await using folder = await folderWith();
    const [line] = linesOn(1);
    assertEquals(appendHistory(folder.path("h"), [line!]), 1);
    assertEquals(appendHistory(folder.path("h"), [{ ...line!, ...change }]), 1);
  });
}

Deno.test("appendHistory() takes a line that does not say so for one of a run without trace", async () => {
  await using folder = await folderWith();
  const [line] = linesOn(1);
  const { traced, ...earlier } = line!;
  assertEquals(traced, false);
  await Deno.writeTextFile(folder.path("h"), `${JSON.stringify(earlier)}\n`);
  assertEquals(appendHistory(folder.path("h"), [line!]), 0);
});

Deno.test("appendHistory() takes a line of other programs and figures for the same", async () => {
  await using folder = await folderWith();
  const [line] = linesOn(1);
  assertEquals(appendHistory(folder.path("h"), [line!]), 1);
  const again = { ...line!, deno: "3.0.0", version: "0.2.0", p50Us: 1, rounds: 7 };
  assertEquals(appendHistory(folder.path("h"), [again]), 0);
});

const CUT: Record<string, (last: string) => string> = {
  "in its middle": (last) => last.slice(0, 100),
  "within its first name": (last) => last.slice(0, 5),
  "within a character": (last) => `${last.slice(0, 40)}\ufffd`,
  "and filled up with zeros": (last) => `${last.slice(0, 100)}${"\0".repeat(300)}`,
  "and is zeros alone": () => "\0".repeat(400),
};

for (const [how, cut] of Object.entries(CUT)) {
  Deno.test(`appendHistory() keeps a last line that was cut off ${how}, and begins a new one`, async () => {
    await using folder = await folderWith();
    const path = folder.path("h");
    appendHistory(path, linesOn(1));
    const [one, two] = (await Deno.readTextFile(path)).split("\n");
    const there = `${one}\n${cut(two!)}`;
    await Deno.writeTextFile(path, there);
    // The line that was lost is added again.
    assertEquals(appendHistory(path, linesOn(1)), 1);
    assertEquals(appendHistory(path, linesOn(2)), 2);
    assert((await Deno.readTextFile(path)).startsWith(`${there}\n{"startedAt":`));
    const { lines, cutOff } = await readHistory(path, false);
    assertEquals(cutOff, [2]);
    assertEquals(lines.map(({ lane, startedAt }) => [lane, startedAt.slice(8, 10)]), [
      ...[["tcp-sync", "01"], ["udp-sync", "01"], ["tcp-sync", "02"], ["udp-sync", "02"]],
    ]);
  });
}

Deno.test("appendHistory() begins a new line after a whole one without its end", async () => {
  await using folder = await folderWith();
  const path = folder.path("h");
  appendHistory(path, linesOn(1));
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).trimEnd());
  assertEquals(appendHistory(path, [...linesOn(1), ...linesOn(2)]), 2);
  const { lines, cutOff } = await readHistory(path, false);
  assertEquals([lines.length, cutOff], [4, []]);
});

Deno.test("appendHistory() that finds the disk full says so, and what it left is passed over", async () => {
  await using folder = await folderWith();
  const path = folder.path("h");
  const { writeSync } = Deno.FsFile.prototype;
  let calls = 0;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    if (calls++ > 0) throw Object.assign(new Error("os error 28"), { code: "ENOSPC" });
    return writeSync.call(this, bytes.subarray(0, 50));
  };
  try {
    const error = assertThrows(() => void appendHistory(path, linesOn(1)), RunError);
    assertEquals(error.message, `cannot write ${path}: there is no space left on the device`);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assertEquals(appendHistory(path, linesOn(1)), 2);
  const { lines, cutOff } = await readHistory(path, false);
  assertEquals([lines, cutOff], [linesOn(1), [1]]);
});

const [LINE] = linesOn(1);
const FOREIGN: Record<string, [text: string, line: number]> = {
  "notes": ["# My own notes\n", 1],
  "a result document": [JSON.stringify(sourceOn(1).document, null, 2), 2],
  "a result document in one line": [`${JSON.stringify(sourceOn(1).document)}\n`, 1],
  "a log": ["startUs,durationUs,step\n", 1],
  "lines of something else": ['{"startedAt":"2026-01-01T00:00:00.0Z"}\n', 1],
  "a number": ["7\n", 1],
  "a line with a lane that is none": [`${JSON.stringify({ ...LINE, lane: "<b>" })}\n`, 1],
  "a line with a time that is none": [`${JSON.stringify({ ...LINE, p50Us: "7" })}\n`, 1],
  "lines, and then notes": [`${JSON.stringify(LINE)}\nnotes`, 2],
};

for (const [what, [text, number]] of Object.entries(FOREIGN)) {
  Deno.test(`appendHistory() refuses a file with ${what}, and leaves it as it is`, async () => {
    await using folder = await folderWith({ "h": text });
    const path = folder.path("h");
    const error = assertThrows(() => void appendHistory(path, linesOn(1)), UsageError);
    assertEquals(
      error.message,
      `${path}: line ${number} is none of a history of netpairs; name another file`,
    );
    assertEquals(await Deno.readTextFile(path), text);
  });
}

Deno.test("parseHistory() takes what a later version adds, and lines of single sizes", () => {
  const text = [{ ...LINE, more: [1] }, { ...LINE, sizeBytes: 100 }].map((line) =>
    `${JSON.stringify(line)}\n`
  ).join("\n");
  assertEquals(parseHistory(text, "h").lines.length, 2);
});

Deno.test("readHistory() wants a file, which may be missing where one is begun", async () => {
  await using folder = await folderWith();
  const path = folder.path("h");
  assertEquals(await readHistory(path, true), { path, lines: [], cutOff: [] });
  const refused = async (path: string, isNew: boolean) =>
    (await assertRejects(() => readHistory(path, isNew), UsageError)).message;
  assertEquals(await refused(path, false), `cannot read ${path}: no such file`);
  assertEquals(await refused(folder.dir, true), `cannot read ${folder.dir}: it is no file`);
});

Deno.test("sayCutOff() names the lines", () => {
  assertEquals(sayCutOff([3]), "line 3 was cut off");
  assertEquals(sayCutOff([3, 7, 9]), "lines 3, 7 and 9 were cut off");
});

/** Adds to a history as often as its argument says, from a process of its own. */
const PROGRAM = `
  import { appendHistory } from "./tools/report/history.ts";
  const [path, text, machine] = Deno.args;
  const line = JSON.parse(text);
  for (let i = 0; i < 40; i++) {
    const startedAt = new Date(Date.UTC(2026, 0, 1, 0, 0, i)).toISOString();
    // One of them is the others', too.
    const hostname = i === 0 ? "all" : machine;
    appendHistory(path, [{ ...line, startedAt, hostname, failure: "x".repeat(20_000) }]);
  }
`;

Deno.test("appendHistory() of several processes at once mixes no lines, and adds none twice", async () => {
  await using folder = await folderWith();
  const path = folder.path("h");
  const ends = ["a", "b", "c"].map((machine) =>
    new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", PROGRAM, "--", path, JSON.stringify(LINE), machine],
      ...{ cwd: ROOT, stdout: "null", stderr: "piped" },
    }).output()
  );
  for (const { code, stderr } of await Promise.all(ends)) {
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  }
  const { lines, cutOff } = await readHistory(path, false);
  assertEquals([lines.length, cutOff], [1 + 3 * 39, []]);
  assertMatch(lines.map(({ hostname }) => hostname).join(" "), /\ba\b.*\bc\b|\bc\b.*\ba\b/);
});
