import { UsageError } from "../common/base/errors.ts";
import { fromFileUrl, join } from "../common/base/std.ts";
import { assertEquals, assertRejects, assertThrows } from "../common/testing/assert.ts";
import { BUILT_IN_PROFILE, parseProfile, readProfile } from "./profile.ts";

const BESIDE = fromFileUrl(new URL("profile.yaml", import.meta.url));

Deno.test("BUILT_IN_PROFILE has the values of profile.yaml", async () => {
  // A document with nothing left out: no value can come from the built-in profile.
  const text = await Deno.readTextFile(BESIDE);
  const keys = [...text.matchAll(/^ *([A-Za-z]+):/gm)].map(([, key]) => key);
  assertEquals(keys, [
    ...["organization", "validityDays", "renewBeforeDays", "clockSkewMinutes"],
    ...["ca", "commonName", "server", "commonName", "names", "client", "commonName"],
  ]);
  assertEquals(parseProfile(text, BESIDE), BUILT_IN_PROFILE);
});

Deno.test("parseProfile() takes built-in values for what is left out", () => {
  const profile = parseProfile("validityDays: 5\nserver:\n  names: [a.example]\n", "p.yaml");
  assertEquals(profile, {
    ...BUILT_IN_PROFILE,
    validityDays: 5,
    server: { ...BUILT_IN_PROFILE.server, names: ["a.example"] },
  });
});

const WRONG = {
  "an unknown key": ["validDays: 5", "line 1: unknown key; did you mean validityDays?"],
  "an unknown key inside": [
    "server:\n  name: x",
    "line 2: unknown key; did you mean names?",
  ],
  "an empty document": ["", "the document must be an object with organization"],
  "a list": ["- 1", "the document must be an object with organization"],
  "what is no YAML": ["a: [1", "not YAML: line 2: cannot read flow collection"],
  "a number in words": ["validityDays: many", `validityDays must be a whole number`],
  "half a day": ["validityDays: 0.5", "validityDays must be a whole number from 1 to 3650"],
  "too many days": ["validityDays: 3651", "3651"],
  "a negative skew": ["clockSkewMinutes: -1", "clockSkewMinutes must be a whole number"],
  "an empty organisation": [`organization: ""`, "organization must be 1 to 64 characters"],
  "a long common name": [`ca: { commonName: ${"x".repeat(65)} }`, "ca.commonName must be"],
  "a line break in a name": [`client: { commonName: "a\\nb" }`, "client.commonName must be"],
  "a value left empty": ["ca:", "ca must be an object with commonName, not null"],
  "no names": ["server: { names: [] }", "server.names must have 1 entries at least"],
  "a name that is none": [
    "server: { names: [a..b] }",
    'server.names[0] must be a DNS name or an address: "a..b" is neither',
  ],
  "a number as a name": [
    "server: { names: [127] }",
    "server.names[0] must be a DNS name or an address, not 127",
  ],
} as const;

for (const [what, [text, message]] of Object.entries(WRONG)) {
  Deno.test(`parseProfile() refuses ${what} in one line`, () => {
    const error = assertThrows(() => parseProfile(text, "p.yaml"), UsageError, message);
    assertEquals(error.message.split("\n").length, 1);
    assertEquals(error.message.startsWith("Cannot use the profile p.yaml: "), true);
  });
}

Deno.test("readProfile() refuses a named file that is not there", async () => {
  const file = join(BESIDE, "..", "no-such-profile.yaml");
  await assertRejects(() => readProfile(file), UsageError, "no such file");
});

Deno.test({
  name: "readProfile() takes the built-in values where it may not read",
  permissions: { read: false },
  fn: async () => assertEquals(await readProfile(), BUILT_IN_PROFILE),
});
