import fc from "fast-check";
import { isIP } from "node:net";
import {
  addressBytes,
  addressText,
  asPeer,
  certificateName,
  formatAddress,
  type Host,
  parseHost,
} from "./addresses.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";

const GOOD: readonly (readonly [string, Host])[] = [
  ["127.0.0.1", { kind: "ipv4", text: "127.0.0.1" }],
  ["::1", { kind: "ipv6", text: "::1" }],
  ["[::1]", { kind: "ipv6", text: "::1" }],
  ["::", { kind: "ipv6", text: "::" }],
  ["2001:0DB8:0:0::1", { kind: "ipv6", text: "2001:db8::1" }],
  ["1:0:0:2:0:0:0:3", { kind: "ipv6", text: "1:0:0:2::3" }],
  ["1:0:0:2:0:0:3:4", { kind: "ipv6", text: "1::2:0:0:3:4" }],
  ["1:2:3:4:5:6:7::", { kind: "ipv6", text: "1:2:3:4:5:6:7:0" }],
  ["::1.2.3.4", { kind: "ipv6", text: "::102:304" }],
  ["::ffff:127.0.0.1", { kind: "ipv4", text: "127.0.0.1" }],
  ["[::FFFF:7f00:1]", { kind: "ipv4", text: "127.0.0.1" }],
  ["fe80::1", { kind: "ipv6", text: "fe80::1" }],
  ["FE80:0::1%eth0", { kind: "ipv6", text: "fe80::1%eth0", zone: "eth0" }],
  ["[fe80::1%2]", { kind: "ipv6", text: "fe80::1%2", zone: "2" }],
  ["localhost", { kind: "name", text: "localhost" }],
  ["localhost.", { kind: "name", text: "localhost." }],
  ["Server.EXAMPLE", { kind: "name", text: "server.example" }],
  ["my_host", { kind: "name", text: "my_host" }],
  ["1.example", { kind: "name", text: "1.example" }],
  ["bücher.example", { kind: "name", text: "xn--bcher-kva.example" }],
  ["BÜCHER。Example.", { kind: "name", text: "xn--bcher-kva.example." }],
];

for (const [text, host] of GOOD) {
  Deno.test(`parseHost() reads ${JSON.stringify(text)} as ${host.kind} ${host.text}`, () => {
    assertEquals(parseHost(text), host);
  });
}

const NEITHER = "is neither a host name nor an IPv4 or IPv6 address";
const NO_IPV4 = "is no IPv4 address";
const NO_IPV6 = "is no IPv6 address";

const BAD: readonly (readonly [string, string])[] = [
  ["", "is empty"],
  [".", NEITHER],
  [" ", NEITHER],
  ["two words", NEITHER],
  [" localhost", NEITHER],
  ["local\0host", NEITHER],
  ["local\nhost", NEITHER],
  ["a..b", NEITHER],
  ["a..", NEITHER],
  ["-a.example", NEITHER],
  ["a-.example", NEITHER],
  ["*.example", NEITHER],
  ["a@b", NEITHER],
  ["é%41", NEITHER],
  ["\ud800.example", NEITHER],
  ["localhost%eth0", NEITHER],
  ["host:1443", "has a port in it"],
  ["host:", "has a port in it"],
  ["[::1]:1443", "has a port in it"],
  ["127.0.0.1:1443", "has a port in it"],
  ["https://x", "is a URL"],
  ["HTTPS://[::1]:1443/", "is a URL"],
  ["256.1.1.1", NO_IPV4],
  ["1.2.3", NO_IPV4],
  ["1.2.3.4.5", NO_IPV4],
  ["01.2.3.4", NO_IPV4],
  ["127.1", NO_IPV4],
  ["2130706433", NO_IPV4],
  ["0x7f.1", NO_IPV4],
  ["0x7f000001", NO_IPV4],
  ["127.0.0.0x1", NO_IPV4],
  ["127.0.0.1.", NO_IPV4],
  ["１２７.1", NO_IPV4],
  ["::1::", NO_IPV6],
  [":::", NO_IPV6],
  ["1:2:3:4:5:6:7:8:9", NO_IPV6],
  ["::fffff", NO_IPV6],
  ["::1 ", NO_IPV6],
  ["::1\0", NO_IPV6],
  ["[]", "has brackets"],
  ["[localhost]", "has brackets"],
  ["[127.0.0.1]", "has brackets"],
  ["[[::1]]", NO_IPV6],
  ["[::1", NO_IPV6],
  ["::1%lo", "has a zone (after the %), which link-local addresses alone have"],
  ["::ffff:127.0.0.1%lo", "has a zone (after the %), which link-local addresses alone have"],
  ["fe80::1%", "has a zone (after the %) that is no interface's"],
  ["fe80::1%a%b", "has a zone (after the %) that is no interface's"],
  ["fe80::1%a b", "has a zone (after the %) that is no interface's"],
  ["fe80::1%sixteen-letters-", "has a zone (after the %) that is no interface's"],
  [`${"a".repeat(64)}.example`, "has more than 63 characters between two dots"],
  ["ü".repeat(70), "has more than 63 characters between two dots"],
  [Array(64).fill("abc").join("."), "has more than 253 characters"],
];

for (const [text, why] of BAD) {
  Deno.test(`parseHost() refuses ${JSON.stringify(text).slice(0, 40)}: ${why}`, () => {
    const error = assertThrows(() => parseHost(text, "hostname"), RangeError, ` ${why}`);
    assert(error.message.startsWith('hostname "'), error.message);
    assert(!/\p{Cc}/u.test(error.message) && error.message.length < 300, error.message);
  });
}

for (const value of [undefined, null, 7, {}, ["::1"], Symbol("x")]) {
  Deno.test(`parseHost() refuses ${String(value)}, which is no string`, () => {
    assertThrows(() => parseHost(value, "hostname"), TypeError, "hostname is ");
  });
}

/** What users write, and what is close to it. */
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."0123456789abcdefx.:%[]-_/ é。１\0") }),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc.domain(),
  fc.webUrl(),
);

/** The host, or null where it is refused; anything else that is thrown goes on. */
function hostOf(text: string): Host | null {
  try {
    return parseHost(text);
  } catch (error) {
    assertInstanceOf(error, RangeError);
    return null;
  }
}

Deno.test("parseHost() throws nothing but RangeError, and its text is a fixed point", () => {
  fc.assert(fc.property(hostile, (text) => {
    const host = hostOf(text);
    if (host) assertEquals(parseHost(host.text), host);
  }));
});

Deno.test("parseHost() agrees with node:net on what an address is", () => {
  fc.assert(fc.property(hostile, (text) => {
    // A zone is refused where it means nothing, and node:net takes one anywhere.
    if (text.includes("%")) return;
    const kind = hostOf(text)?.kind;
    const bare = text.startsWith("[") ? text.slice(1, -1) : text;
    assertEquals(kind === "ipv4" || kind === "ipv6", isIP(bare) !== 0);
  }));
});

Deno.test("parseHost() reads what formatAddress() sets in brackets", () => {
  fc.assert(fc.property(fc.ipV6(), (text) => {
    const host = parseHost(text);
    const bracketed = formatAddress(host.text, 7).slice(0, -":7".length);
    assertEquals(parseHost(bracketed), host);
  }));
});

Deno.test("addressText() and addressBytes() are each other's reverse", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    // Zeros are what the short form is about.
    fc.array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
      .map((array) => Uint8Array.from(array)),
  );
  fc.assert(fc.property(bytes, (bytes) => {
    const text = addressText(bytes);
    assertEquals(isIP(text), bytes.length === 4 ? 4 : 6);
    assertEquals([...addressBytes(text)], [...bytes]);
  }));
});

Deno.test("addressText() writes an address as Deno's sockets do", () => {
  const addresses = ["127.0.0.9", "::1", "::ffff:127.0.0.9", "::"];
  const said = addresses.map((hostname) => {
    using listener = Deno.listen({ hostname, port: 0 });
    return listener.addr.hostname;
  });
  assertEquals(said.map((text) => addressText(addressBytes(text))), said);
});

Deno.test("asPeer() takes any address for this machine", () => {
  const hosts = ["0.0.0.0", "::", "::ffff:0.0.0.0", "0.0.0.1", "localhost"];
  const peers = hosts.map((text) => asPeer(parseHost(text)).text);
  assertEquals(peers, ["127.0.0.1", "::1", "127.0.0.1", "0.0.0.1", "localhost"]);
});

Deno.test("certificateName() has neither a trailing dot nor a zone", () => {
  const hosts = ["Localhost.", "fe80::1%eth0", "bücher.example", "[::1]"];
  const names = hosts.map((text) => certificateName(parseHost(text)));
  assertEquals(names, ["localhost", "fe80::1", "xn--bcher-kva.example", "::1"]);
});
