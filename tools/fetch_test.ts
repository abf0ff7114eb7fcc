/** fetch against a real sshd on loopback. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { join } from "../common/base/std.ts";
import { ResettingRelay } from "../common/testing/resetting_relay.ts";
import { runHere } from "../common/testing/run_here.ts";
import { NO_SMALL_DISK, smallDisk } from "../common/testing/small_disk.ts";
import { HAS_SSHD } from "../common/testing/sshd.ts";
import { SshdWorkplace } from "../common/testing/sshd_workplace.ts";
import { fetchResults } from "./fetch.ts";

/** A test that needs sshd; programs_test.ts says where it is missing. */
function sshdTest(name: string, fn: (place: SshdWorkplace) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !HAS_SSHD,
    async fn() {
      await using place = await SshdWorkplace.make();
      await fn(place);
    },
  });
}

/** Results of a machine. */
async function writeResults(folder: string, text: string): Promise<void> {
  const run = join(folder, "results", "2026-01-31T12-00-00.000Z");
  await Deno.mkdir(run, { recursive: true });
  await Deno.writeTextFile(join(run, "result.json"), text);
  await Deno.writeTextFile(join(run, "a log's.csv"), text);
}

const FILES = ["2026-01-31T12-00-00.000Z/a log's.csv", "2026-01-31T12-00-00.000Z/result.json"];

sshdTest(
  "fetch brings results into a folder for each machine, whatever it is called",
  async (place) => {
    const [one, two] = [place.path("one"), place.path('it\'s "a" $(touch x) `b` [a-z]*; -rf \\ ü')];
    await writeResults(one, "1");
    await writeResults(two, "2");
    const hosts = await place.hosts({ name: "one", folder: one }, { name: "two", folder: two });
    const out = place.path("my results");
    const { code, stdout, stderr } = await runHere(fetchResults, [hosts, "--out", out]);
    assertEquals([code, stderr], [0, ""], stdout);
    assertEquals(stdout.trim().split("\n").sort(), [
      `one: ok, 2 files in ${join(out, "one")}`,
      `two: ok, 2 files in ${join(out, "two")}`,
    ]);
    assertEquals(await place.filesIn(join(out, "one")), FILES);
    assertEquals(await Deno.readTextFile(join(out, "two", FILES[0]!)), "2");
  },
);

sshdTest("fetch replaces what it has brought before, and leaves the rest", async (place) => {
  const folder = place.path("there");
  const out = place.path("results");
  await writeResults(folder, "1");
  const hosts = await place.hosts({ name: "box", folder });
  await runHere(fetchResults, [hosts, "--out", out]);
  const report = join(out, "box", "2026-01-31T12-00-00.000Z", "report.html");
  await Deno.writeTextFile(report, "mine");
  await writeResults(folder, "2");
  assertEquals((await runHere(fetchResults, [hosts, "--out", out])).code, 0);
  assertEquals(await Deno.readTextFile(join(out, "box", FILES[1]!)), "2");
  assertEquals(await Deno.readTextFile(report), "mine");
});

sshdTest("fetch brings what links there lead to, and makes no link here", async (place) => {
  const folder = place.path("there");
  await writeResults(folder, "1");
  await Deno.symlink("/etc/hostname", join(folder, "results", "link"));
  await Deno.symlink("/nowhere/at/all", join(folder, "results", "dangling"));
  const out = place.path("out");
  const hosts = await place.hosts({ name: "box", folder });
  const { stdout } = await runHere(fetchResults, [hosts, "--out", out]);
  assertMatch(stdout, /^box: .*dangling/);
  assertEquals(await place.filesIn(out), [], "all of it or nothing");
  await Deno.remove(join(folder, "results", "dangling"));
  assertEquals((await runHere(fetchResults, [hosts, "--out", out])).code, 0);
  assertEquals((await Deno.lstat(join(out, "box", "link"))).isFile, true);
});

sshdTest("fetch says of each machine why it failed", async (place) => {
  await writeResults(place.path("there"), "1");
  await Deno.writeTextFile(place.path("blocked"), "");
  await Deno.mkdir(place.path("out"));
  await Deno.writeTextFile(place.path("out/blocked"), "");
  const hosts = await place.hosts(
    { name: "none", folder: place.path("nowhere") },
    { name: "blocked", folder: place.path("there") },
    { name: "refused", folder: place.path("there"), identityFile: await place.sshd.strangerKey() },
  );
  const { code, stdout, stderr } = await runHere(fetchResults, [hosts, "--out", place.path("out")]);
  assertEquals([code, stderr], [1, "error: 3 of 3 machines failed\n"]);
  const lines = Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(/: (.*)/)));
  assertMatch(lines["none"]!, /nowhere\/results.*No such file or directory$/);
  assertMatch(lines["blocked"]!, /^cannot make the folder .*blocked: /);
  assertMatch(lines["refused"]!, /^it refuses the login: /);
});

sshdTest("fetch leaves nothing half-written where the copy is interrupted", async (place) => {
  const folder = place.path("there");
  await writeResults(folder, "1");
  await Deno.writeFile(join(folder, "results", "large.csv"), new Uint8Array(100_000));
  // Both keys are agreed on with less than 10 kB.
  await using relay = await ResettingRelay.listen(place.sshd.port, () => 50_000);
  const hosts = await place.hosts({ name: "box", folder, port: relay.port });
  const { code, stdout } = await runHere(fetchResults, [hosts, "--out", place.path("out")]);
  assertEquals([code, relay.resets, stdout], [1, 1, "box: the connection was lost\n"]);
  assertEquals(await place.filesIn(place.path("out")), []);
});

Deno.test({
  name: `fetch says that the disk here is full${
    NO_SMALL_DISK === null ? "" : ` (not tested: ${NO_SMALL_DISK})`
  }`,
  ignore: !HAS_SSHD || NO_SMALL_DISK !== null,
  async fn() {
    await using place = await SshdWorkplace.make();
    const folder = place.path("there");
    await writeResults(folder, "1");
    await Deno.writeFile(join(folder, "results", "large.csv"), new Uint8Array(200_000));
    const out = place.path("out");
    await Deno.mkdir(out);
    await using _disk = await smallDisk(out, "size=64k");
    const hosts = await place.hosts({ name: "box", folder });
    const { code, stdout } = await runHere(fetchResults, [hosts, "--out", out]);
    assertEquals([code, stdout], [1, `box: no space left for ${join(out, "box")}\n`]);
    assertEquals(await place.filesIn(out), []);
  },
});
