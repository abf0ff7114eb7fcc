import { assert, assertEquals } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { checkRooms, MAX_LINES, roomOf, type SourceFile } from "./check.ts";
import { readFiles } from "./files.ts";
import { FLOORS, ROOF } from "./plan.ts";

/** Files with what they import. */
function files(imports: Record<string, string[]>): SourceFile[] {
  return Object.entries(imports).map(([path, imports]) => ({ path, imports, lines: 10 }));
}

Deno.test("checkRooms() lets arrows lead downwards, and into the same room", () => {
  const found = checkRooms(files({
    "tools/report.ts": ["tools/report/write.ts", "common/base/errors.ts"],
    "tools/report/write.ts": ["tools/report/page.ts"],
    "tools/report/page.ts": [],
    "common/base/errors.ts": [],
  }));
  assertEquals(found, []);
});

Deno.test("checkRooms() says which arrow leads upwards", () => {
  const found = checkRooms(files({
    "common/base/errors.ts": ["common/cli/options.ts"],
    "common/cli/options.ts": [],
  }));
  assertEquals(found, [
    "common/base/errors.ts -> common/cli/options.ts: common/base may not use common/cli, which " +
    "stands above it",
  ]);
});

Deno.test("checkRooms() says which arrow leads to a room on the same floor", () => {
  const found = checkRooms(files({ "tcp/client.ts": ["udp/client.ts"], "udp/client.ts": [] }));
  assertEquals(found, [
    "tcp/client.ts -> udp/client.ts: tcp may not use udp, which stands beside it",
  ]);
});

Deno.test("checkRooms() lets only tests use what is for tests", () => {
  const testing = { "common/testing/assert.ts": [] };
  const from = (path: string) => files({ [path]: ["common/testing/assert.ts"], ...testing });
  assertEquals(checkRooms(from("tcp/client_test.ts")), []);
  assertEquals(checkRooms(from("tcp/client.ts")), [
    "tcp/client.ts -> common/testing/assert.ts: tcp may not use tests, which only tests may use",
  ]);
});

Deno.test("checkRooms() shows a circle once, the shortest way round", () => {
  const found = checkRooms(files({
    "common/base/a.ts": ["common/base/b.ts", "common/base/d.ts"],
    "common/base/b.ts": ["common/base/c.ts"],
    "common/base/c.ts": ["common/base/a.ts"],
    "common/base/d.ts": [],
  }));
  assertEquals(found, [
    "circle: common/base/a.ts -> common/base/b.ts -> common/base/c.ts -> common/base/a.ts",
  ]);
});

Deno.test("checkRooms() finds files that are too long, and files without a room", () => {
  const found = checkRooms([
    { path: "tcp/long.ts", lines: MAX_LINES + 1, imports: [] },
    { path: "attic/old.ts", lines: MAX_LINES, imports: [] },
  ]);
  assertEquals(found, [
    "tcp/long.ts has 401 lines: 400 are allowed",
    "attic/old.ts is in no room: give it one in tools/rooms/plan.ts",
  ]);
});

Deno.test("roomOf() takes the longest path that fits", () => {
  assertEquals(roomOf("dtls/client.ts")?.name, "dtls");
  assertEquals(roomOf("dtls/lib/conn.ts")?.name, "dtls/lib");
  assertEquals(roomOf("dtls/mod.ts")?.name, "dtls/lib");
  assertEquals(roomOf("dtls/lib/conn_test.ts"), ROOF);
  assertEquals(roomOf("attic/old.ts"), null);
});

Deno.test("readFiles() finds every file, with what it imports, types too", async () => {
  const found = new Map((await readFiles()).map((file) => [file.path, file]));
  const own = found.get("tools/rooms/check.ts")!;
  assertEquals(own.imports, ["tools/rooms/plan.ts"]);
  assertEquals(own.lines, Deno.readTextFileSync("tools/rooms/check.ts").split("\n").length - 1);
  const started = found.get("common/testing/busy/program.ts")!.imports;
  assert(started.includes("common/testing/busy/worker.ts"), "a worker is started, not imported");
  assertEquals(
    found.get("common/measure/step_log.ts")?.imports.includes("common/measure/outcome.ts"),
    true,
  );
  const empty = FLOORS.flat().filter((room) =>
    ![...found.keys()].some((path) => roomOf(path) === room)
  );
  assertEquals(empty, [], "every room has a file");
});

Deno.test("readFiles() sees what a wrong tree has, whatever its files are called", async () => {
  await using folder = await folderWith({
    "deno.json": "{}",
    "common/base/a.ts": 'import "./b.js";\n',
    "common/base/b.js": 'import "../cli/c.mts";\n',
    "common/cli/c.mts": "await import(`./${Deno.args[0]}.ts`);\n",
    "tools/results/d.ts": "export {};\n".repeat(401),
    "results/e.ts": "",
  });
  assertEquals(checkRooms(await readFiles(folder.dir)), [
    "tools/results/d.ts has 401 lines: 400 are allowed",
    "common/cli/c.mts has an import of an unknown module: a text in quotes is allowed",
    "common/base/b.js -> common/cli/c.mts: common/base may not use common/cli, which stands above it",
  ]);
});

/** What a pair's scripts are written with: the library, and one entry of common/. */
const ENTRIES = ["common/mod.ts", "dtls/mod.ts", "tls/mod.ts"];

Deno.test("The pairs' scripts are short, and written with public functions", async () => {
  const scripts = (await readFiles()).filter(({ path }) =>
    /^(tcp|udp|tls|dtls)\/(client|server)\.ts$/.test(path)
  );
  assertEquals(scripts.length, 8);
  for (const { path, lines, imports } of scripts) {
    const [protocol] = path.split("/");
    const allowed = [...ENTRIES, `${protocol}/blocking.ts`, `${protocol}/rustls/mod.ts`];
    assertEquals(imports.filter((other) => !allowed.includes(other)), [], path);
    assert(
      lines <= 80 && imports.length <= 6,
      `${path}: ${lines} lines, ${imports.length} imports`,
    );
  }
});
