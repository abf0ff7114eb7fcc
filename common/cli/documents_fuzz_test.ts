/** Whatever a user's file says: it is read, or refused in one line; nothing else happens. */
import fc from "fast-check";
import { parseProfile } from "../../certs/profile.ts";
import { parseHistory } from "../../tools/report/history.ts";
import { readBound } from "../../tools/report/bounds.ts";
import { parseHosts } from "../../tools/remote/hosts.ts";
import { UsageError } from "../base/errors.ts";
import { parsePlan } from "../model/plan.ts";
import { parseOptions } from "./options.ts";
import { PROTOCOLS } from "../model/protocol.ts";
import { assert, assertInstanceOf } from "../testing/assert.ts";

const RUNS = { numRuns: 300 };

const KEYS = [
  ...["sizes", "repeat", "seconds", "connect", "waitMs", "rate", "hosts", "host", "name", "role"],
  ...["folder", "port", "user", "keyType", "subject", "days", "ca", "server", "client", "names"],
  ...["__proto__", "constructor", "toString"],
] as const;
const VALUES = [
  ...["1", "-1", "1e999", ".nan", "~", "true", "[]", "{}", "[100, 999]", "[1, [2]]", "server"],
  ...["&a 7", "*a", "&a [*a]", "!!binary AA==", "!!js/function x", "2001-01-01", "'", '"\\x', "|"],
  ...["0x7f", "1_000", "<<", "? x", "---", "...", "# x", "\t", "\0", "\ud800", "a: b: c"],
] as const;

/** YAML, or nearly. */
const yaml = fc.array(
  fc.record({
    indent: fc.constantFrom("", "", "  ", "- ", "  - ", "    "),
    key: fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 8 })),
    colon: fc.constantFrom(": ", ": ", ":", " ", ":\n  "),
    value: fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 12 })),
  }),
  { maxLength: 8, size: "max" },
).map((lines) =>
  lines.map(({ indent, key, colon, value }) => `${indent}${key}${colon}${value}\n`).join("")
);

const text = fc.oneof(yaml, fc.string({ unit: "binary" }), fc.json());

/** One line, and not too long for a terminal to be of use. */
function assertRefused(error: unknown): void {
  assertInstanceOf(error, UsageError);
  assert(!/[\r\n]/.test(error.message), error.message);
}

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  "parsePlan()": (text) => parsePlan(text, "it"),
  "parseProfile()": (text) => parseProfile(text, "it"),
  "parseHosts()": (text) => parseHosts(text, "it.yaml"),
  "parseHistory()": (text) => parseHistory(text, "it"),
  "readBound()": (text) => readBound(text, "--max"),
};

for (const [name, read] of Object.entries(READERS)) {
  Deno.test(`${name} throws nothing but a UsageError of one line, whatever it is given`, () => {
    fc.assert(
      fc.property(text, (text) => {
        try {
          read(text);
        } catch (error) {
          assertRefused(error);
        }
      }),
      RUNS,
    );
  });
}

const word = fc.oneof(
  fc.constantFrom(
    ...["--sizes", "--repeat", "--plan", "--host", "--port", "--io", "sync", "100,999", "1e3"],
    ...["--clients", "--", "-", "--cpu=0", "--sizes=", "--no-reply", "--resume", "--groups", "-h"],
    ...["--fingerprint", "--psk", "::1", "tls", "--wait-ms", "--rate", "0", "99999999999"],
  ),
  fc.string({ maxLength: 10 }),
);

Deno.test("parseOptions() throws nothing but a UsageError of one line, whatever it is given", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PROTOCOLS),
      fc.constantFrom("client", "server"),
      fc.array(word, { maxLength: 6 }),
      text,
      (protocol, role, args, plan) => {
        try {
          parseOptions(protocol, role, args, () => plan);
        } catch (error) {
          assertRefused(error);
        }
      },
    ),
    RUNS,
  );
});
