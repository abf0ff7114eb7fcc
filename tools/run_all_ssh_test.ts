/** run_all --ssh against a real sshd on loopback. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { runHere } from "../common/testing/run_here.ts";
import { HAS_SSHD } from "../common/testing/sshd.ts";
import { SshdWorkplace } from "../common/testing/sshd_workplace.ts";
import { listing } from "../common/testing/own_certificates.ts";
import { join } from "../common/base/std.ts";
import { within } from "../common/testing/within.ts";
import { ROOT } from "./lib/children.ts";
import { runAll } from "./run_all.ts";

/** Runs a lane on the machine of a file. */
function runOn(place: SshdWorkplace, hosts: string) {
  return runHere(runAll, [
    ...[
      "--ssh",
      hosts,
      "--lanes",
      "udp-async",
      "--sizes",
      "100",
      "--repeat",
      "5",
    ],
    ...["--certs", place.path("certs"), "--results", place.path("results"), "--json", "-"],
  ]);
}

Deno.test({
  name: "run_all --ssh has another machine run the servers, and leaves nothing there",
  ignore: !HAS_SSHD,
  async fn() {
    await using place = await SshdWorkplace.make();
    const home = place.path("home");
    await Deno.mkdir(home);
    const { code, stdout, stderr } = await runOn(place, await place.hosts({ folder: `${home}/x` }));
    assertEquals(code, 0, stderr);
    const { complete, runs } = JSON.parse(stdout);
    assertEquals(complete, true);
    const ends = runs.map(({ lane, role }: { lane: string; role: string }) => `${lane} ${role}`);
    assertEquals(ends.sort(), ["udp-async client", "udp-async server"]);
    assertEquals(listing(home), []);
  },
});

Deno.test({
  name: "run_all --ssh says in a line why a machine cannot be used",
  ignore: !HAS_SSHD,
  async fn() {
    await using place = await SshdWorkplace.make();
    await Deno.writeTextFile(place.path("empty"), "");
    const hosts = await place.hosts({
      folder: place.path("x"),
      knownHostsFile: place.path("empty"),
    });
    const { code, stdout, stderr } = await runOn(place, hosts);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^error: its host key is not known; .*\n$/);
  },
});

Deno.test({
  name: "run_all --ssh leaves nothing there where it is killed in the middle",
  ignore: !HAS_SSHD,
  async fn() {
    await using place = await SshdWorkplace.make();
    const home = place.path("home");
    await Deno.mkdir(home);
    const results = place.path("results");
    await Deno.mkdir(results);
    const hosts = await place.hosts({ folder: `${home}/x` });
    const args = ["--lanes", "tcp-async", "--seconds", "60", "--sizes", "100"];
    const child = start(place, hosts, [...args, "--results", results]);
    // Results have a folder from when the agent serves.
    await within(untilListing(results, (names) => names.length > 0));
    child.kill("SIGKILL");
    await child.output();
    await within(untilListing(home, (names) => names.length === 0));
  },
});

Deno.test({
  name: "run_all --ssh ends on Ctrl-C while a machine does not answer",
  ignore: !HAS_SSHD || Deno.build.os === "windows",
  async fn() {
    await using place = await SshdWorkplace.make();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const child = start(place, await place.hosts({ folder: place.path("x"), port }), []);
    using _silent = await within(listener.accept());
    child.kill("SIGINT");
    const { code, stderr } = await within(child.output());
    assertEquals([code, new TextDecoder().decode(stderr)], [130, "error: interrupted\n"]);
  },
});

/** Starts it as a process. */
function start(place: SshdWorkplace, hosts: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "-A", join(ROOT, "tools/run_all.ts"), "--ssh", hosts],
      ...["--certs", place.path("certs"), ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for what a folder is to hold. */
async function untilListing(
  folder: string,
  isThere: (names: string[]) => boolean,
): Promise<void> {
  using watcher = Deno.watchFs(folder);
  if (isThere(listing(folder))) return;
  for await (const _ of watcher) if (isThere(listing(folder))) return;
}

Deno.test("run_all --ssh refuses what is no host, with exit code 2", async () => {
  const { code, stderr } = await runHere(runAll, ["--ssh", "a b@host"]);
  assertEquals(code, 2, stderr);
  assertMatch(stderr, /^error: Cannot use --ssh: user must be .*\n$/);
});
