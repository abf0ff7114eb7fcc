import { UsageError } from "../base/errors.ts";
import { helpText, parseOptions } from "./options.ts";
import { type Protocol, PROTOCOLS, type Role } from "../model/protocol.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../testing/assert.ts";

/** Every word of the command line, now or later, with a value that is good where it wants one. */
const EVERY_WORD: Record<string, string | null> = {
  host: "localhost",
  port: "1",
  plan: "p.yaml",
  sizes: "100",
  repeat: "1",
  seconds: "1",
  connect: "once",
  resume: null,
  "no-reply": null,
  "wait-ms": "1",
  pause: null,
  "end-with-stdin": null,
  clients: "2",
  io: "async",
  cpu: "1",
  engine: "openssl",
  "tls-version": "1.2",
  ciphers: "DEFAULT",
  certs: "certs",
  "key-passphrase-file": "word.txt",
  "timeout-ms": "1",
  json: "a.json",
  csv: "a.csv",
  quiet: null,
  help: null,
  version: null,
  forever: null,
  "idle-timeout-ms": "1",
  echo: null,
  discard: null,
};

/** The words that a help text lists, and whether it shows a value after each. */
function listed(help: string): Map<string, boolean> {
  const lines = help.matchAll(/^ {2}--([a-z-]+)( ([^ ]+))? {2,}\S/gm);
  return new Map([...lines].map(([, word, value]) => [word!, value !== undefined]));
}

function accepts(protocol: Protocol, role: Role, word: string): boolean {
  const value = EVERY_WORD[word];
  const words = value === null ? [`--${word}`] : [`--${word}`, value!];
  // Some words of TLS go with one of its engines alone.
  if (protocol === "tls" && word !== "engine" && word in EVERY_WORD) {
    words.push("--engine", "openssl");
  }
  // So does the core, which can be chosen where one thread does it all.
  if (word === "cpu") words.push("--io", "sync");
  try {
    parseOptions(protocol, role, words, () => "{}");
    return true;
  } catch (error) {
    assert(error instanceof UsageError);
    return false;
  }
}

for (const protocol of PROTOCOLS) {
  for (const role of ["client", "server"] as const) {
    Deno.test(`helpText() lists exactly the words that ${protocol}/${role}.ts takes`, () => {
      const allowed = Object.keys(EVERY_WORD).filter((word) => accepts(protocol, role, word));
      const words = listed(helpText(protocol, role));
      assertEquals([...words.keys()].sort(), allowed.sort());
    });

    Deno.test(`helpText() shows which words of ${protocol}/${role}.ts want a value`, () => {
      for (const [word, shown] of listed(helpText(protocol, role))) {
        assertEquals(shown, EVERY_WORD[word] !== null, word);
      }
    });

    Deno.test(`helpText() says how ${protocol}/${role}.ts is started`, () => {
      const help = helpText(protocol, role);
      assertStringIncludes(help, `${protocol}/${role}.ts [OPTIONS]`);
      assertStringIncludes(help, "--allow-net");
      assert(!help.includes("-A "), "permissions are named one by one");
    });
  }
}

Deno.test("helpText() names units and defaults of times", () => {
  const help = helpText("tcp", "server");
  assertStringIncludes(help, "milliseconds, default 5000");
  assertStringIncludes(help, "default 60000");
});

Deno.test("helpText() explains each word in a line that fits a terminal of 100 columns", () => {
  for (const protocol of PROTOCOLS) {
    const words = helpText(protocol, "server").split("\n").filter((line) =>
      line.startsWith("  --")
    );
    assertEquals(words.filter((line) => line.length > 100), []);
  }
});

Deno.test("a word that helpText() leaves out is refused", () => {
  assertThrows(() => parseOptions("tcp", "client", ["--forever"]), UsageError, "unknown word");
  assert(!listed(helpText("tcp", "client")).has("forever"));
});
