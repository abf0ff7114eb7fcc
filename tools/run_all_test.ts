import { assert, assertEquals, assertMatch, assertThrows } from "../common/testing/assert.ts";
import { UsageError } from "../common/errors.ts";
import { join } from "../common/std.ts";
import { ROOT } from "./children.ts";
import { JOBS, parseRunAll } from "./run_all.ts";
import { readDocument, Workplace } from "./testing.ts";

const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-sys=hostname,cpus", "--allow-run"];

function start(place: Workplace, words: string[], env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...PERMISSIONS, join(ROOT, "tools/run_all.ts")],
      ...["--certs", place.path("."), "--results", place.path("results"), ...words],
    ],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ending(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The one folder of results, and what is in it. */
async function resultsOf(place: Workplace) {
  const folders = await Array.fromAsync(Deno.readDir(place.path("results")), ({ name }) => name);
  assertEquals(folders.length, 1);
  const folder = join(place.path("results"), folders[0]!);
  const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return { folder, files: files.sort() };
}

const SMALL = ["--sizes", "100,999", "--repeat", "4"];

Deno.test("run_all runs every lane and writes one document that fits the schema", async () => {
  await using place = await Workplace.make();
  const { code, stdout, stderr } = await ending(start(place, SMALL));
  assertEquals(code, 0, stderr);
  const { folder, files } = await resultsOf(place);
  const logs = JOBS.flatMap(({ name }) => [`${name}-client.csv`, `${name}-server.csv`]);
  assertEquals(files, [...logs, "result.json"].sort());
  const document = readDocument(await Deno.readTextFile(join(folder, "result.json")));
  assertEquals(document.complete, true);
  assertEquals(
    document.runs.map((run) => `${run.lane} ${run.role} ${run.resume}`),
    JOBS.flatMap(({ lane: { name }, resume }) => [
      `${name} client ${resume}`,
      `${name} server ${resume}`,
    ]),
  );
  for (const { name, lane, resume } of JOBS) {
    const row = stdout.split("\n").find((line) => line.startsWith(`${name} `)) ?? "";
    assertMatch(row, resume ? /^\S+ +8\/8 +0 +7 +[\d.]+ / : /^\S+ +8\/8 +0 +- +[\d.]+ /);
    assertEquals(/TLSv1\.[23] +\S+$/.test(row), lane.engine !== null, row);
  }
});

Deno.test("run_all shows the lanes that work where one fails, and exits with 1", async () => {
  await using place = await Workplace.make();
  const words = [...SMALL, "--lanes", "tcp-async,dtls-async-openssl-resumed", "--json", "-"];
  const env = { NETPAIRS_LIBSSL: "/nowhere/libssl.so.3" };
  const { code, stdout, stderr } = await ending(start(place, words, env));
  assertEquals(code, 1);
  assertMatch(stderr, /^error: dtls-async-openssl-resumed: OpenSSL 3 is missing .*install/m);
  const document = readDocument(stdout);
  assertEquals(document.complete, false);
  assertEquals(document.runs[0]?.lane, "tcp-async");
  assertEquals(document.runs[0]?.sizes.map((size) => size.answered), [4, 4]);
});

Deno.test("run_all --server and --client run one side each", async () => {
  await using place = await Workplace.make();
  const port = String(20_000 + Math.floor(Math.random() * 10_000));
  const lanes = ["--lanes", "tcp-async,udp-async", "--port", port];
  const servers = start(place, [...SMALL, ...lanes, "--server"]);
  const decoder = new TextDecoder();
  let said = "";
  for await (const bytes of servers.stderr.values({ preventCancel: true })) {
    said += decoder.decode(bytes);
    if (said.match(/listening on/g)?.length === 2) break;
  }
  await using clients = await Workplace.make();
  const { code, stdout, stderr } = await ending(start(clients, [...SMALL, ...lanes, "--client"]));
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^tcp-async +8\/8 +0 /m);
  await Promise.all([servers.stdout.cancel(), servers.stderr.cancel()]);
  assertEquals((await servers.status).code, 0);
  assertEquals((await resultsOf(place)).files, [
    "result.json",
    "tcp-async-server.csv",
    "udp-async-server.csv",
  ]);
});

Deno.test("run_all keeps what was measured on Ctrl-C", async () => {
  await using place = await Workplace.make();
  const child = start(place, ["--sizes", "100", "--repeat", "100000", "--json", "-"]);
  await Deno.mkdir(place.path("results"), { recursive: true });
  const watcher = Deno.watchFs(place.path("results"), { recursive: true });
  for await (const { paths } of watcher) {
    if (paths.some((path) => path.endsWith("-client.csv"))) break;
  }
  child.kill("SIGINT");
  const { code, stdout } = await ending(child);
  assertEquals(code, 130);
  const document = readDocument(stdout);
  assertEquals(document.complete, false);
  assert(document.runs.length <= 2, "no lane begins after Ctrl-C");
});

Deno.test("parseRunAll() refuses words that do not go together", () => {
  for (const words of [["--server", "--client"], ["--quick", "--sizes", "100"], ["--port", "1"]]) {
    assertThrows(() => parseRunAll(words), UsageError);
  }
  assertThrows(() => parseRunAll(["--lanes", "tcp"]), UsageError, "there are tcp-async");
  assertThrows(() => parseRunAll(["--sizes", "abc"]), UsageError, "no whole number of bytes");
  assertThrows(() => parseRunAll(["--sizes", "31"]), UsageError, "at least 32 bytes");
  assertThrows(() => parseRunAll(["--sizes", "65508"]), UsageError, "on UDP");
});

Deno.test("parseRunAll() takes the whole plan, and the small one with --quick", () => {
  const [whole, quick] = [parseRunAll([]), parseRunAll(["--quick"])];
  assert(whole !== "help" && quick !== "help");
  assertEquals([whole.messages, quick.messages], [2200, 200]);
});
