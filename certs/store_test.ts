import { join } from "../common/std.ts";
import { assert, assertEquals, assertRejects } from "../common/testing/assert.ts";
import { generateCertificates } from "./authority.ts";
import { FILES, lockDirectory, readCertificates, writeCertificates } from "./store.ts";
import { withDirectory } from "./testing.ts";

function listing(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

async function modeOf(dir: string, name: string): Promise<number> {
  return ((await Deno.stat(join(dir, name))).mode ?? 0) & 0o777;
}

const ALL = Object.values(FILES).sort();
const SKIP_WINDOWS = Deno.build.os === "windows";

Deno.test("writeCertificates() writes five files that readCertificates() gives back", () =>
  withDirectory(async (dir) => {
    const set = await generateCertificates();
    await writeCertificates(dir, set);
    assertEquals(listing(dir), ALL);
    assertEquals(await readCertificates(dir), { set });
  }));

Deno.test({
  name: "writeCertificates() lets nobody but the owner read the keys",
  ignore: SKIP_WINDOWS,
  fn: () =>
    withDirectory(async (dir) => {
      await writeCertificates(dir, await generateCertificates());
      assertEquals(await modeOf(dir, FILES.serverKey), 0o600);
      assertEquals(await modeOf(dir, FILES.clientKey), 0o600);
      assert((await modeOf(dir, FILES.ca) & 0o600) === 0o600);
    }),
});

Deno.test({
  name: "writeCertificates() does not take over the mode of a file it replaces",
  ignore: SKIP_WINDOWS,
  fn: () =>
    withDirectory(async (dir) => {
      await Deno.writeTextFile(join(dir, FILES.serverKey), "old", { mode: 0o644 });
      await writeCertificates(dir, await generateCertificates());
      assertEquals(await modeOf(dir, FILES.serverKey), 0o600);
    }),
});

Deno.test("writeCertificates() clears away what a crash left", () =>
  withDirectory(async (dir) => {
    await Deno.writeTextFile(join(dir, ".client-key.pem.tmp"), "half a k");
    await writeCertificates(dir, await generateCertificates());
    assertEquals(listing(dir), ALL);
  }));

Deno.test("writeCertificates() leaves no certificate without its key where it fails", () =>
  withDirectory(async (dir) => {
    await writeCertificates(dir, await generateCertificates());
    // A directory that is not empty cannot be replaced by a file: the third of five renames fails.
    await Deno.remove(join(dir, FILES.ca));
    await Deno.mkdir(join(dir, FILES.ca, "in-the-way"), { recursive: true });
    await assertRejects(
      async () => await writeCertificates(dir, await generateCertificates()),
      Error,
    );
    assertEquals(listing(dir), [FILES.ca, FILES.clientKey, FILES.serverKey]);
  }));

Deno.test("readCertificates() names the first missing file", () =>
  withDirectory(async (dir) => {
    assertEquals(await readCertificates(dir), { missing: FILES.ca });
    await writeCertificates(dir, await generateCertificates());
    await Deno.remove(join(dir, FILES.clientKey));
    assertEquals(await readCertificates(dir), { missing: FILES.clientKey });
  }));

Deno.test({
  name: "lockDirectory() keeps others out until the lock is given back",
  ignore: SKIP_WINDOWS,
  fn: () =>
    withDirectory(async (dir) => {
      const lock = await lockDirectory(dir);
      using other = await Deno.open(dir);
      assertEquals(await other.tryLock(true), false);
      lock[Symbol.dispose]();
      assertEquals(await other.tryLock(true), true);
      assertEquals(listing(dir), []);
    }),
});
