/** push against a real sshd on loopback. */
import { RunError } from "../common/base/errors.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../common/testing/assert.ts";
import { folderWith } from "../common/testing/folder.ts";
import { freePort } from "../common/testing/free_port.ts";
import { ResettingRelay } from "../common/testing/resetting_relay.ts";
import { runHere } from "../common/testing/run_here.ts";
import { NO_SMALL_DISK, smallDisk } from "../common/testing/small_disk.ts";
import { HAS_SSHD } from "../common/testing/sshd.ts";
import { SshdWorkplace } from "../common/testing/sshd_workplace.ts";
import { within } from "../common/testing/within.ts";
import { push } from "./push.ts";
import { readHosts } from "./remote/hosts.ts";
import { pushTo } from "./remote/push.ts";

/** A test that needs sshd; programs_test.ts says where it is missing. */
function sshdTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !HAS_SSHD, fn });
}

/** A test that needs a small file system, too. */
function diskTest(name: string, fn: () => Promise<void>): void {
  const why = NO_SMALL_DISK === null ? "" : ` (not tested: ${NO_SMALL_DISK})`;
  Deno.test({ name: `${name}${why}`, ignore: !HAS_SSHD || NO_SMALL_DISK !== null, fn });
}

/** Pushes the workplace's executable. */
function pushProgram(place: SshdWorkplace, hosts: string, ...args: string[]) {
  return runHere(push, [
    ...[hosts, "--certs", place.path("certs"), "--executable", place.path("prog")],
    ...args,
  ]);
}

const SERVER_FILES = ["certs/pem/ca.pem", "certs/pem/server-cert.pem", "certs/pem/server-key.pem"];
const CLIENT_FILES = ["certs/pem/ca.pem", "certs/pem/client-cert.pem", "certs/pem/client-key.pem"];

sshdTest("push gives each machine the program and its own end's key, and no other", async () => {
  await using place = await SshdWorkplace.make();
  const [one, two] = [place.path("one"), place.path("two")];
  const hosts = await place.hosts(
    { name: "one", folder: one },
    { name: "two", folder: two, role: "client" },
  );
  const { code, stdout, stderr } = await pushProgram(place, hosts);
  assertEquals([code, stderr, stdout.split("\n").sort()], [0, "", ["", "one: ok", "two: ok"]]);
  assertEquals(await place.filesIn(one), [...SERVER_FILES, "prog"]);
  assertEquals(await place.filesIn(two), [...CLIENT_FILES, "prog"]);
  const { client } = place.certificates;
  assertEquals(await Deno.readTextFile(`${two}/certs/pem/client-key.pem`), client.key);
  assertEquals((await Deno.stat(`${two}/certs/pem/client-key.pem`)).mode! & 0o077, 0);
  assertEquals((await Deno.stat(`${two}/prog`)).mode! & 0o777, 0o700);
});

sshdTest("push copies sources that run there, without tests and without any key", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("there");
  const hosts = await place.hosts({ folder });
  const { code, stderr } = await runHere(push, [hosts, "--certs", place.path("certs")]);
  assertEquals([code, stderr], [0, ""]);
  const files = await place.filesIn(folder);
  assertEquals(files.filter((file) => file.endsWith(".pem")), SERVER_FILES);
  assertEquals(files.filter((file) => /_test\.ts$|\/testing\//.test(file)), []);
  const help = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "dtls/client.ts", "--help"],
    cwd: folder,
  }).output();
  assert(help.success, new TextDecoder().decode(help.stderr));
});

sshdTest("push takes names with spaces, quotes and all that a shell knows", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path(`it's "a" $(touch x) \`b\` *; -rf \\ ü`);
  const key = place.path('user\'s "key" 100%');
  await Deno.copyFile(place.sshd.identityFile, key);
  const known = place.path('known "hosts"');
  await Deno.copyFile(await place.sshd.knownHosts(), known);
  await Deno.rename(place.path("prog"), place.path("-my prog's"));
  const hosts = await place.hosts({ folder, identityFile: key, knownHostsFile: known });
  const { stdout, stderr, code } = await runHere(push, [
    ...[hosts, "--certs", place.path("certs"), "--executable", place.path("-my prog's")],
  ]);
  assertEquals([stdout, stderr, code], ["127.0.0.1: ok\n", "", 0]);
  assertEquals(await place.filesIn(folder), ["-my prog's", ...SERVER_FILES]);
});

sshdTest("push replaces what is there, and leaves what is not its own", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("there");
  const hosts = await place.hosts({ folder });
  await pushProgram(place, hosts);
  await Deno.writeTextFile(`${folder}/notes.txt`, "mine");
  await Deno.writeTextFile(place.path("prog"), "new");
  assertEquals((await pushProgram(place, hosts)).code, 0);
  assertEquals(await Deno.readTextFile(`${folder}/prog`), "new");
  assertEquals(await place.filesIn(folder), [...SERVER_FILES, "notes.txt", "prog"]);
});

sshdTest("push says of each machine why it failed, and serves the others", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("there");
  await Deno.writeTextFile(place.path("empty"), "");
  // More than a pipe holds: it is still being written when ssh ends.
  await Deno.truncate(place.path("prog"), 1_000_000);
  const stranger = await place.sshd.strangerKey();
  const another = await Deno.readTextFile(`${stranger}.pub`);
  const wrong = `[127.0.0.1]:${place.sshd.port} ${another}`;
  await Deno.writeTextFile(place.path("wrong"), wrong);
  const port = freePort("tcp");
  const hosts = await place.hosts(
    { name: "good", folder },
    { name: "unreachable", folder, port },
    { name: "refused", folder, identityFile: stranger },
    { name: "unknown", folder, knownHostsFile: place.path("empty") },
    { name: "changed", folder, knownHostsFile: place.path("wrong") },
    { name: "no-folder", folder: place.path("prog/sub") },
  );
  const { code, stdout, stderr } = await pushProgram(place, hosts);
  assertEquals([code, stderr], [1, "error: 5 of 6 machines failed\n"]);
  const lines = Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(/: (.*)/)));
  assertEquals(Object.keys(lines).length, 6, stdout);
  assertEquals(lines["good"], "ok");
  assertEquals(lines["unreachable"], `connection refused on port ${port}; is sshd running there?`);
  assertMatch(lines["refused"]!, /^it refuses the login: the key in .* does not open that /);
  assertMatch(lines["unknown"]!, /^its host key is not known; connect once by hand /);
  assertMatch(lines["changed"]!, /^its host key is not the known one: /);
  assertMatch(lines["no-folder"]!, /^mkdir: .*: Not a directory$/);
  assertEquals(await place.filesIn(folder), [...SERVER_FILES, "prog"]);
});

sshdTest("push leaves nothing half-written where the copy is interrupted", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("there");
  await pushProgram(place, await place.hosts({ folder }));
  const before = await Deno.readTextFile(`${folder}/prog`);
  await Deno.writeFile(place.path("prog"), crypto.getRandomValues(new Uint8Array(60_000)));
  // Both keys are agreed on with less than 10 kB.
  await using relay = await ResettingRelay.listen(place.sshd.port, () => 30_000);
  const hosts = await place.hosts({ folder, port: relay.port });
  const { code, stdout } = await pushProgram(place, hosts);
  assertEquals([code, relay.resets, stdout], [
    ...[1, 1, "127.0.0.1: the connection was lost\n"],
  ]);
  assertEquals(await Deno.readTextFile(`${folder}/prog`), before);
  await within(untilTidy(folder), () => "the temporary folder is still there");
  assertEquals(await place.filesIn(folder), [...SERVER_FILES, "prog"]);
});

sshdTest("pushTo() leaves nothing where a file is gone that is to be copied", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("there");
  const [machine] = await readHosts(await place.hosts({ folder }));
  const parts = [{ folder: place.path("certs"), names: ["ca.pem", "gone"] }];
  const patience = { timeoutMs: 10_000, signal: new AbortController().signal };
  const { message } = await assertRejects(() => pushTo(machine!, parts, patience), RunError);
  assertMatch(message, /^cannot pack the files: \S*tar: \.\/gone: /);
  assertEquals(await place.filesIn(folder), []);
});

/** Waits until the other side has noticed. */
async function untilTidy(folder: string): Promise<void> {
  using watcher = Deno.watchFs(folder);
  const isTidy = () =>
    [...Deno.readDirSync(folder)].every(({ name }) => !name.startsWith(".netpairs"));
  if (isTidy()) return;
  for await (const _ of watcher) if (isTidy()) return;
}

diskTest("push says that the disk is full, and leaves what was there", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("disk");
  await Deno.mkdir(folder);
  await using _disk = await smallDisk(folder, "size=64k");
  const hosts = await place.hosts({ folder });
  assertEquals((await pushProgram(place, hosts)).code, 0);
  const before = await Deno.readTextFile(`${folder}/prog`);
  await Deno.writeFile(place.path("prog"), new Uint8Array(200_000));
  const { code, stdout } = await pushProgram(place, hosts);
  assertEquals([code, stdout], [1, `127.0.0.1: no space left for ${folder}\n`]);
  assertEquals(await Deno.readTextFile(`${folder}/prog`), before);
  assertEquals(await place.filesIn(folder), [...SERVER_FILES, "prog"]);
});

diskTest("push says that a folder cannot be written to", async () => {
  await using place = await SshdWorkplace.make();
  const folder = place.path("disk");
  await Deno.mkdir(folder);
  await using _disk = await smallDisk(folder, "size=64k,ro");
  const { code, stdout } = await pushProgram(place, await place.hosts({ folder }));
  assertEquals(code, 1);
  assertMatch(stdout, /^127\.0\.0\.1: mktemp: .*: Read-only file system\n$/);
});

for (
  const [args, line] of [
    [[], "one file that names the machines is wanted; there are 0"],
    [["a.yaml", "b.yaml"], "one file that names the machines is wanted; there are 2"],
    [["nowhere.yaml"], "cannot read nowhere.yaml: no such file"],
  ] as const
) {
  Deno.test(`${["push", ...args].join(" ")} is refused with exit code 2`, async () => {
    assertEquals(await runHere(push, [...args]), {
      code: 2,
      stdout: "",
      stderr: `error: ${line}\n`,
    });
  });
}

Deno.test("push says that a certificate is missing before it talks to a machine", async () => {
  await using place = await folderWith({ "h.yaml": "hosts: [{host: 127.0.0.1, role: client}]" });
  const { code, stdout, stderr } = await runHere(push, [
    place.path("h.yaml"),
    "--certs",
    place.dir,
  ]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: cannot read .*ca\.pem: no such file; make certificates with: .*\n$/);
});
