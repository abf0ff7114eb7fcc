import { assertEquals, assertRejects } from "../common/testing/assert.ts";
import type { Setting } from "../common/settings/check.ts";
import { Authority, generateCertificates } from "./authority.ts";
import { ensureCertificates } from "./ensure.ts";
import { AUTHORITY, ENSURE, GENERATE, ISSUE } from "./options.ts";
import { listing, withDirectory } from "../common/testing/own_certificates.ts";

const validity = { notBefore: new Date(0), notAfter: new Date("2099-01-01") };
const good = { organization: "O", keyType: "p256", validity } as const;
const authority = await Authority.create("A", good);

/** A function, its settings, and options that it takes. */
interface Checked {
  table: object;
  good: object;
  call(options: never): Promise<unknown>;
}

const FUNCTIONS: Record<string, Checked> = {
  "generateCertificates": {
    ...{ table: GENERATE, good: {} },
    call: (options) => generateCertificates(options),
  },
  "Authority.create": {
    ...{ table: AUTHORITY, good },
    call: (options) => Authority.create("A", options),
  },
  "Authority.issue": {
    ...{ table: ISSUE, good: { role: "server", commonName: "S", validity } },
    call: (options) => authority.issue(options),
  },
  "ensureCertificates": {
    ...{ table: ENSURE, good: { onlyCheck: true } },
    call: (options) => ensureCertificates(options),
  },
};

for (const [name, { table, good, call }] of Object.entries(FUNCTIONS)) {
  const refuse = (options: unknown, type: typeof TypeError | typeof RangeError, setting: string) =>
    assertRejects(() => call(options as never), type, setting);

  Deno.test(`${name}() refuses options that are none, and keys that it does not know`, async () => {
    for (const options of [null, "text", 1, [], () => {}]) {
      await refuse(options, TypeError, "the options must be an object");
    }
    await refuse({ ...good, colours: 1 }, TypeError, "colours is no setting; known are");
  });

  const settings = Object.entries<Setting<unknown>>({ ...table });
  for (const [setting, { wrongKinds, wrongValues }] of settings) {
    Deno.test(`${name}() names ${setting} where it cannot be used, before any work`, () =>
      withDirectory(async (dir) => {
        const options = "dir" in table ? { dir, force: true } : good;
        for (const wrong of wrongKinds) {
          await refuse({ ...options, [setting]: wrong }, TypeError, `: ${setting}`);
        }
        for (const wrong of wrongValues) {
          await refuse({ ...options, [setting]: wrong }, RangeError, `: ${setting}`);
        }
        assertEquals(listing(dir), []);
      }));
  }
}

Deno.test("Authority.create() names a commonName that cannot be used", async () => {
  for (const name of [undefined, 7, {}] as unknown as string[]) {
    await assertRejects(() => Authority.create(name, good), TypeError, "commonName must be");
  }
  await assertRejects(() => Authority.create("a\nb", good), RangeError, "commonName must be");
});

Deno.test("Authority refuses a lifetime that ends before it begins", async () => {
  const validity = { notBefore: new Date(1000), notAfter: new Date(0) };
  const line = "notBefore must be an earlier date than notAfter";
  await assertRejects(() => Authority.create("A", { ...good, validity }), RangeError, line);
  const options = { role: "server", commonName: "S", validity } as const;
  await assertRejects(() => authority.issue(options), RangeError, line);
});
