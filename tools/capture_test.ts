/** capture as a process, with the permissions that its task has. */
import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch, assertNotMatch } from "../common/testing/assert.ts";
import { decipheredData, NO_CAPTURE } from "../common/testing/capture.ts";
import { testCertificates, textsOf } from "../common/testing/certs.ts";
import { type Folder, folderWith } from "../common/testing/folder.ts";
import { assertOneLine } from "../common/testing/pairs.ts";
import { findProgram, type Program } from "../common/testing/programs.ts";
import { within } from "../common/testing/within.ts";
import { MARK } from "./capture/packets.ts";
import { isCapture } from "./lib/results_folder.ts";
import { ROOT } from "./lib/children.ts";

/** Its permissions, as deno.json has them. */
async function taskPermissions(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const command: string = tasks.capture.command;
  return command.replace("$(deno eval -p 'Deno.execPath()')", Deno.execPath())
    .replaceAll('"', "").split(" ").filter((word) => word.startsWith("--allow"))
    .map((permission) => permission.replace("--allow-read=.", `--allow-read=.,${ROOT}`));
}

/** What a shell script says and does that stands for a program; or the program itself. */
type Fakes = Partial<Record<"tshark" | "dumpcap" | "tcpdump" | "editcap", string | null>>;

/** A current folder with certificates, and one with the programs that can be started from there. */
async function workplace(programs: Fakes): Promise<Folder> {
  const certificates = Object.entries(textsOf(await testCertificates()))
    .map(([name, text]) => [`certs/pem/${name}`, text] as const);
  const place = await folderWith(Object.fromEntries(certificates));
  await Deno.mkdir(place.path("programs"));
  for (const [name, script] of Object.entries(programs)) {
    const path = place.path(`programs/${name}`);
    if (script === null) await Deno.symlink(findProgram(name as Program)!, path);
    else await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return place;
}

async function start(place: Folder, ...args: string[]): Promise<Deno.ChildProcess> {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...await taskPermissions()],
      ...[join(ROOT, "tools/capture.ts"), ...args],
    ],
    cwd: place.dir,
    env: { PATH: place.path("programs"), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function endingOf(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await within(child.output());
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** All files but certificates and programs, with who may read them. */
function filesIn(place: Folder, folder = ""): Map<string, number> {
  const files = new Map<string, number>();
  for (const { name, isDirectory } of Deno.readDirSync(place.path(folder || "."))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (path === "certs" || path === "programs") continue;
    if (!isDirectory) files.set(path, Deno.statSync(place.path(path)).mode! & 0o777);
    else for (const [path2, mode] of filesIn(place, path)) files.set(path2, mode);
  }
  return files;
}

const WINDOWS = Deno.build.os === "windows";

/** A test that captures, where that is possible. */
function capturing(name: string, needs: Program[], fn: () => Promise<void>): void {
  const missing = needs.filter((program) => findProgram(program) === null);
  const why = NO_CAPTURE ?? (missing.length > 0 ? `${missing.join(" and ")} is missing` : null);
  Deno.test({ name: `${name}${why === null ? "" : ` (${why})`}`, ignore: why !== null, fn });
}

const HEADERS = [/^ {4}0,dtls, {4}100,/, /^ack/, /^ {4}1,dtls, {4}100,/, /^ack/];

capturing("capture keeps a file that tshark deciphers by itself", ["editcap"], async () => {
  await using place = await workplace({ tshark: null, editcap: null });
  const ending = await endingOf(await start(place, "--resume", "--out", "run.pcapng"));
  assertEquals(ending.code, 0, ending.stderr);
  assertEquals([...filesIn(place)], [["run.pcapng", 0o600]]);

  assertMatch(ending.stdout, /^dtls-sync-openssl, port \d+: connection 1 as tshark sees it\n/);
  assertMatch(
    ending.stdout,
    /\n +0 {2}--> {2}Client Hello\n +\d+ {2}<-- {2}Hello Verify Request\n/,
  );
  const [first, resumed] = ending.stdout.split("connection 2 as tshark sees it");
  assertMatch(first!.replace(/\s+/g, " "), /<-- Server Hello, .*Certificate Request, .*--> Cert/);
  assertNotMatch(resumed!, /Certificate/);
  assertMatch(resumed!, /--> {2}Change Cipher Spec, Finished\n/);
  assertEquals(ending.stdout.split("\n").filter((line) => line.length > 80), []);

  const path = place.path("run.pcapng");
  const port = Number(/port (\d+)/.exec(ending.stdout)![1]);
  assertEquals(ending.stderr.trim().split("\n"), [
    `warning: the traffic can be read with ${path}, which has its keys`,
    `capture: ${path}`,
    `to open it: wireshark -d udp.port==${port},dtls ${path}`,
  ]);
  const texts = await decipheredData("dtls", [port], path, null);
  assertEquals(texts.length, HEADERS.length, texts.join("\n"));
  for (const [i, header] of HEADERS.entries()) assertMatch(texts[i]!, header);
  // What only marked the end is gone, and the programs have left nothing of their own.
  assert(!new TextDecoder("latin1").decode(await Deno.readFile(path)).includes(MARK));
});

capturing("capture with tcpdump alone keeps the keys beside the packets", ["tcpdump"], async () => {
  await using place = await workplace({ tcpdump: null });
  const args = ["--lane", "tls-async-openssl", "--repeat", "1"];
  const ending = await endingOf(await start(place, ...args));
  assertEquals(ending.code, 0, ending.stderr);
  const files = [...filesIn(place)].sort();
  assertEquals(files.map(([, mode]) => mode), [0o600, 0o600]);
  const [keys, path] = files.map(([name]) => name.replace("results/", ""));
  assertMatch(keys!, /Z-tls-async-openssl\.keys$/);
  assertMatch(path!, /Z-tls-async-openssl\.pcap$/);
  assert(isCapture(keys!) && isCapture(path!));
  assertMatch(
    ending.stderr,
    /warning: the traffic can be read with its keys, which stay in .*keys/,
  );
  assertMatch(ending.stderr, /as it was captured: there is no editcap/);
  assertMatch(ending.stderr, /to open it: wireshark -d tcp\.port==\d+,tls -o tls\.keylog_file:\S+/);
  const port = Number(/port==(\d+)/.exec(ending.stderr)![1]);
  const [file, keyLog] = [path, keys].map((name) => place.path(`results/${name}`));
  const texts = await decipheredData("tls", [port], file!, keyLog!);
  assertMatch(texts.join("\n"), /^ {4}0, ssl, {4}100,.*\nack/);
});

capturing("capture keeps what there is of a run that fails, or that Ctrl-C ends", [], async () => {
  await using place = await workplace({ tshark: null, editcap: null });
  const failing = await start(
    ...[place, "--out", "failed.pcapng", "--timeout-ms", "1"] as const,
    ...["--lane", "tls-async-rustls"],
  );
  const endless = await start(
    ...[place, "--out", "endless.pcapng", "--lane", "tcp-async"] as const,
    ...["--connect", "once", "--repeat", "10000", "--wait-ms", "10"],
  );
  const path = place.path("endless.pcapng");
  const hasPackets = async () => {
    while ((await Deno.stat(path).catch(() => ({ size: 0 }))).size < 4000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await within(hasPackets());
  endless.kill("SIGINT");
  const [failed, interrupted] = await Promise.all([failing, endless].map(endingOf));
  assertEquals(interrupted!.code, 130, interrupted!.stderr);
  assertMatch(interrupted!.stdout, /\[SYN\][^]*\n +\.\.\. and \d+ more\n/);
  assertMatch(interrupted!.stderr, /\ninterrupted; what was captured until then is kept\n$/);
  assertEquals(failed!.code, 1, failed!.stderr);
  assertMatch(
    failed!.stderr,
    /capture: .*failed\.pcapng\n[^]*\nerror: tls-async-rustls: the [^\n]+\n$/,
  );
  assertEquals([...filesIn(place)].sort(), [["endless.pcapng", 0o600], ["failed.pcapng", 0o600]]);
});

capturing("capture --only takes what others send, and leaves their keys alone", [], async () => {
  await using place = await workplace({ tshark: null });
  await Deno.writeTextFile(
    place.path("keys"),
    `CLIENT_RANDOM ${"00".repeat(32)} ${"11".repeat(48)}\n`,
  );
  const udp = { transport: "udp", hostname: "127.0.0.1" } as const;
  const [receiver, sender] = [0, 0].map((port) => Deno.listenDatagram({ ...udp, port }));
  const to = receiver!.addr as Deno.NetAddr;
  const child = await start(
    ...[place, "--only", "--port", String(to.port), "--lane", "udp-sync"] as const,
    ...["--out", "only.pcapng", "--key-log", "keys", "--seconds", "1"],
  );
  const ended = endingOf(child);
  const timer = setInterval(() => sender!.send(new Uint8Array(33), to), 50);
  const { code, stdout, stderr } = await ended;
  clearInterval(timer);
  for (const socket of [receiver!, sender!]) socket.close();
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /^capturing on \S+, port \d+\n/);
  assertMatch(stdout, /\n +0 {2}--> {2}Len=33\n/);
  assertEquals([...filesIn(place).keys()].sort(), ["keys", "only.pcapng"]);
});

/** Says why it captures nothing, or lists what there is where it is asked. */
const refusing = (why: string) =>
  `case "$*" in
  *-D*) echo "1. eth0"; echo "2. lo (Loopback)"; echo "3. w\x1b[31mlan" ;;
  *) echo "${why}" >&2; exit 1 ;;
esac`;

const NO_SUCH = refusing(
  "tshark: The capture session could not be initiated on interface 'x' (No such device exists).",
);

const REFUSED: [Fakes, args: string[], code: number, line: RegExp][] = [
  [
    {},
    [],
    1,
    /^error: there is no tshark, dumpcap or tcpdump on this machine: apt install tshark \(D.*brew /,
  ],
  [
    { tshark: refusing("tshark: Running.\ntshark: (You do not have permission to capture on lo)") },
    [],
    1,
    /^error: tshark may not capture here, as this user: .*; or capture as root$/,
  ],
  [
    { tcpdump: refusing("listening\ntcpdump: \x1b[31mboom\nmore") },
    [],
    1,
    /^error: tcpdump: \\x1b\[31mboom$/,
  ],
  [
    { tshark: NO_SUCH },
    ["--interface", "x"],
    2,
    /^error: --interface x: there is none of that name; there are eth0, lo, w\\x1b\[31mlan$/,
  ],
];

Deno.test({
  name: "capture says in a line why nothing is captured, and leaves no file",
  ignore: WINDOWS,
  async fn() {
    await Promise.all(REFUSED.map(async ([fakes, args, code, line]) => {
      await using place = await workplace(fakes);
      const child = await start(place, "--only", "--port", "9", ...args);
      assertOneLine(await endingOf(child), code, line);
      assertEquals([...filesIn(place)], []);
    }));
  },
});

Deno.test({
  name: "capture replaces no file, and lists interfaces",
  ignore: WINDOWS,
  async fn() {
    // The beginning of a capture.
    const tshark =
      `case "$*" in *-D*) echo "1. lo" ;; *) printf "\\n\\r\\r\\n"; exec sleep 60 ;; esac`;
    await using place = await workplace({ tshark });
    await Deno.symlink("/bin/sleep", place.path("programs/sleep"));
    await Deno.writeTextFile(place.path("mine"), "mine");
    const there = await endingOf(await start(place, "--only", "--port", "9", "--out", "mine"));
    assertOneLine(there, 2, /^error: .*mine is there already, and is not replaced; name another/);
    assertEquals(await Deno.readTextFile(place.path("mine")), "mine");
    assertEquals(await endingOf(await start(place, "-D")), {
      ...{ code: 0, stdout: "1. lo\n", stderr: "" },
    });
  },
});

Deno.test({
  name: "capture --only takes keys alone for keys, and says where there are none",
  ignore: WINDOWS,
  async fn() {
    const tshark = `case "$*" in *-r*) exit 1 ;; *) printf "\\n\\r\\r\\n"; exec sleep 60 ;; esac`;
    await using place = await workplace({ tshark });
    await Deno.symlink("/bin/sleep", place.path("programs/sleep"));
    await Deno.writeTextFile(place.path("notes"), "my own\n");
    const withKeys = (path: string) =>
      start(
        ...[place, "--only", "--port", "9", "--seconds", "1"] as const,
        ...["--out", `${path}.pcapng`, "--key-log", path],
      ).then(endingOf);
    const [wrong, folder, missing] = await Promise.all(["notes", "certs", "none"].map(withKeys));
    assertOneLine(wrong!, 2, /^error: --key-log notes: its line 1 is none of a key log; name anot/);
    assertOneLine(folder!, 1, /^error: cannot read certs: it is no file$/);
    assertEquals(missing!.code, 0, missing!.stderr);
    assertMatch(missing!.stderr, /\nit has no keys: there are none in none\n/);
    assertNotMatch(missing!.stderr, /can be read/);
    assertEquals([...filesIn(place).keys()].sort(), ["none.pcapng", "notes"]);
  },
});

Deno.test({
  name: "capture says that what captures has ended by itself, and keeps what there is",
  ignore: WINDOWS,
  async fn() {
    const tshark = `case "$*" in *-r*) exit 1 ;; *) printf "\\n\\r\\r\\n"; exit 3 ;; esac`;
    await using place = await workplace({ tshark });
    const runs = [["--only", "--port", "9"], ["--lane", "udp-async", "--seconds", "60"]];
    const endings = await Promise.all(
      runs.map(async (args, i) => endingOf(await start(place, ...args, "--out", `${i}.pcapng`))),
    );
    for (const { code, stderr } of endings) {
      assertEquals(code, 1, stderr);
      assertMatch(stderr, /\ncapture: .*pcapng\n/);
      assertMatch(
        stderr,
        /\nerror: (udp-async: )?tshark ended before the capture was over \(exit code 3\)\n$/,
      );
    }
    assertEquals([...filesIn(place).keys()].sort(), ["0.pcapng", "1.pcapng"]);
  },
});
