import { dirname, join } from "../../common/base/std.ts";
import { LOG_COLUMNS } from "../../common/measure/step_log.ts";
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { findProgram, type Program } from "../../common/testing/programs.ts";
import { ROOT } from "../lib/children.ts";
import { COLUMNS } from "../report/averages.ts";
import { appendHistory, historyLines } from "../report/history.ts";
import { linesOf } from "../report/ndjson.ts";
import {
  fakeDocument,
  fakeLog,
  type FakeRun,
  fakeRun,
  fitted,
} from "../report/testdata/documents.ts";
import { tracedRun } from "../report/testdata/handshakes.ts";
import { writeReport } from "../report/write.ts";

const PAGE = Deno.readTextFileSync(join(ROOT, "docs", "tools.md"));

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [100, 999] };

const LOG = fakeLog(TCP, 20);
const DOCUMENT = fakeDocument([
  fitted(fakeRun(TCP), LOG),
  fakeRun({ ...TCP, role: "server" }),
  tracedRun("tls12"),
]);

/** What the names in the first column of a section's table are. */
function namesIn(section: string): string[] {
  const text = PAGE.split(/^## /m).find((text) => text.startsWith(`${section}\n`))!;
  const cells = [...text.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
}

Deno.test("docs/tools.md has all columns of logs, averages and NDJSON, in their order", () => {
  assertEquals(namesIn("The step log"), LOG_COLUMNS.split(","));
  assertEquals(namesIn("averages.csv"), COLUMNS);
  const [line] = linesOf([{ path: "", folder: "", document: DOCUMENT, logs: [] }]);
  assertEquals(namesIn("NDJSON"), Object.keys(line!));
});

/** A Python that has pandas; it takes a second to say so. */
function findPandas(): string | null {
  if (findProgram("bash") === null) return null;
  const pythons = [findProgram("python3"), "/usr/bin/python3"].filter((path) => path !== null);
  return pythons.find((path) =>
    new Deno.Command("bash", {
      args: ["-c", '"$0" -c "import pandas"', path],
      ...{ stdout: "null", stderr: "null" },
    }).outputSync().success
  ) ?? null;
}

const pandas = findPandas();

/** Why a line cannot be run here, to stand in its test's name; empty where it can. */
function missingFor(line: string): string {
  const programs: Program[] = ["jq", "gnuplot", "duckdb"];
  const used = programs.filter((program) => new RegExp(`(^|[|] )${program} `).test(line));
  const missing = ["bash" as const, ...used].filter((program) => findProgram(program) === null);
  const lacks = line.startsWith("python3 ") && pandas === null ? ["pandas"] : [];
  const all = [...missing, ...lacks];
  return all.length > 0 ? ` (not tested: ${all.join(" and ")} is missing)` : "";
}

/** Runs a line in a folder of results. */
async function runIn(dir: string, line: string) {
  const path = Deno.env.get("PATH")!;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-o", "pipefail", "-c", line],
    cwd: dir,
    env: { PATH: pandas === null ? path : `${dirname(pandas)}:${path}` },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function resultsFolder() {
  const folder = await folderWith({
    "result.json": JSON.stringify(DOCUMENT),
    "tcp-sync-client.csv": LOG,
  });
  // Of a single point in time there is nothing to draw.
  const before = { ...DOCUMENT, startedAt: "2026-01-30T12:00:00.000Z" };
  const lines = historyLines([{ path: "", folder: "", document: before, logs: [] }]);
  appendHistory(folder.path("history.ndjson"), lines);
  await writeReport([folder.dir], {
    ndjson: folder.path("figures.ndjson"),
    append: folder.path("history.ndjson"),
    hgrm: true,
  });
  return folder;
}

const lines = [...PAGE.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) =>
  block!.trim().split("\n")
);

Deno.test("docs/tools.md has a line for each tool and kind of file", () => {
  const files = ["tcp-sync-client.csv", "averages.csv", "result.json", "figures.ndjson"];
  for (const file of [...files, "history.ndjson"]) {
    const tools = file.endsWith("csv") ? [] : ["jq"];
    for (const tool of ["python3", "duckdb", "gnuplot", ...tools]) {
      assert(lines.some((line) => line.includes(file) && line.includes(`${tool} -`)), file);
    }
  }
});

for (const [i, line] of lines.entries()) {
  const missing = missingFor(line);
  const tool = line.includes("gnuplot -e") ? "gnuplot" : line.split(" ")[0]!;
  Deno.test({
    name: `docs/tools.md, line ${i + 1}, works with ${tool}${missing}`,
    ignore: missing !== "",
    // The charts' library starts timers of its own, which a test's end does not wait for.
    ...{ sanitizeOps: false, sanitizeResources: false },
    fn: async () => {
      await using folder = await resultsFolder();
      const { code, stdout, stderr } = await runIn(folder.dir, line);
      assertEquals([code, stderr], [0, ""], line);
      const [, picture] = /set output "(.*?)"/.exec(line) ?? [];
      if (picture === undefined) {
        assertMatch(stdout, /tcp-sync|receive|Percentile|ClientHello/);
        assertMatch(stdout, /\d{2,}/);
      } else {
        const svg = await Deno.readTextFile(folder.path(picture));
        // One point is the legend's.
        assert(svg.split("xlink:href='#gpPt").length > 2, `${line}: ${svg.slice(0, 200)}`);
      }
    },
  });
}
