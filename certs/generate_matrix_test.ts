import { RunError, UsageError } from "../common/base/errors.ts";
import { join } from "../common/base/std.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "../common/testing/assert.ts";
import { ensureCertificates, generateCertificates, KEY_TYPES, main } from "./generate.ts";
import { formatMarker, MARKER } from "./marker.ts";
import { FILES } from "../common/pem/certificate_files.ts";
import { writeCertificates } from "./store.ts";
import {
  type Finished,
  listing,
  openssl,
  snapshot,
  withDirectory,
  writeOwnCertificates,
} from "../common/testing/own_certificates.ts";
import { runHere } from "../common/testing/run_here.ts";

const ALL = [...Object.values(FILES), MARKER].sort();

/** Runs the command in this process. */
function generate(...args: string[]): Promise<Finished> {
  return runHere(main, args);
}

Deno.test("ensureCertificates() makes five files in a directory it makes", () =>
  withDirectory(async (parent) => {
    const dir = join(parent, "deep", "certs");
    const result = await ensureCertificates({ dir });
    assertEquals([result.made, result.dir], [true, dir]);
    assertMatch(result.summary, /: made for 365 days \(p256, for localhost, /);
    assertEquals(listing(dir), ALL);
  }));

Deno.test("ensureCertificates() keeps what is valid", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir, keyType: "ed25519" });
    const before = await snapshot(dir);
    const result = await ensureCertificates({ dir });
    assertEquals([result.made, result.endsSoon], [false, false]);
    assertMatch(result.summary, /: kept, all is valid until 20\S+Z$/);
    assertEquals(await snapshot(dir), before);
  }));

Deno.test("ensureCertificates() makes all anew where it is forced to", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir });
    const before = await snapshot(dir);
    assertEquals((await ensureCertificates({ dir, force: true })).made, true);
    const after = await snapshot(dir);
    for (const name of ALL) assertNotEquals(after[name], before[name], name);
  }));

/** What is wrong with what was made here, and the arguments that make it anew. */
async function refusalFor(
  dir: string,
  options: Parameters<typeof ensureCertificates>[0] = {},
): Promise<[reason: string, args: string[]]> {
  const before = await snapshot(dir);
  const error = await assertRejects(() => ensureCertificates({ dir, ...options }), RunError);
  assertEquals(await snapshot(dir), before, "nothing is replaced");
  const [, reason, command] = /^Cannot use the certificates in \S+: (.*); to make them anew: (.*)$/
    .exec(error.message) ?? [error.message];
  const [task, ...args] = command?.split(" certs ") ?? [];
  assertEquals(task, "deno task", error.message);
  return [reason!, args[0]!.split(" ")];
}

for (const name of Object.values(FILES)) {
  Deno.test(`ensureCertificates() says that ${name} is missing, and how to make all anew`, () =>
    withDirectory(async (dir) => {
      await ensureCertificates({ dir });
      await Deno.remove(join(dir, name));
      const [reason, args] = await refusalFor(dir);
      assertEquals(reason, `${name} is missing`);
      assertEquals((await generate(...args)).code, 0);
      assertEquals((await ensureCertificates({ dir })).made, false);
    }));
}

Deno.test("ensureCertificates() names a missing name, and a command that adds it to the others", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir, extraNames: ["kept.example"] });
    const wanted = { extraNames: ["server.example", "192.0.2.1"] };
    const [reason, args] = await refusalFor(dir, wanted);
    assertEquals(reason, "server-cert.pem is not valid for server.example");
    assertEquals((await generate(...args)).code, 0);
    const extraNames = [...wanted.extraNames, "kept.example"];
    assertEquals((await ensureCertificates({ dir, extraNames })).made, false);
  }));

Deno.test("ensureCertificates() names a missing kind of key, and a command that makes it", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir });
    for (const keyType of KEY_TYPES.filter((type) => type !== "p256")) {
      const [reason, args] = await refusalFor(dir, { keyType });
      assertEquals(reason, `server-cert.pem has no ${keyType} key`);
      assertEquals((await generate(...args)).code, 0);
      assertEquals((await ensureCertificates({ dir, keyType })).made, false);
    }
  }));

Deno.test("ensureCertificates() names what has expired, and replaces nothing", () =>
  withDirectory(async (dir) => {
    const expired = { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") };
    await writeCertificates(dir, await generateCertificates(expired));
    assertEquals((await refusalFor(dir))[0], "server-cert.pem has expired");
  }));

Deno.test("ensureCertificates() keeps what ends soon, and says so with a command", () =>
  withDirectory(async (dir) => {
    const notBefore = new Date("2020-01-01");
    const notAfter = new Date(Date.now() + 86_400_000);
    await writeCertificates(dir, await generateCertificates({ notBefore, notAfter }));
    const { made, endsSoon, summary } = await ensureCertificates({ dir });
    assertEquals([made, endsSoon], [false, true]);
    assertMatch(summary, /, which is soon; to make them anew: deno task certs --force --dir /);
  }));

Deno.test("ensureCertificates() asks for the needed names and roles alone", () =>
  withDirectory(async (dir) => {
    const set = await generateCertificates({ names: ["only.example"] });
    await writeCertificates(dir, set);
    assertEquals((await ensureCertificates({ dir, neededNames: ["only.example"] })).made, false);
    await Deno.remove(join(dir, FILES.clientKey));
    const options = { dir, neededNames: [], roles: ["server"] } as const;
    assertEquals((await ensureCertificates(options)).made, false);
    await assertRejects(() => ensureCertificates({ ...options, roles: ["client"] }), RunError);
  }));

Deno.test("ensureCertificates() with onlyCheck makes nothing", () =>
  withDirectory(async (dir) => {
    const line = "ca.pem is missing; copy the folder from the machine";
    await assertRejects(() => ensureCertificates({ dir, onlyCheck: true }), RunError, line);
    assertEquals(listing(dir), []);
  }));

for (const force of [false, true]) {
  const how = force ? "with force" : "without force";
  Deno.test(`ensureCertificates() ${how} leaves a user's certificates as they are`, () =>
    withDirectory(async (dir) => {
      await writeOwnCertificates(dir, ["127.0.0.1"]);
      const before = await snapshot(dir);
      const why = force ? "ca.pem was not made here" : "server-cert.pem is not valid for localhost";
      await assertRejects(() => ensureCertificates({ dir, force }), RunError, why);
      assertEquals(await snapshot(dir), before);
    }));

  for (const name of Object.values(FILES)) {
    Deno.test(`ensureCertificates() ${how} leaves a user's ${name} among made ones`, () =>
      withDirectory(async (dir) => {
        await ensureCertificates({ dir });
        await Deno.writeTextFile(join(dir, name), "a user's own");
        const before = await snapshot(dir);
        await assertRejects(() => ensureCertificates({ dir, force }), RunError, name);
        assertEquals(await snapshot(dir), before);
      }));
  }

  Deno.test(`ensureCertificates() ${how} adds nothing to a user's incomplete set`, () =>
    withDirectory(async (dir) => {
      await writeOwnCertificates(dir);
      await Deno.remove(join(dir, FILES.clientKey));
      const before = await snapshot(dir);
      await assertRejects(() => ensureCertificates({ dir, force }), RunError);
      assertEquals(await snapshot(dir), before);
    }));
}

Deno.test("ensureCertificates() keeps a user's certificates that fit, with a chain", () =>
  withDirectory(async (dir) => {
    await writeOwnCertificates(dir, ["localhost", "127.0.0.1", "::1"]);
    const before = await snapshot(dir);
    assertEquals((await ensureCertificates({ dir })).made, false);
    assertEquals(await snapshot(dir), before);
  }));

Deno.test("ensureCertificates() completes what was cut off while it was made", () =>
  withDirectory(async (dir) => {
    await ensureCertificates({ dir });
    const { files } = JSON.parse(await Deno.readTextFile(join(dir, MARKER)));
    await Deno.writeTextFile(join(dir, MARKER), formatMarker({ files, replacing: {} }));
    await Deno.remove(join(dir, FILES.serverCert));
    assertEquals((await ensureCertificates({ dir })).made, true);
    assertEquals((await ensureCertificates({ dir })).made, false);
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
    await assertRejects(
      () => ensureCertificates({ dir, profile }),
      UsageError,
      "did you mean server?",
    );
    assertEquals(listing(dir), ["wrong.yaml"]);
  }));

Deno.test("ensureCertificates() throws a RunError where it cannot write", () =>
  withDirectory(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    await assertRejects(() => ensureCertificates({ dir: file, force: true }), RunError, file);
  }));

/** Wrong command lines, and what the one line on stderr must say. */
const WRONG: readonly (readonly [string[], RegExp])[] = [
  [["certs"], /unexpected argument "certs"/],
  [["--force=no"], /--force takes no value/],
  [["--dir="], /--dir needs a value: DIR/],
  [["--dir", "a", "--dir", "b"], /--dir is given 2 times/],
  [["--key", "p521"], /--key p521: use p256, rsa2048 or ed25519/],
  [["--days", "0"], /--days 0: a whole number from 1 to 3650 is allowed/],
  [["--days", "3651"], /--days 3651: /],
  [["--name"], /--name needs a value: NAME/],
  [["--name", "a.example", "--name", "a..b"], /--name: "a\.\.b" is neither/],
  [["--profile", "no-such-file.yaml"], /profile no-such-file\.yaml: no such file/],
];

for (const [args, message] of WRONG) {
  Deno.test(`main() refuses ${args.join(" ")} with exit code 2`, async () => {
    const { code, stdout, stderr } = await generate(...args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  });
}
