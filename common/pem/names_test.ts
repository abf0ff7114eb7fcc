import { assertEquals, assertThrows } from "../testing/assert.ts";
import { ownHostNames, parseName, parseNames } from "./names.ts";

Deno.test("parseName() tells addresses from DNS names", () => {
  assertEquals(parseName("192.0.2.1"), { type: "ip", value: "192.0.2.1" });
  assertEquals(parseName("2001:DB8:0:0::1"), { type: "ip", value: "2001:db8::1" });
  assertEquals(parseName("[::1]"), { type: "ip", value: "::1" });
  assertEquals(parseName("::ffff:192.0.2.1"), { type: "ip", value: "192.0.2.1" });
  assertEquals(parseName("Server.Example."), { type: "dns", value: "server.example" });
  assertEquals(parseName("*.bücher.example"), {
    type: "dns",
    value: "*.xn--bcher-kva.example",
  });
  assertEquals(parseName("*.a.example"), { type: "dns", value: "*.a.example" });
});

const WRONG: Readonly<Record<string, readonly [string, string]>> = {
  "nothing": ["", "is empty"],
  "a blank": ["two words", "is neither"],
  "an empty label": ["a..b", "is neither"],
  "an underscore": ["my_host", "has an underscore"],
  "an outer hyphen": ["-a.example", "is neither"],
  "a star in the middle": ["a.*.example", "is neither"],
  "a lone star": ["*", "is neither"],
  "a star for all of a top-level domain": ["*.example.", "is for a whole top-level domain"],
  "a star before an address": ["*.127.0.0.1", "has a * before an address"],
  "a long label": [`${"a".repeat(64)}.example`, "has more than 63"],
  "a long name": [Array(64).fill("abc").join("."), "has more than 253"],
  "an address out of range": ["127.0.0.256", "is no IPv4 address"],
  "an address cut short": ["127.1", "is no IPv4 address"],
  "an address with a zone": ["fe80::1%eth0", "has a zone"],
  "an address with a port": ["127.0.0.1:1443", "has a port"],
};

for (const [what, [text, why]] of Object.entries(WRONG)) {
  Deno.test(`parseName() refuses ${what}`, () => {
    assertThrows(() => parseName(text), RangeError, ` ${why}`);
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
  name: "ownHostNames() holds the host name where a certificate can have it",
  permissions: { sys: ["hostname"] },
  fn: async () => {
    const { hostname } = Deno;
    try {
      for (const [name, names] of [["box.example", ["box.example"]], ["my_box", []]] as const) {
        Deno.hostname = () => name;
        assertEquals(await ownHostNames(), [...names], name);
      }
    } finally {
      Deno.hostname = hostname;
    }
  },
});
