import { FILES } from "../common/pem/certificate_files.ts";
import { RunError } from "../common/base/errors.ts";
import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertRejects } from "../common/testing/assert.ts";
import { generateCertificates } from "./authority.ts";
import { digestOf, formatMarker, MARKER } from "./marker.ts";
import { findMadeCertificates, lockDirectory, readHolding, writeCertificates } from "./store.ts";
import { listing, snapshot, withDirectory } from "../common/testing/own_certificates.ts";

async function modeOf(dir: string, name: string): Promise<number> {
  return ((await Deno.stat(join(dir, name))).mode ?? 0) & 0o777;
}

const ALL = [...Object.values(FILES), MARKER].sort();
const SKIP_WINDOWS = Deno.build.os === "windows";

Deno.test("writeCertificates() writes five files that readHolding() knows for its own", () =>
  withDirectory(async (dir) => {
    assertEquals((await readHolding(dir)).owner, "none");
    const set = await generateCertificates();
    await writeCertificates(dir, set);
    assertEquals(listing(dir), ALL);
    const { owner, files, interrupted } = await readHolding(dir);
    assertEquals([owner, interrupted], ["made", false]);
    assertEquals(new TextDecoder().decode(files.get(FILES.serverKey)), set.server.key);
  }));

Deno.test({
  name: "writeCertificates() lets the owner alone read the keys",
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
  name: "lockDirectory() makes a folder that its owner alone can look into",
  ignore: SKIP_WINDOWS,
  fn: () =>
    withDirectory(async (dir) => {
      using _lock = await lockDirectory(join(dir, "certs/pem"));
      assertEquals([await modeOf(dir, "certs"), await modeOf(dir, "certs/pem")], [0o700, 0o700]);
    }),
});

Deno.test({
  name: "writeCertificates() does not take over the mode of a file it replaces",
  ignore: SKIP_WINDOWS,
  fn: () =>
    withDirectory(async (dir) => {
      await writeCertificates(dir, await generateCertificates());
      await Deno.chmod(join(dir, FILES.serverKey), 0o644);
      await writeCertificates(dir, await generateCertificates());
      assertEquals(await modeOf(dir, FILES.serverKey), 0o600);
    }),
});

Deno.test("writeCertificates() clears away what a crash left", () =>
  withDirectory(async (dir) => {
    await Deno.writeTextFile(join(dir, ".netpairs-client-key.pem.tmp"), "half a k");
    await writeCertificates(dir, await generateCertificates());
    assertEquals(listing(dir), ALL);
  }));

for (const name of [FILES.ca, FILES.clientKey, MARKER]) {
  Deno.test(`writeCertificates() leaves nothing behind where ${name} cannot be put in place`, () =>
    withDirectory(async (dir) => {
      // A folder in the way of the name it is written under at first.
      const inTheWay = join(dir, `.netpairs-${name}.tmp`);
      await Deno.mkdir(join(inTheWay, "x"), { recursive: true });
      const set = await generateCertificates();
      await assertRejects(() => writeCertificates(dir, set), Error);
      assertEquals(listing(dir), [`.netpairs-${name}.tmp`]);
    }));
}

/** Runs with a file system that does not rename from the given time on. */
async function failingAt(time: number, act: () => Promise<void>): Promise<void> {
  const { renameSync } = Deno;
  let times = 0;
  Deno.renameSync = (from, to) => {
    if (++times >= time) throw new Deno.errors.PermissionDenied("full");
    renameSync(from, to);
  };
  try {
    await act();
  } finally {
    Deno.renameSync = renameSync;
  }
}

for (const time of [1, 2, 4, 7]) {
  Deno.test(`writeCertificates() takes away what it has put there where step ${time} fails`, () =>
    withDirectory(async (dir) => {
      const set = await generateCertificates();
      const { PermissionDenied } = Deno.errors;
      await failingAt(time, async () => {
        await assertRejects(() => writeCertificates(dir, set), PermissionDenied);
      });
      assertEquals(listing(dir), []);
    }));

  Deno.test(`writeCertificates() can go on where replacing has failed at step ${time}`, () =>
    withDirectory(async (dir) => {
      await writeCertificates(dir, await generateCertificates());
      const set = await generateCertificates();
      await failingAt(time, async () => {
        await assertRejects(() => writeCertificates(dir, set), Deno.errors.PermissionDenied);
      });
      const { owner, interrupted } = await readHolding(dir);
      assertEquals([owner, interrupted, listing(dir)], ["made", time > 1, ALL]);
      await writeCertificates(dir, set);
      assertEquals((await readHolding(dir)).interrupted, false);
    }));
}

for (const name of [...Object.values(FILES), MARKER]) {
  Deno.test(`writeCertificates() replaces nothing where ${name} is a user's`, () =>
    withDirectory(async (dir) => {
      await writeCertificates(dir, await generateCertificates());
      await Deno.writeTextFile(join(dir, name), "mine");
      const before = await snapshot(dir);
      const set = await generateCertificates();
      await assertRejects(() => writeCertificates(dir, set), RunError, `${dir}: `);
      assertEquals(await snapshot(dir), before);
    }));
}

Deno.test("readHolding() takes files without a marker for a user's", () =>
  withDirectory(async (dir) => {
    await writeCertificates(dir, await generateCertificates());
    await Deno.remove(join(dir, MARKER));
    const { owner, foreign } = await readHolding(dir);
    assertEquals([owner, foreign], ["user", FILES.ca]);
  }));

Deno.test("readHolding() knows what was cut off in the midst of being replaced", () =>
  withDirectory(async (dir) => {
    const text = new TextEncoder();
    const [old, made] = [await digestOf(text.encode("old")), await digestOf(text.encode("new"))];
    const marker = { files: { [FILES.ca]: made, [FILES.serverKey]: made } };
    const replacing = { [FILES.ca]: old, [FILES.serverKey]: old };
    await Deno.writeTextFile(join(dir, MARKER), formatMarker({ ...marker, replacing }));
    await Deno.writeTextFile(join(dir, FILES.ca), "old");
    await Deno.writeTextFile(join(dir, FILES.serverKey), "new");
    const { owner, interrupted } = await readHolding(dir);
    assertEquals([owner, interrupted], ["made", true]);
    await Deno.writeTextFile(join(dir, FILES.ca), "mine");
    assertEquals((await readHolding(dir)).foreign, FILES.ca);
  }));

/** Markers that say nothing, whatever was made. */
const FOREIGN = ["", "[]", "null", "{", "{}", '{"tool":"other","files":{}}', '{"tool":"netpairs"}'];

for (const text of FOREIGN) {
  Deno.test(`readHolding() takes a folder for a user's whose marker is ${text || "empty"}`, () =>
    withDirectory(async (dir) => {
      await Deno.writeTextFile(join(dir, MARKER), text);
      const { owner, foreign } = await readHolding(dir);
      assertEquals([owner, foreign], ["user", MARKER]);
    }));
}

Deno.test("findMadeCertificates() leaves out what was changed, and finds nothing without a marker", () =>
  withDirectory(async (dir) => {
    await writeCertificates(dir, await generateCertificates());
    await Deno.writeTextFile(join(dir, FILES.serverKey), "mine");
    const made = await findMadeCertificates(dir);
    assertEquals(made, ALL.filter((name) => name !== FILES.serverKey));
    await Deno.remove(join(dir, MARKER));
    assertEquals(await findMadeCertificates(dir), []);
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
