import { UsageError } from "../base/errors.ts";
import { helpText, pairOptions, parseOptions } from "./options.ts";
import { PROTOCOLS } from "../model/protocol.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../testing/assert.ts";

/** The options that a help text lists, and the placeholder of each one's value. */
function listed(help: string): Map<string, string | undefined> {
  const lines = help.matchAll(/^ {2}--(?!allow-)([a-z-]+)(?: ([^ ]+))? +\S/gm);
  return new Map([...lines].map(([, name, value]) => [name!, value]));
}

for (const protocol of PROTOCOLS) {
  for (const role of ["client", "server"] as const) {
    const help = helpText(protocol, role);
    const options = Object.entries(pairOptions(protocol, role));

    Deno.test(`helpText() lists exactly the options that ${protocol}/${role}.ts takes`, () => {
      const taken = options.filter(([, { isTaken }]) => isTaken !== false);
      assertEquals([...listed(help)], taken.map(([name, { value }]) => [name, value]));
    });

    Deno.test(`${protocol}/${role}.ts refuses the options that its help leaves out`, () => {
      for (const [name, { value }] of options.filter(([name]) => !listed(help).has(name))) {
        const args = value === undefined ? [`--${name}`] : [`--${name}`, "1"];
        assertThrows(() => parseOptions(protocol, role, args), UsageError, "unknown option");
      }
    });

    Deno.test(`helpText() says how ${protocol}/${role}.ts is started`, () => {
      assertStringIncludes(help, `${protocol}/${role}.ts [OPTIONS]`);
      assertStringIncludes(help, "--allow-net");
      assert(!help.includes("-A "), "permissions are named one by one");
    });

    Deno.test(`helpText() of ${protocol}/${role}.ts fits a terminal of 100 columns`, () => {
      const lines = help.split("\n").filter((line) => !line.startsWith("Usage: "));
      assertEquals(lines.filter((line) => line.length > 100), []);
    });
  }
}

Deno.test("helpText() names units, ranges and defaults", () => {
  const help = helpText("tcp", "server");
  assertStringIncludes(help, "milliseconds (1 to 3600000, default 5000)");
  assertStringIncludes(help, "port to listen on; 0: a free one (0 to 65535, default 1443)");
  assertStringIncludes(helpText("tcp", "client"), "port of the server (1 to 65535, default 1443)");
});

Deno.test("pairOptions() leaves out what an end or a protocol does not have", () => {
  assert(!listed(helpText("tcp", "client")).has("forever"));
  assert(!listed(helpText("dtls", "client")).has("engine"));
  assert(!listed(helpText("udp", "server")).has("ciphers"));
  assert(listed(helpText("tls", "server")).has("engine"));
});
