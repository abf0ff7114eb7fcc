import { RunError, UsageError } from "../common/errors.ts";
import { fromFileUrl, join } from "../common/std.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../common/testing/assert.ts";
import { ensureCertificates, generateCertificates, KEY_TYPES } from "./generate.ts";
import { FILES, readCertificates, writeCertificates } from "./store.ts";
import { type Finished, openssl, runDeno, withDirectory } from "./testing.ts";

const SCRIPT = fromFileUrl(new URL("generate.ts", import.meta.url));
const ALL = Object.values(FILES).sort();

/** Starts the script with the permissions its help names. */
function generate(...words: string[]): Promise<Finished> {
  return start(["--allow-read", "--allow-write", "--allow-sys=hostname"], words);
}

function start(permissions: string[], words: string[]): Promise<Finished> {
  const flags = ["run", "--no-prompt", "--cached-only", ...permissions];
  return runDeno([...flags, SCRIPT, ...words]);
}

function listing(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

Deno.test("ensureCertificates() makes five files in a directory it makes", () =>
  withDirectory(async (parent) => {
    const dir = join(parent, "deep", "certs");
    const result = await ensureCertificates({ dir });
    assertEquals([result.made, result.dir], [true, dir]);
    assertStringIncludes(result.summary, "ca.pem was missing");
    assertEquals(listing(dir), ALL);
  }));

Deno.test("ensureCertificates() keeps what is valid", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir, keyType: "ed25519" });
    const before = await readCertificates(dir);
    const result = await ensureCertificates({ dir });
    assertEquals(result.made, false);
    assertMatch(result.summary, /: kept, all is valid until 20/);
    assertEquals(await readCertificates(dir), before);
  }));

Deno.test("ensureCertificates() makes all anew where it is forced to", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir });
    const before = await readCertificates(dir);
    assertEquals((await ensureCertificates({ dir, force: true })).made, true);
    assertNotEquals(await readCertificates(dir), before);
  }));

for (const name of ALL) {
  Deno.test(`ensureCertificates() makes all anew where ${name} is missing`, () =>
    withDirectory(async (dir) => {
      await ensureCertificates({ dir });
      await Deno.remove(join(dir, name));
      const { made, summary } = await ensureCertificates({ dir });
      assert(made);
      assertStringIncludes(summary, `${name} was missing`);
      assertEquals((await ensureCertificates({ dir })).made, false);
    }));
}

Deno.test("ensureCertificates() makes all anew for a name that is not in there", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir });
    const wanted = { dir, extraNames: ["server.example", "192.0.2.1"] };
    const { made, summary } = await ensureCertificates(wanted);
    assert(made);
    assertStringIncludes(summary, "server-cert.pem is not valid for server.example");
    assertEquals((await ensureCertificates(wanted)).made, false);
    assertEquals((await ensureCertificates({ dir })).made, false);
  }));

Deno.test("ensureCertificates() makes all anew for another kind of key", () =>
  withDirectory(async (dir) => {
    for (const keyType of KEY_TYPES) {
      assertEquals((await ensureCertificates({ dir, keyType })).made, true);
      assertEquals((await ensureCertificates({ dir, keyType })).made, false);
    }
  }));

Deno.test("ensureCertificates() replaces certificates that have expired", () =>
  withDirectory(async (dir) => {
    const expired = { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") };
    await writeCertificates(dir, await generateCertificates(expired));
    const { made, summary } = await ensureCertificates({ dir });
    assert(made);
    assertStringIncludes(summary, "server-cert.pem has expired");
  }));

Deno.test("ensureCertificates() called at the same time makes one set", () =>
  withDirectory(async (dir) => {
    const results = await Promise.all(
      Array.from({ length: 4 }, () => ensureCertificates({ dir })),
    );
    assertEquals(results.filter(({ made }) => made).length, 1);
    assertEquals(listing(dir), ALL);
  }));

Deno.test("ensureCertificates() takes names and lifetime from a profile", () =>
  withDirectory(async (dir) => {
    const profile = join(dir, "profile.yaml");
    await Deno.writeTextFile(profile, "validityDays: 3\nserver: { names: [only.example] }\n");
    await ensureCertificates({ dir: join(dir, "out"), profile });
    const shown = await openssl(
      join(dir, "out"),
      ...["x509", "-noout", "-checkend", String(2 * 86_400), "-ext", "subjectAltName"],
      ...["-in", FILES.serverCert],
    );
    if (!shown) return;
    assertEquals(shown.code, 0);
    assertMatch(shown.stdout, /DNS:only\.example/);
    assert(!shown.stdout.includes("localhost"));
  }));

Deno.test("ensureCertificates() throws a UsageError for a wrong profile", () =>
  withDirectory(async (dir) => {
    const profile = join(dir, "wrong.yaml");
    await Deno.writeTextFile(profile, "servers: {}\n");
    await assertRejects(() => ensureCertificates({ dir, profile }), UsageError, "servers");
    assertEquals(listing(dir), ["wrong.yaml"]);
  }));

Deno.test("ensureCertificates() throws a RunError where it cannot write", () =>
  withDirectory(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    await assertRejects(() => ensureCertificates({ dir: file, force: true }), RunError, file);
  }));

Deno.test("generate.ts makes, keeps, and says either in one line", () =>
  withDirectory(async (dir) => {
    const made = await generate("--dir", dir, "--days", "1", "--name", "server.example");
    assertEquals([made.code, made.stderr], [0, ""]);
    assertMatch(
      made.stdout,
      /^\S+: made for 1 day \(p256, for .*, server\.example\): .*missing\n$/,
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

Deno.test("generate.ts --help prints its words and needs no permission", async () => {
  const { code, stdout, stderr } = await start([], ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const word of ["--dir", "--key", "--days", "--name", "--profile", "--force", "--quiet"]) {
    assertStringIncludes(stdout, `  ${word} `);
  }
});

/** Wrong command lines, and what the one line on stderr must say. */
const WRONG: readonly (readonly [string[], RegExp])[] = [
  [["--frob"], /unknown word "--frob".*--dir/],
  [["-x"], /unknown word "-x"/],
  [["certs"], /unknown word "certs"/],
  [["--", "certs"], /unknown word "certs"/],
  [["--no-force"], /unknown word "--no-force"/],
  [["--force=no"], /--force takes no value/],
  [["--force", "false"], /--force takes no value/],
  [["--dir"], /--dir needs a value/],
  [["--dir="], /--dir needs a value/],
  [["--key", "p521"], /--key must be one of p256, rsa2048, ed25519, not "p521"/],
  [["--days", "0"], /--days must be a whole number from 1 to 3650, not "0"/],
  [["--days", "1.5"], /not "1\.5"/],
  [["--days", "3651"], /not "3651"/],
  [["--days=-1"], /not "-1"/],
  [["--name"], /--name needs a value/],
  [["--name", "a.example", "--name", "a..b"], /--name: "a\.\.b" is neither/],
  [["--profile", "no-such-file.yaml"], /profile no-such-file\.yaml: no such file/],
];

for (const [words, message] of WRONG) {
  Deno.test(`generate.ts ${words.join(" ")} is refused with exit code 2`, async () => {
    const { code, stdout, stderr } = await start(["--allow-read"], words);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  });
}

Deno.test("generate.ts fails with one line and exit code 1 where it cannot write", () =>
  withDirectory(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    const below = join(file, "certs");
    for (const words of [["--dir", file], ["--dir", below], ["--dir", file, "--force"]]) {
      const { code, stdout, stderr } = await generate(...words);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^error: Cannot (read|write) [^\n]+\n$/);
    }
    const { code, stderr } = await start(["--allow-read"], ["--dir", join(dir, "new")]);
    assertEquals(code, 1);
    assertMatch(stderr, /^error: Cannot write [^\n]+--allow-write\n$/);
  }));
