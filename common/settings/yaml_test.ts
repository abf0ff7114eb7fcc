import fc from "fast-check";
import { parseProfile } from "../../certs/profile.ts";
import { UsageError } from "../base/errors.ts";
import { parsePlan } from "../model/plan.ts";
import { parseHosts } from "../../tools/remote/hosts.ts";
import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { readYaml } from "./yaml.ts";

/** What a file that was named by mistake may hold, SECRET wherever something of its own stands. */
const MISTAKEN = [
  "SECRET:$6$SECRET:19000:0:99999:7:::\ndaemon:*:SECRET",
  "-----BEGIN SECRET KEY-----\nSECRET\nSECRET: x\n-----END SECRET KEY-----\n",
  "SECRET: 1",
  "- SECRET",
  "SECRET",
  "a: *SECRET",
  "a: !SECRET b",
  "a: !<SECRET> b",
  "a: !SECRET!x y",
  "a: !!int SECRET",
  "%SECRET SECRET\n---\n",
  "%TAG !SECRET! SECRET SECRET\n---\n",
  '"SECRET": "\\SECRET"',
  "SECRET: [SECRET",
  "sizes: 1\n SECRET: 2",
  "sizes: 1\nsizes: SECRET",
  "ca:\n  SECRET: SECRET",
  "\x00SECRET",
];

const READERS = {
  "parsePlan()": parsePlan,
  "parseProfile()": parseProfile,
  "parseHosts()": parseHosts,
};

for (const [name, read] of Object.entries(READERS)) {
  for (const text of MISTAKEN) {
    Deno.test(`${name} repeats nothing of ${JSON.stringify(text)}`, () => {
      const error = assertThrows(() => read(text, "p.yaml"), UsageError, "p.yaml: ");
      const said = [error, error.cause].map(String);
      assert(!said.some((text) => text.includes("SECRET")), said.join());
    });
  }
}

Deno.test("readYaml() repeats nothing of a document that is none, whatever stands in it", () => {
  const unit = fc.constantFrom(
    "Q7z",
    "\n",
    " ",
    ":",
    "-",
    "[",
    "{",
    "!",
    "&",
    "*",
    '"',
    "%",
    "<",
    ">",
  );
  fc.assert(fc.property(fc.string({ unit }), (text) => {
    try {
      readYaml(text, "p.yaml");
    } catch (error) {
      assert(error instanceof UsageError && !error.message.includes("Q7z"), String(error));
    }
  }));
});

Deno.test("readYaml() says the line and what is wrong there", () => {
  const error = assertThrows(() => readYaml("a: 1\nb: *c\n", "plan p.yaml"), UsageError);
  assertEquals(
    error.message,
    "plan p.yaml: not YAML: line 2: cannot read alias: unidentified alias",
  );
});
