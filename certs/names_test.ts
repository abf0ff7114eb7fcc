import { assertEquals, assertThrows } from "../common/testing/assert.ts";
import { ownHostNames, parseName, parseNames } from "./names.ts";

Deno.test("parseName() tells addresses from DNS names", () => {
  assertEquals(parseName("192.0.2.1"), { type: "ip", value: "192.0.2.1" });
  assertEquals(parseName("2001:DB8:0:0::1"), { type: "ip", value: "2001:db8::1" });
  assertEquals(parseName("Server.Example"), { type: "dns", value: "server.example" });
  assertEquals(parseName("*.a.example"), { type: "dns", value: "*.a.example" });
});

const WRONG = {
  "nothing": "",
  "a blank": "two words",
  "an empty label": "a..b",
  "a trailing dot": "example.",
  "an underscore": "my_host",
  "an outer hyphen": "-a.example",
  "a star in the middle": "a.*.example",
  "a lone star": "*",
  "a star for all of a top-level domain": "*.example",
  "letters beyond ASCII": "bücher.example",
  "a long label": `${"a".repeat(64)}.example`,
  "a long name": Array(64).fill("abc").join("."),
  "an address out of range": "127.0.0.256",
  "an address cut short": "127.1",
  "an address in brackets": "[::1]",
  "an address with a zone": "fe80::1%eth0",
  "an address with a port": "127.0.0.1:1443",
};

for (const [what, text] of Object.entries(WRONG)) {
  Deno.test(`parseName() refuses ${what}`, () => {
    assertThrows(() => parseName(text), RangeError, `"${text}" is neither`);
  });
}

Deno.test("parseNames() keeps the order and each name once", () => {
  const names = parseNames(["b.example", "::1", "B.EXAMPLE", "0:0:0:0:0:0:0:1", "a.example"]);
  assertEquals(names.map(({ value }) => value), ["b.example", "::1", "a.example"]);
});

Deno.test({
  name: "ownHostNames() is empty without permission",
  permissions: { sys: false },
  fn: async () => assertEquals(await ownHostNames(), []),
});

Deno.test({
  name: "ownHostNames() holds names that can be used",
  permissions: { sys: ["hostname"] },
  fn: async () => assertEquals(parseNames(await ownHostNames()).length <= 1, true),
});
