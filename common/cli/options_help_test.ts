import { UsageError } from "../base/errors.ts";
import { commandHelp } from "./command.ts";
import { pairHelp, pairOptions, parseOptions } from "./options.ts";
import { type Protocol, PROTOCOLS, type Role } from "../model/protocol.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../testing/assert.ts";

function helpText(protocol: Protocol, role: Role): string {
  return commandHelp(pairHelp(protocol, role), pairOptions(protocol, role));
}

/** Without the breaks of its lines. */
function unwrapped(help: string): string {
  return help.replace(/\s+/g, " ");
}

/** The options that a help text lists, and the placeholder of each one's value. */
function listed(help: string): Map<string, string | undefined> {
  const lines = help.matchAll(/^ {2}--(?!allow-)([a-z-]+)(?: ([^ \n]+))?(?: .*)?$/gm);
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
      assertStringIncludes(unwrapped(help), `${protocol}/${role}.ts [OPTIONS]`);
      assertStringIncludes(help, "--allow-net");
      assert(!help.includes("-A "), "permissions are named one by one");
    });

    Deno.test(`helpText() of ${protocol}/${role}.ts fits a terminal of 80 columns`, () => {
      assertEquals(help.split("\n").filter((line) => line.length > 80), []);
    });
  }
}

Deno.test("helpText() names units, ranges and defaults", () => {
  const help = unwrapped(helpText("tcp", "server"));
  assertStringIncludes(help, "milliseconds (1 to 3600000, default 5000)");
  assertStringIncludes(help, "port to listen on; 0: a free one (0 to 65535, default 1443)");
  const client = unwrapped(helpText("tcp", "client"));
  assertStringIncludes(client, "port of the server (1 to 65535, default 1443)");
});

Deno.test("pairOptions() leaves out what an end or a protocol does not have", () => {
  assert(!listed(helpText("tcp", "client")).has("forever"));
  assert(!listed(helpText("dtls", "client")).has("engine"));
  assert(!listed(helpText("udp", "server")).has("ciphers"));
  assert(listed(helpText("tls", "server")).has("engine"));
});
