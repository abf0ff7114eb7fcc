import { assert, assertEquals, assertMatch, assertThrows } from "../common/testing/assert.ts";
import { UsageError } from "../common/base/errors.ts";
import { LANES } from "../common/model/lanes.ts";
import { dirname, join } from "../common/base/std.ts";
import { jobsIn } from "./run_all/choose.ts";
import type { Job } from "./run_all/job.ts";
import { parseRunAll } from "./run_all/options.ts";
import { readDocument, Workplace } from "../common/testing/pairs.ts";
import { folderWith } from "../common/testing/folder.ts";
import { freePort } from "../common/testing/free_port.ts";
import { endingOf, startRunAll } from "../common/testing/run_all.ts";

/** The one folder of results, and what is in it. */
async function resultsOf(place: Workplace) {
  const folders = await Array.fromAsync(Deno.readDir(place.path("results")), ({ name }) => name);
  assertEquals(folders.length, 1);
  const folder = join(place.path("results"), folders[0]!);
  const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return { folder, files: files.sort() };
}

async function watch(place: Workplace): Promise<Deno.FsWatcher> {
  await Deno.mkdir(place.path("results"), { recursive: true });
  return Deno.watchFs(place.path("results"), { recursive: true });
}

/** What the report adds. */
const REPORT = ["averages.csv", "report.html", "report.md"];

const SMALL = ["--sizes", "100,999", "--repeat", "4"];

Deno.test("run_all runs every lane in both modes and writes one document that fits the schema", async () => {
  await using place = await Workplace.make();
  const { code, stdout, stderr } = await endingOf(startRunAll(place, SMALL));
  assertEquals(code, 0, stderr);
  const jobs = jobsIn(["message", "once"]).filter(({ lane, resume }) =>
    !resume || lane.io === "async"
  );
  const { folder, files } = await resultsOf(place);
  const logs = jobs.flatMap(({ file }) => [`${file}-client.csv`, `${file}-server.csv`]);
  assertEquals(files, [...logs, "result.json", ...REPORT].sort());
  assertMatch(stderr, new RegExp(`^report: ${join(folder, "report.html")}$`, "m"));
  const document = readDocument(await Deno.readTextFile(join(folder, "result.json")));
  assertEquals(document.complete, true);
  assert(document.warnings!.length > 0, "so few messages are too few for percentiles");
  for (const warning of document.warnings!) {
    assert(stderr.includes(`warning: ${warning}\n`), warning);
  }
  assertEquals(
    document.runs.map((run) => `${run.lane} ${run.role} ${run.resume} ${run.connect}`),
    jobs.flatMap(({ lane: { name }, resume, connect }) =>
      ["client", "server"].map((role) => `${name} ${role} ${resume} ${connect}`)
    ),
  );
  for (const { lane, io, sizes, allSizes, cpu } of document.runs) {
    assertEquals(sizes.map(({ answered }) => answered), [4, 4], lane);
    // The first message is warm-up; where messages of another size go before, that is one of them.
    const counted = io === "async" ? 8 : 7;
    assertEquals([allSizes!.messageUs.n, cpu!.perMessageUs! > 0], [counted, true], lane);
  }
  const lines = stdout.split("\n");
  for (const { name } of LANES) assert(lines.some((line) => line.startsWith(`${name} `)), name);
  assertMatch(stdout, /^On the event loop, opening costs .* after that a\smessage\scosts\s/ms);
});

Deno.test("run_all shows the lanes that work where one fails, and exits with 1", async () => {
  await using place = await Workplace.make();
  const lanes = "tcp-async,tcp-sync,dtls-async-openssl-resumed,dtls-spin-openssl";
  const args = [...SMALL, "--lanes", lanes, "--json", "-"];
  const env = { NETPAIRS_LIBSSL: "/nowhere/libssl.so.3" };
  const { code, stdout, stderr } = await endingOf(startRunAll(place, args, env));
  assertEquals(code, 1);
  const failed = "dtls-async-openssl-resumed and dtls-spin-openssl";
  assertMatch(stderr, new RegExp(`^error: ${failed}: OpenSSL 3 is missing .*install`, "m"));
  const document = readDocument(stdout);
  assertEquals(document.complete, false);
  for (const lane of ["tcp-async", "tcp-sync"]) {
    const client = document.runs.find((run) => run.lane === lane && run.role === "client");
    assertEquals(client?.sizes.map((size) => size.answered), [4, 4]);
  }
});

Deno.test("run_all --trace keeps the handshakes of lanes that can, and draws them in the report", async () => {
  await using place = await Workplace.make();
  const lanes = ["--lanes", "tcp-sync,tls-async-rustls,dtls-sync-openssl-resumed"];
  const args = ["--sizes", "100", "--repeat", "2", "--connect", "message", "--trace", ...lanes];
  const { code, stderr } = await endingOf(startRunAll(place, args));
  assertEquals(code, 0, stderr);
  const { folder } = await resultsOf(place);
  const document = readDocument(await Deno.readTextFile(join(folder, "result.json")));
  const kept = document.runs.map(({ lane, role, handshakes }) => [
    ...[lane, role, handshakes?.map(({ resumed }) => resumed).slice(0, 2)],
  ]);
  assertEquals(kept, [
    ...[["tcp-sync", "client", undefined], ["tcp-sync", "server", undefined]],
    ...[["tls-async-rustls", "client", undefined], ["tls-async-rustls", "server", undefined]],
    ["dtls-sync-openssl", "client", [false, true]],
    ["dtls-sync-openssl", "server", []],
  ]);
  const page = await Deno.readTextFile(join(folder, "report.html"));
  assertMatch(page, /After 3 round trips the client can send data/);
  assertMatch(page, /DTLS 1\.2, resumed/);
  const html = join(folder, "report.html");
  assert(stderr.includes(`\nhandshakes: ${html}#handshake-messages\n`), stderr);
  assert(page.includes('<section id="handshake-messages">'), "the link leads somewhere");
  assert(stderr.includes(`: deno task report --mermaid ${folder}\n`), stderr);
});

Deno.test("run_all --server and --client run one side each", async () => {
  await using place = await Workplace.make();
  const port = String(freePort("tcp"));
  const lanes = ["--lanes", "tcp-async,tcp-sync,udp-spin", "--port", port];
  const mode = ["--connect", "message"];
  const servers = startRunAll(place, [...SMALL, ...lanes, ...mode, "--server"]);
  const decoder = new TextDecoder();
  let said = "";
  for await (const bytes of servers.stderr.values({ preventCancel: true })) {
    said += decoder.decode(bytes);
    if (said.match(/listening on/g)?.length === 3) break;
  }
  await using clients = await Workplace.make();
  const { code, stdout, stderr } = await endingOf(
    startRunAll(clients, [...SMALL, ...lanes, ...mode, "--client"]),
  );
  assertEquals(code, 0, stderr);
  for (const name of ["tcp-async", "tcp-sync", "udp-spin"]) {
    assertMatch(stdout, new RegExp(`^${name} +[\\d.]+ [µm]s `, "m"));
  }
  await Promise.all([servers.stdout.cancel(), servers.stderr.cancel()]);
  assertEquals((await servers.status).code, 0);
  assertEquals((await resultsOf(place)).files, [
    "averages.csv",
    "report.html",
    "report.md",
    "result.json",
    "tcp-async-server.csv",
    "tcp-sync-server.csv",
    "udp-spin-server.csv",
  ]);
});

Deno.test("run_all keeps what was measured on Ctrl-C", async () => {
  await using place = await Workplace.make();
  const watcher = await watch(place);
  const child = startRunAll(place, ["--sizes", "100", "--repeat", "100000", "--json", "-"]);
  for await (const { paths } of watcher) {
    if (paths.some((path) => path.endsWith("-client.csv"))) break;
  }
  child.kill("SIGINT");
  const { code, stdout, stderr } = await endingOf(child);
  assertEquals(code, 130);
  const line = /^interrupted; the results are partial: 0 of 25 lanes are complete$/m;
  assertMatch(stderr, line);
  const document = readDocument(stdout);
  assertEquals(document.complete, false);
  assert(document.runs.length <= 2, "no lane begins after Ctrl-C");
});

Deno.test("run_all interleaves the lanes of its rounds, and shows the median of them", async () => {
  await using place = await Workplace.make();
  const args = [...SMALL, "--lanes", "tcp-async,udp-sync", "--rounds", "2", "--no-reply"];
  const { code, stdout, stderr } = await endingOf(startRunAll(place, args));
  assertEquals(code, 0, stderr);
  const { folder, files } = await resultsOf(place);
  const logs = ["tcp-async", "udp-sync"].flatMap((name) =>
    ["client", "client-2", "server", "server-2"].map((end) => `${name}-${end}.csv`)
  );
  assertEquals(files, [...logs, "result.json", ...REPORT].sort());
  const document = readDocument(await Deno.readTextFile(join(folder, "result.json")));
  const round = ["tcp-async client", "tcp-async server", "udp-sync client", "udp-sync server"];
  assertEquals(document.runs.map(({ lane, role }) => `${lane} ${role}`), [...round, ...round]);
  assertEquals(new Set(document.runs.map(({ reply }) => reply)), new Set([false]));
  const starts: number[] = [];
  for (const log of ["tcp-async-client", "udp-sync-client"]) {
    for (const end of [log, `${log}-2`]) {
      const [, first] = (await Deno.readTextFile(join(folder, `${end}.csv`))).split("\n");
      starts.push(Number(first!.split(",")[0]));
    }
  }
  const [tcp1, tcp2, udp1, udp2] = starts;
  assert(tcp1! < udp1! && udp1! < tcp2! && tcp2! < udp2!, `${starts}`);
  assertMatch(stdout, /^lane +sent +lost +messages\/s +MB\/s$/m);
  assertMatch(stdout, /^tcp-async +16 +0 +[\d.]+ +[\d.]+$/m);
});

Deno.test("run_all tells lanes on OpenSSL alone which groups they choose from", async () => {
  await using place = await Workplace.make();
  const lanes = ["--lanes", "tcp-async,tls-async-rustls,dtls-sync-openssl", "--connect", "once"];
  const args = [...SMALL, ...lanes, "--groups", "P-384:P-256"];
  const { code, stderr } = await endingOf(startRunAll(place, args));
  assertEquals(code, 0, stderr);
  const { folder } = await resultsOf(place);
  const { runs } = readDocument(await Deno.readTextFile(join(folder, "result.json")));
  const clients = runs.filter(({ role }) => role === "client");
  assertEquals(clients.map(({ lane, security }) => [lane, security?.group]), [
    ["tcp-async", undefined],
    ["tls-async-rustls", null],
    ["dtls-sync-openssl", "secp384r1"],
  ]);
});

Deno.test("run_all keeps the results where there can be no report, and exits with 1", async () => {
  await using place = await Workplace.make();
  const watcher = await watch(place);
  // Long enough for the folder to be there before the report is written.
  const args = ["--sizes", "100", "--repeat", "10000", "--connect", "message"];
  const child = startRunAll(place, [...args, "--lanes", "tcp-async"]);
  for await (const { paths } of watcher) {
    const log = paths.find((path) => path.endsWith("-client.csv"));
    if (!log) continue;
    await Deno.mkdir(join(dirname(log), "report.html"));
    break;
  }
  const { code, stderr } = await endingOf(child);
  assertEquals(code, 1);
  assertMatch(stderr, /^error: no report: cannot write .*report\.html: /m);
  const { folder } = await resultsOf(place);
  const document = readDocument(await Deno.readTextFile(join(folder, "result.json")));
  assertEquals(document.complete, true);
});

Deno.test("run_all fails where a lane is over --max, and adds what it measured to a history", async () => {
  await using place = await Workplace.make();
  const lanes = ["--lanes", "tcp-sync", "--repeat", "60", "--sizes", "100,999"];
  const bounds = ["--max", "p50=1us", "--max", "p90=10s", "--append", place.path("h.ndjson")];
  const { code, stderr } = await endingOf(startRunAll(place, [...lanes, ...bounds]));
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /^error: tcp-sync, .*: p50 is .* over --max p50=1us$/m);
  assert(!stderr.includes("p90=10s"), stderr);
  const lines = (await Deno.readTextFile(place.path("h.ndjson"))).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).connect), ["message", "once"]);
});

Deno.test("parseRunAll() refuses options that do not go together", () => {
  const pairs = [
    ["--server", "--client"],
    ["--quick", "--sizes", "100"],
    ["--quick", "--plan", "plan.yaml"],
    ["--repeat", "5", "--seconds", "1"],
    ["--port", "1"],
  ];
  for (const args of pairs) assertThrows(() => parseRunAll(args), UsageError);
  assertThrows(() => parseRunAll(["--rounds", "0"]), UsageError, "from 1 to 1000");
  assertThrows(() => parseRunAll(["--connect", "never"]), UsageError, "message, size or once");
  assertThrows(() => parseRunAll(["--clients", "x"]), UsageError, "from 1 to 1000");
  assertThrows(() => parseRunAll(["--cpu", "1"]), UsageError, "two cores are wanted");
  const untraced = ["--trace", "--lanes", "tcp,udp,tls-async-rustls"];
  assertThrows(() => parseRunAll(untraced), UsageError, "none of these lanes can be traced");
  assertThrows(() => parseRunAll(["--lanes", "quic"]), UsageError, "there are tcp-async");
  assertThrows(() => parseRunAll(["--cpu", "0,9999"]), UsageError, "there is no core 9999");
  assertThrows(() => parseRunAll(["--max", "p51=1ms"]), UsageError, "no such figure");
  assertThrows(() => parseRunAll(["--max", "tdp:p50=1ms"]), UsageError, "no lane of this run");
  assertThrows(() => parseRunAll(["--append", "-"]), UsageError, "a file's name is wanted");
  assertThrows(() => parseRunAll(["--sizes", "abc"]), UsageError, "no whole number of bytes");
  assertThrows(() => parseRunAll(["--sizes", "31"]), UsageError, "at least 32 bytes");
  assertThrows(() => parseRunAll(["--sizes", "65508"]), UsageError, "on DTLS");
});

Deno.test("parseRunAll() reads where the agent of --on is", () => {
  const placeOf = (text: string) => {
    const options = parseRunAll(["--on", text]);
    assert(options !== "help");
    assertEquals([options.side, options.host, options.cores], [
      "both",
      options.on?.hostname,
      null,
    ]);
    return options.on;
  };
  assertEquals(placeOf("server.example"), { hostname: "server.example", port: 1442 });
  assertEquals(placeOf("192.0.2.7:5000"), { hostname: "192.0.2.7", port: 5000 });
  assertEquals(placeOf("2001:db8::7"), { hostname: "2001:db8::7", port: 1442 });
  assertEquals(placeOf("[2001:db8::7]:5000"), { hostname: "2001:db8::7", port: 5000 });
  for (
    const wrong of ["host:0", "host:65536", "host:", "host:x", ":5000", "a b", "[::1", "1.2.3"]
  ) {
    assertThrows(() => parseRunAll(["--on", wrong]), UsageError, "--on ");
  }
  for (const other of [["--server"], ["--client"], ["--host", "::1"]]) {
    assertThrows(() => parseRunAll(["--on", "a", ...other]), UsageError, "only one of them");
  }
});

Deno.test("parseRunAll() resumes nothing where there is one connection", () => {
  const namesOf = (args: string[]) => {
    const options = parseRunAll(args);
    assert(options !== "help");
    return [options.jobs.map(({ name }) => name), options.leftOut];
  };
  assertEquals(namesOf(["--lanes", "tls-async-openssl*"]), [
    ["tls-async-openssl", "tls-async-openssl-resumed", "tls-async-openssl"],
    0,
  ]);
  const once = ["--connect", "once"];
  assertEquals(namesOf(["--lanes", "tls-sync", ...once]), [["tls-sync-openssl"], 0]);
  const plain = LANES.map(({ name }) => name);
  assertEquals(namesOf(once), [plain, 0]);
  assertEquals(namesOf(["--lanes", "all", ...once]), [plain, 0]);
  const args = ["--lanes", "tls-sync-openssl-resumed", ...once];
  assertThrows(() => parseRunAll(args), UsageError, "nothing is resumed with --connect once");
});

Deno.test("parseRunAll() takes the whole plan, and the small one with --quick", () => {
  const [whole, quick] = [parseRunAll([]), parseRunAll(["--quick"])];
  assert(whole !== "help" && quick !== "help");
  const repeats = (...args: string[]) => {
    const options = parseRunAll(args);
    assert(options !== "help");
    return options.exchange.repeat;
  };
  assertEquals(repeats(), { message: 25, size: 100, once: 100 });
  assertEquals(repeats("--quick"), { message: 15, size: 60, once: 60 });
  // What is asked for is what is exchanged.
  for (const own of [["--connect", "message"], ["--repeat", "100"]]) {
    assertEquals(repeats(...own), { message: 100, size: 100, once: 100 });
  }
  assertEquals([whole.rounds, quick.rounds], [1, 1]);
  const kept = (jobs: readonly Job[]) =>
    jobs.filter(({ connect }) => connect === "once").map(({ lane }) => lane);
  assertEquals(kept(whole.jobs), [...LANES]);
  assertEquals(kept(quick.jobs), LANES.filter(({ io }) => io !== "spin"));
});

Deno.test("parseRunAll() passes options on to both ends", () => {
  const args = [
    ...["--no-reply", "--connect", "once", "--clients", "3", "--seconds", "2", "--sizes", "100"],
    ...["--cpu", "1,0"],
  ];
  const options = parseRunAll(args);
  assert(options !== "help");
  assertEquals(
    options.args.join(" "),
    "--seconds 2 --no-reply --clients 3",
  );
  assert(options.jobs.every(({ connect }) => connect === "once"));
  const counts = { repeat: null, seconds: 2, clients: 3, waitMs: 0, rate: null };
  const exchange = { sizes: [100], reply: false, ...counts };
  assertEquals(options.exchange, exchange);
  assertEquals(options.cores, { server: 1, client: 0 });
});

Deno.test("parseRunAll() passes a rate on, and refuses it beside a pause", async () => {
  await using place = await folderWith({ "plan.yaml": "rate: 12.5\n" });
  const read = (...args: string[]) => {
    const options = parseRunAll(args);
    assert(options !== "help");
    return [options.args.join(" "), options.exchange.rate];
  };
  assertEquals(read("--rate", "0.5"), ["--rate 0.5", 0.5]);
  assertEquals(read("--plan", place.path("plan.yaml")), ["--rate 12.5", 12.5]);
  assertEquals(read("--plan", place.path("plan.yaml"), "--wait-ms", "0"), ["--wait-ms 0", null]);
  assertThrows(
    () => parseRunAll(["--rate", "5", "--wait-ms", "5"]),
    UsageError,
    "--wait-ms and --rate: only one of them",
  );
});

Deno.test("parseRunAll() passes a plan file on, less than the options that are there", async () => {
  const plan = "sizes: [100, 999]\nrepeat: 7\nconnect: once\nreply: false\nwaitMs: 3\n";
  await using place = await folderWith({ "plan.yaml": plan });
  const argsOf = (...args: string[]) => {
    const options = parseRunAll(["--plan", place.path("plan.yaml"), ...args]);
    assert(options !== "help");
    const { exchange, jobs } = options;
    const modes = [...new Set(jobs.map(({ connect }) => connect))];
    return [options.args.join(" "), exchange.repeat?.once, exchange.waitMs, modes];
  };
  assertEquals(argsOf(), ["--no-reply --wait-ms 3", 7, 3, ["once"]]);
  assertEquals(
    argsOf("--repeat", "2", "--wait-ms", "5", "--timeout-ms", "900", "--connect", "message"),
    [
      "--no-reply --wait-ms 5 --timeout-ms 900",
      2,
      5,
      ["message"],
    ],
  );
  assertEquals(argsOf("--repeat", "2", "--rate", "0.5"), [
    "--no-reply --rate 0.5",
    2,
    0,
    ["once"],
  ]);
  assertThrows(() => parseRunAll(["--plan", place.path("none")]), UsageError, "no such file");
});
