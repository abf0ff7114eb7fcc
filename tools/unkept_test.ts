/** Results that cannot be kept: they are shown, then it is said why, and the exit code is 1. */
import { basename } from "../common/base/std.ts";
import { ACK } from "../common/model/message.ts";
import { FakeStdout } from "../common/testing/fake_stdout.ts";
import { saidIn } from "../common/testing/stderr.ts";
import { runAll } from "./run_all.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { cannotMakeTrouble, smallDisk } from "../common/testing/trouble.ts";
import { assertOneLine, laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { StubServer } from "../common/testing/stub_peers.ts";
import { endingOf, startRunAll } from "../common/testing/run_all.ts";

const LANE = laneNamed("tcp-async");
const OPTIONS = ["--sizes", "100,200", "--repeat", "20"];

const TABLE = /^tcp-async client\nbytes .*\n100 +20 +0 .*\n200 +20 +0 /;
const FULL = "error: cannot write /dev/full: there is no space left on the device";

const permissions = ["--allow-net", "--allow-read", "--allow-write"];
const ignore = cannotMakeTrouble();

/** Runs a client to its end. */
async function client(...args: string[]) {
  await using place = await Workplace.make();
  const { port } = await place.serve(LANE, OPTIONS);
  // Deno leaves devices to programs that may do everything.
  const changes = { permissions: ["--allow-all"] };
  return await place.run(LANE, "client", [...OPTIONS, "--port", String(port), ...args], changes);
}

Deno.test({
  name: "A client whose document cannot be kept shows its table, and says why",
  ignore,
  fn: async () => {
    const ending = await client("--json", "/dev/full");
    assertMatch(ending.stdout, TABLE);
    assertOneLine(ending, 1, new RegExp(`^${FULL}$`));
  },
});

Deno.test({
  name: "A quiet client whose document cannot be kept shows its table on stderr, and then says why",
  ignore,
  fn: async () => {
    const { code, stdout, stderr } = await client("--json", "/dev/full", "--quiet");
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, TABLE);
    assert(stderr.endsWith(`\n${FULL}\n`), stderr);
  },
});

Deno.test({
  name: "A client whose log cannot be kept goes on, and its document is whole",
  ignore,
  fn: async () => {
    const { code, stdout, stderr } = await client("--csv", "/dev/full", "--json", "-");
    assertEquals(code, 1);
    const document = readDocument(stdout);
    assertEquals(document.complete, true);
    assertEquals(document.runs[0]!.sizes.map(({ answered }) => answered), [20, 20]);
    assertMatch(stderr, TABLE);
    assert(stderr.endsWith(`\n${FULL}\n`), stderr);
  },
});

Deno.test("A client whose folder is removed meanwhile shows its table, and says why", async () => {
  await using place = await Workplace.make();
  const folder = place.path("gone");
  await Deno.mkdir(folder);
  await using server = await StubServer.listen(LANE.protocol, {
    answers: (n) => n !== 10,
    sizeBytes: 100,
    // The client waits for this answer meanwhile.
    onSilence: async (talk) => {
      await Deno.remove(folder);
      await talk.send(ACK);
    },
  });
  const args = ["--sizes", "100", "--repeat", "20", "--port", String(server.port)];
  const json = ["--json", `${folder}/a.json`];
  const ending = await place.run(LANE, "client", [...args, ...json], { permissions });
  assertMatch(ending.stdout, /^tcp-async client\nbytes .*\n100 +20 +0 /);
  assertOneLine(ending, 1, /^error: cannot write \S+gone\/a\.json: no such folder$/);
});

Deno.test("A client says before its run that a document cannot be written, below a file", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("file"), "a user's own\n");
  for (const path of [place.path("file/a.json"), place.dir]) {
    for (const option of ["--json", "--csv"]) {
      const ending = await place.run(LANE, "client", [option, path], { permissions });
      assertOneLine(ending, 1, new RegExp(`^error: cannot write ${path}: `));
      assertEquals(ending.stdout, "");
    }
  }
  assertEquals(await Deno.readTextFile(place.path("file")), "a user's own\n");
});

Deno.test({
  name: "run_all shows what it measured where the disk is full, and says what is not kept",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    await Deno.mkdir(place.path("results"));
    using disk = smallDisk(place.path("results"), 65_536);
    if (!disk) return;
    const args = ["--sizes", "100", "--repeat", "2000", "--lanes", "tcp-async"];
    const { code, stdout, stderr } = await endingOf(startRunAll(place, args));
    assertEquals(code, 1);
    assertMatch(stdout, /^tcp-async +[\d.]+ [µm]s +[\d.]+ [µm]s .* failed$/m);
    assertMatch(stderr, /^tcp-async client\nbytes .*\n100 +2000 +0 +[\d.]+ /m);
    assertMatch(stderr, /^error: cannot write \S+result\.json: there is no space left on /m);
    assertMatch(stderr, /^error: tcp-async: cannot write \S+\.csv: there is no space left on /m);
    // Nothing of what did not fit is left.
    for await (const { name } of Deno.readDir(await folderOf(place))) {
      assert(!basename(name).endsWith(".tmp"), name);
    }
  },
});

/** The charts' library starts timers of its own, which a test's end does not wait for. */
Deno.test({
  name: "run_all whose stdout is full keeps its documents, and shows its table on stderr",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using place = await Workplace.make();
    const full = () => {
      throw new Error("No space left on device (os error 28)");
    };
    using _stdout = new FakeStdout(full);
    const args = ["--sizes", "100", "--repeat", "20", "--lanes", "tcp-async"];
    let code: number | undefined;
    const said = await saidIn(async () => {
      code = await runAll([...args, "--results", place.path("results")]);
    });
    assertEquals([code, said[0]], [
      1,
      "error: cannot write to stdout: there is no space left on the device",
    ]);
    assertMatch(said[1]!, /^tcp-async +[\d.]+ [µm]s +[\d.]+ [µm]s /m);
    const document = await Deno.readTextFile(`${await folderOf(place)}/result.json`);
    assertEquals(readDocument(document).complete, true);
  },
});

async function folderOf(place: Workplace): Promise<string> {
  const [folder] = await Array.fromAsync(Deno.readDir(place.path("results")));
  return place.path(`results/${folder!.name}`);
}
