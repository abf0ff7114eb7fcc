/** A user's own certificates, in the hands of the commands that need some. */
import { createPrivateKey } from "node:crypto";
import {
  snapshot,
  withDirectory,
  writeOwnCertificates,
} from "../common/testing/own_certificates.ts";
import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../common/testing/assert.ts";
import { freePort } from "../common/testing/free_port.ts";
import { RunError } from "../common/base/errors.ts";
import { LANES } from "../common/model/lanes.ts";
import { LaneStage } from "./bench/lane_stage.ts";
import { casesOf } from "./bench/matrix.ts";
import { whyNotAll } from "./bench/obstacles.ts";
import { ROOT } from "./lib/children.ts";

const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-sys=hostname,cpus", "--allow-run"];

/** Each kind of I/O and each engine reads certificates in its own way. */
const ONE_OF_EACH = ["--lanes", "tls-async-rustls,tls-sync-openssl,dtls-async-openssl"];
const SMALL = ["--sizes", "100", "--repeat", "2", "--connect", "once"];

/** Starts run_all in a folder, as `deno task demo` does in the project's. */
function start(cwd: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...PERMISSIONS, join(ROOT, "tools/run_all.ts")],
      ...[...SMALL, ...args],
    ],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function demo(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await start(cwd, ...args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The lanes that have exchanged all their messages. */
function completeLanes(stdout: string): string[] {
  return [...stdout.matchAll(/^([a-z]\S+-\S+) .*[\d.]+ [µm]s(?: #+)?$/gm)].map(([, lane]) => lane!);
}

for (
  const [what, folder, args] of [
    ["in the default folder", "certs/pem", []],
    ["in a folder that is named", "mine", ["--certs", "mine"]],
  ] as const
) {
  Deno.test(`demo runs with a user's certificates ${what}, and leaves them as they are`, () =>
    withDirectory(async (cwd) => {
      const dir = join(cwd, folder);
      await writeOwnCertificates(dir);
      const before = await snapshot(dir);
      const { code, stdout, stderr } = await demo(cwd, ...args, ...ONE_OF_EACH);
      assertEquals(code, 0, stderr);
      assertEquals(completeLanes(stdout).length, 3);
      assertEquals(await snapshot(dir), before);
    }));

  Deno.test(`demo names what a user's certificates lack ${what}, and leaves them as they are`, () =>
    withDirectory(async (cwd) => {
      const dir = join(cwd, folder);
      await writeOwnCertificates(dir, ["server.example"]);
      const before = await snapshot(dir);
      const { code, stdout, stderr } = await demo(cwd, ...args, ...ONE_OF_EACH);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^error: .*server-cert\.pem is not valid for 127\.0\.0\.1; [^\n]+\n$/);
      assertEquals(await snapshot(dir), before);
      assertEquals([...Deno.readDirSync(cwd)].some(({ name }) => name === "results"), false);
    }));
}

Deno.test("demo makes certificates in certs/pem where there are none, and then keeps them", () =>
  withDirectory(async (cwd) => {
    const args = ["--lanes", "dtls-async-openssl"];
    const first = await demo(cwd, ...args);
    assertEquals(first.code, 0, first.stderr);
    assertMatch(first.stderr, /certs\/pem: made for 365 days/);
    const before = await snapshot(join(cwd, "certs/pem"));
    assertEquals(Object.keys(before).length, 6);
    const second = await demo(cwd, ...args);
    assertEquals(second.code, 0, second.stderr);
    assertEquals(await snapshot(join(cwd, "certs/pem")), before);
  }));

Deno.test("demo twice at the same time makes one set of certificates", () =>
  withDirectory(async (cwd) => {
    const args = ["--lanes", "tls-async-rustls"];
    const [one, other] = await Promise.all([
      demo(cwd, ...args, "--results", "one"),
      demo(cwd, ...args, "--results", "other"),
    ]);
    assertEquals([one.code, other.code], [0, 0], one.stderr + other.stderr);
    const made = [one, other].filter(({ stderr }) => stderr.includes(": made for"));
    assertEquals(made.length, 1);
  }));

Deno.test("demo --client makes no certificates", () =>
  withDirectory(async (cwd) => {
    const { code, stderr } = await demo(cwd, "--client", "--lanes", "tls-async-rustls");
    assertEquals(code, 1);
    assertMatch(stderr, /^error: .*ca\.pem is missing; copy the folder [^\n]+\n$/);
    assertEquals([...Deno.readDirSync(cwd)].length, 0);
  }));

Deno.test("demo --server wants a server's files alone, for whatever name", () =>
  withDirectory(async (cwd) => {
    const dir = join(cwd, "mine");
    await writeOwnCertificates(dir, ["server.example"]);
    for (const name of ["client-cert.pem", "client-key.pem"]) await Deno.remove(join(dir, name));
    const args = ["--certs", "mine", "--host", "0.0.0.0", "--lanes", "tls-async-rustls"];
    const port = String(freePort("tcp", "0.0.0.0"));
    const server = start(cwd, "--server", ...args, "--port", port);
    const decoder = new TextDecoder();
    let said = "";
    for await (const bytes of server.stderr.values({ preventCancel: true })) {
      said += decoder.decode(bytes);
      if (/listening on|error/.test(said)) break;
    }
    server.kill("SIGINT");
    await Promise.all([server.stdout.cancel(), server.stderr.cancel()]);
    await server.status;
    assertMatch(said, /^tls-async-rustls: listening on 0\.0\.0\.0:\d+$/m);
  }));

/** Encrypts the keys of a folder. */
async function encryptKeys(dir: string, passphrase: string): Promise<void> {
  for (const name of ["server-key.pem", "client-key.pem"]) {
    const key = createPrivateKey(await Deno.readTextFile(join(dir, name)));
    const options = { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase } as const;
    await Deno.writeTextFile(join(dir, name), String(key.export(options)));
  }
}

Deno.test("demo opens encrypted keys with --key-passphrase-file, and says so where it cannot", () =>
  withDirectory(async (cwd) => {
    const dir = join(cwd, "certs/pem");
    await writeOwnCertificates(dir);
    await encryptKeys(dir, "secret");
    await Deno.writeTextFile(join(cwd, "word.txt"), "secret\nnot this\n");
    await Deno.writeTextFile(join(cwd, "wrong.txt"), "other\n");
    const lanes = ["--lanes", "tcp-async,tls-async-rustls,dtls-sync-openssl"];
    const opened = await demo(cwd, ...lanes, "--key-passphrase-file", "word.txt");
    assertEquals(opened.code, 0, opened.stderr);
    assertEquals(completeLanes(opened.stdout).length, 3);
    const without = await demo(cwd, ...lanes);
    assertEquals(without.code, 1);
    assertMatch(without.stderr, /^error: .*-key\.pem: it is encrypted; .*--key-passphrase-file/);
    const wrong = await demo(cwd, ...lanes, "--key-passphrase-file", "wrong.txt");
    assertEquals(wrong.code, 1);
    assertMatch(wrong.stderr, /^error: .*-key\.pem: it is encrypted, and .* does not open it/);
    const missing = await demo(cwd, ...lanes, "--key-passphrase-file", "none.txt");
    assertEquals(missing.code, 2);
    assertMatch(
      missing.stderr,
      /^error: --key-passphrase-file: no such file; the name of a file is wanted\n$/,
    );
  }));

Deno.test("bench measures with a user's certificates, or names what they lack", () =>
  withDirectory(async (dir) => {
    const bench = casesOf({ kept: [100], fresh: [] }).find(({ lane }) =>
      lane.name === "tls-async-rustls"
    );
    assert(bench);
    const other = join(dir, "other");
    await writeOwnCertificates(dir);
    await writeOwnCertificates(other, ["server.example"]);
    const before = [await snapshot(dir), await snapshot(other)];
    const [stage, failing] = [new LaneStage(dir), new LaneStage(other)];
    try {
      await stage.play(bench);
      await stage.exchange();
      const line = "server-cert.pem is not valid for 127.0.0.1";
      await assertRejects(() => failing.play(bench), RunError, line);
    } finally {
      await stage.close();
      await failing.close();
    }
    assertEquals([await snapshot(dir), await snapshot(other)], before);
  }));

Deno.test("whyNotAll() leaves out the lanes whose certificates will not do", () =>
  withDirectory(async (dir) => {
    const empty = join(dir, "none");
    await writeOwnCertificates(dir, ["server.example"]);
    const lanes = await whyNotAll(dir);
    assertEquals([...lanes], LANES.filter(({ engine }) => engine !== null));
    assertEquals([...await whyNotAll(empty)], []);
  }));
