/** certs/generate.ts, started as a user would start it. */
import { fromFileUrl, join } from "../common/base/std.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../common/testing/assert.ts";
import { type Finished, runDeno, withDirectory } from "../common/testing/own_certificates.ts";
import { ensureCertificates } from "./generate.ts";
import { readHolding } from "./store.ts";

const SCRIPT = fromFileUrl(new URL("generate.ts", import.meta.url));

/** Permissions that its help names. */
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-sys=hostname"];

/** Starts it as a user would. */
function start(permissions: string[], args: string[]): Promise<Finished> {
  const flags = ["run", "--no-prompt", "--cached-only", ...permissions];
  return runDeno([...flags, SCRIPT, ...args]);
}

/** Starts it with the permissions its help names. */
function generate(...args: string[]): Promise<Finished> {
  return start(PERMISSIONS, args);
}

Deno.test("generate.ts that is killed leaves nothing half-written", () =>
  withDirectory(async (dir) => {
    // From before it begins: what it did before that is no event, and would be waited for without end.
    const watcher = Deno.watchFs(dir);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "-A", SCRIPT, "--dir", dir],
      stdout: "null",
      stderr: "null",
    }).spawn();
    for await (const { paths } of watcher) {
      if (paths.some((path) => path.endsWith(".tmp"))) break;
    }
    try {
      child.kill("SIGKILL");
    } catch {
      // It was through before.
    }
    await child.status;
    const { owner, files } = await readHolding(dir);
    assert(owner !== "user");
    for (const [name, bytes] of files) {
      assertMatch(new TextDecoder().decode(bytes), /-----\n$/, name);
    }
    // The next one completes it, or keeps what was complete.
    await ensureCertificates({ dir });
    assertEquals((await ensureCertificates({ dir })).made, false);
    assertEquals((await readHolding(dir)).files.size, 5);
  }));

Deno.test("generate.ts makes, keeps, and says either in one line", () =>
  withDirectory(async (dir) => {
    const args = ["--dir", dir, "--days", "1", "--name", "server.example"];
    const made = await generate(...args);
    assertEquals([made.code, made.stderr], [0, ""]);
    assertMatch(
      made.stdout,
      /^\S+: made for 1 day \(p256, for .*, server\.example\)\n$/,
    );
    const kept = await generate("--dir", dir);
    assertEquals([kept.code, kept.stderr], [0, ""]);
    assertMatch(kept.stdout, /^\S+: kept, all is valid until 20\S+\n$/);
    const forced = await generate("--dir", dir, "--force", "--quiet");
    assertEquals(forced, { code: 0, stdout: "", stderr: "" });
  }));

Deno.test("generate.ts keeps what is valid with read permission alone", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir });
    const kept = await start([`--allow-read=${dir}`], ["--dir", dir]);
    assertEquals([kept.code, kept.stderr], [0, ""]);
  }));

Deno.test("generate.ts --help prints its options and needs no permission", async () => {
  const { code, stdout, stderr } = await start([], ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const name of ["--dir", "--key", "--days", "--name", "--profile", "--force", "--quiet"]) {
    assertStringIncludes(stdout, `  ${name} `);
  }
});

Deno.test("generate.ts fails with one line and exit code 1 where it cannot write", () =>
  withDirectory(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    const below = join(file, "certs");
    for (const args of [["--dir", file], ["--dir", below], ["--dir", file, "--force"]]) {
      const { code, stdout, stderr } = await generate(...args);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^error: Cannot (read|write) [^\n]+\n$/);
    }
    const { code, stderr } = await start(["--allow-read"], ["--dir", join(dir, "new")]);
    assertEquals(code, 1);
    const how = /^error: Cannot write [^\n]+ DIR: deno run [^\n]*--allow-write=\.,DIR [^\n]+\n$/;
    assertMatch(stderr, how);
  }));

Deno.test("generate.ts refuses an unknown option in one line, with exit code 2", async () => {
  const { code, stdout, stderr } = await start([], ["--frob"]);
  const line = 'error: unknown option "--frob"; --help lists what is allowed\n';
  assertEquals([code, stdout, stderr], [2, "", line]);
});
