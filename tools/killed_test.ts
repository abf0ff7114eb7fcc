/** kill -9: a document is whole or is not there, logs can be reported, and no child lives on. */
import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { argumentsOf, cannotMakeTrouble, childrenOf, killHard } from "../common/testing/trouble.ts";
import { within } from "../common/testing/within.ts";
import { ROOT } from "./lib/children.ts";
import { readDocument as readAnything } from "./report/documents.ts";
import { laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { endingOf, startRunAll } from "../common/testing/run_all.ts";

/** So often each program is killed, each time at another moment. */
const KILLS = 2;

/** Long enough for a program to start, to run and to end. */
const WITHIN_MS = 700;

const ignore = cannotMakeTrouble();

const LANE = laneNamed("tcp-async");
const OPTIONS = ["--sizes", "100,200", "--repeat", "60", "--connect", "once"];

/** Programs that are killed are no hosts of others. */
const OWN = { ownProcess: true };

/** Waits for a moment of its own; what it was is said. */
async function someMoment(): Promise<void> {
  const ms = Math.random() * WITHIN_MS;
  console.log(`killed after ${ms.toFixed(0)} ms`);
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A document that was there before, or one of the run: whole in any case. */
async function assertWhole(path: string, old: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  if (text !== old) readDocument(text);
}

/** Whole lines of a log make a document, whatever its end. */
async function assertReadable(csv: string): Promise<void> {
  const lines = (await Deno.readTextFile(csv)).split("\n").length;
  if (lines < 3) return;
  const { document } = await readAnything(csv);
  assertEquals(document.runs.map(({ lane }) => lane), [LANE.name]);
  assert(document.runs[0]!.sizes.length > 0);
}

for (const killed of ["client", "server"] as const) {
  Deno.test(`A ${killed} that is killed leaves a whole document, and a log that can be read`, async () => {
    await using place = await Workplace.make();
    const [json, csv] = [place.path("a.json"), place.path("a.csv")];
    const old = `{ "an": "older document" }\n`;
    await Deno.writeTextFile(json, old);
    for (let i = 0; i < KILLS; i++) {
      await Deno.writeTextFile(csv, "");
      const kept = (role: string) =>
        role === killed ? ["--json", json, "--csv", csv, "--wait-ms", "1"] : [];
      const { port, process } = await place.serve(LANE, [...OPTIONS, ...kept("server")], OWN);
      const client = place.start(LANE, "client", [
        ...[...OPTIONS, ...kept("client"), "--port", String(port)],
      ], OWN);
      await someMoment();
      (killed === "client" ? client : process).kill("SIGKILL");
      (killed === "client" ? process : client).kill("SIGTERM");
      await Promise.all([client.ended, process.ended]);
      await assertWhole(json, old);
      await assertReadable(csv);
    }
  });
}

/** Starts one of the tools, and kills it at some moment, unless it has ended by then. */
async function killSome(script: string, ...args: string[]): Promise<void> {
  const child = startTool(script, args);
  const ended = endingOf(child);
  await someMoment();
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await ended;
}

function startTool(script: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...TOOLS, join(ROOT, script), ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const TOOLS = ["--allow-read", "--allow-write", "--allow-sys=hostname"];

Deno.test({
  name: "certs/generate.ts that is killed is followed by one that makes all files",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    for (let i = 0; i < KILLS; i++) {
      const dir = place.path(`${i}`);
      const renews = i % 2 === 1;
      if (renews) await endingOf(startTool("certs/generate.ts", ["--dir", dir]));
      const force = renews ? ["--force"] : [];
      await killSome("certs/generate.ts", "--dir", dir, ...force);
      const { code, stderr } = await endingOf(startTool("certs/generate.ts", ["--dir", dir]));
      assertEquals([code, stderr], [0, ""]);
      // What was killed before it began to replace anything may leave a name of its own behind.
      const names = [...Deno.readDirSync(dir)].map(({ name }) => name)
        .filter((name) => !/^\.netpairs-.*\.tmp$/.test(name));
      assertEquals(names.length, 6, names.join());
    }
  },
});

Deno.test({
  name: "report that is killed leaves whole files, and the next one writes all of them",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "20", "--lanes", LANE.name];
    assertEquals((await endingOf(startRunAll(place, args))).code, 0);
    const dir = folderOf(place)!;
    const files = ["report.html", "report.md", "averages.csv"].map((name) => join(dir, name));
    const good = files.map((file) => Deno.readTextFileSync(file));
    for (let i = 0; i < KILLS; i++) {
      // An older report bears the program's mark, without which a file would be left alone.
      const old = good.map((text) => i % 2 === 0 ? `${text}an older one\n` : null);
      for (const [j, file] of files.entries()) {
        if (old[j] === null) await Deno.remove(file);
        else await Deno.writeTextFile(file, old[j]!);
      }
      await killSome("tools/report.ts", dir);
      const left = files.map((file) => readIfThere(file));
      assert(left.every((text, i) => text === good[i] || text === old[i]), left.join());
      const { code, stderr } = await endingOf(startTool("tools/report.ts", [dir]));
      assertEquals([code, stderr], [0, ""]);
      assertEquals(files.map((file) => readIfThere(file)), good);
    }
  },
});

function readIfThere(file: string): string | null {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return null;
  }
}

/** Each kind of I/O, with and without libssl; one of them is killed at a time. */
const KILLED_LANES = ["tcp-spin", "dtls-sync-openssl", "tls-async-rustls"];

/** More than any machine exchanges before it is killed; a log is written after each size. */
const ENDLESS = [
  ...["--sizes", Array.from({ length: 400 }, (_, i) => 100 + i).join(","), "--repeat", "2000"],
  ...["--connect", "once"],
];

for (const lane of KILLED_LANES) {
  Deno.test({
    name: `run_all that is killed leaves no child of ${lane}, and logs that can be reported`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const runAll = startRunAll(place, [...ENDLESS, "--lanes", lane]);
      await within(until(() => linesOf(place, `${lane}-client.csv`) > 2));
      await someMoment();
      const children = childrenOf(runAll.pid);
      assertEquals(children.length, 2);
      runAll.kill("SIGKILL");
      await runAll.status;
      await within(until(() => children.every((pid) => argumentsOf(pid) === "")));
      await endingOf(runAll);
      const dir = folderOf(place)!;
      const files = [...Deno.readDirSync(dir)].map(({ name }) => name);
      assertEquals(files.filter((name) => !name.endsWith(".csv")), []);
      const report = startTool("tools/report.ts", [dir, "--out", place.path("report")]);
      const { code, stderr } = await endingOf(report);
      assertEquals([code, stderr], [0, ""]);
      const page = await Deno.readTextFile(place.path("report/report.md"));
      assertMatch(page, /Partial: .*its logs: there is no document/);
      assertMatch(page, new RegExp(`^\\| ${lane} \\| `, "m"));
    },
  });
}

/** Where run_all has begun to write; null where it has not begun. */
function folderOf(place: Workplace): string | null {
  try {
    const [folder] = Deno.readDirSync(place.path("results"));
    return folder ? place.path(`results/${folder.name}`) : null;
  } catch {
    return null;
  }
}

function linesOf(place: Workplace, log: string): number {
  try {
    return Deno.readTextFileSync(join(folderOf(place)!, log)).split("\n").length;
  } catch {
    return 0;
  }
}

Deno.test({
  name: "run_all ends a lane whose server has gone at once, and says so in a line",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    const lanes = "tcp-async,udp-async";
    const args = ["--sizes", "100", "--seconds", "600", "--connect", "once", "--lanes", lanes];
    const runAll = startRunAll(place, args);
    const find = (name: string) =>
      childrenOf(runAll.pid).find((pid) => argumentsOf(pid).includes(`${name}.ts`));
    for (const lane of ["tcp", "udp"]) {
      await within(until(() => find(join(lane, "client")) !== undefined));
      killHard(find(join(lane, "server"))!);
    }
    const { code, stderr } = await within(endingOf(runAll));
    assertEquals(code, 1);
    assertMatch(stderr, /^error: all 2 lanes: the server has gone: .*SIGKILL$/m);
  },
});

Deno.test("A script ends in order when its stdin does, with --end-with-stdin", async () => {
  await using place = await Workplace.make();
  const csv = place.path("client.csv");
  await Deno.writeTextFile(csv, "");
  const { port, process } = await place.serve(LANE, ["--forever"]);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-net", "--allow-read", "--allow-write"],
      ...[join(ROOT, "tcp/client.ts"), "--end-with-stdin", "--seconds", "600", "--quiet"],
      ...["--wait-ms", "1", "--sizes", "100", "--port", String(port), "--json", "-"],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdin.close();
  const { code, stdout, stderr } = await within(endingOf(child));
  assertEquals([code, stderr], [130, "interrupted; the results are partial\n"]);
  assertEquals(readDocument(stdout).complete, false);
  process.kill("SIGTERM");
  await process.ended;
});
