import dns from "node:dns/promises";
import { AddressError } from "../base/errors.ts";
import { listenAddress, listenHost, serverAddresses } from "./lookup.ts";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "../testing/assert.ts";
import { FakeNames } from "../testing/fake_names.ts";

for (const address of ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7"]) {
  Deno.test(`serverAddresses() leaves the address ${address} as it is`, async () => {
    assertEquals(await serverAddresses(address), [address]);
  });
}

Deno.test("serverAddresses() takes any address for this machine, listenAddress() does not", async () => {
  assertEquals(await serverAddresses("0.0.0.0"), ["127.0.0.1"]);
  assertEquals(await serverAddresses("[::]"), ["::1"]);
  assertEquals(await listenAddress("0.0.0.0"), "0.0.0.0");
  assertEquals(listenHost("[::]"), "::");
});

Deno.test("serverAddresses() finds the addresses of this machine by its name", async () => {
  for (const address of await serverAddresses("LocalHost")) {
    assertMatch(address, /^(127\.0\.0\.1|::1)$/);
  }
});

Deno.test("serverAddresses() gives every address of a name once, in their order", async () => {
  using _names = new FakeNames({ "two.test": ["::1", "127.0.0.1", "::1"] });
  assertEquals(await serverAddresses("two.test"), ["::1", "127.0.0.1"]);
});

Deno.test("serverAddresses() looks an absolute name up as one, then as this machine's table has it", async () => {
  using names = new FakeNames({ "own.test": ["192.0.2.1"], "dns.test.": ["192.0.2.2"] });
  assertEquals(await serverAddresses("own.test."), ["192.0.2.1"]);
  assertEquals(await serverAddresses("dns.test."), ["192.0.2.2"]);
  assertEquals(names.asked, ["own.test.", "own.test", "dns.test."]);
});

Deno.test("serverAddresses() says which name is unknown", async () => {
  // RFC 6761 6.4: no name under .invalid exists.
  const error = await assertRejects(() => serverAddresses("name.invalid"), AddressError);
  assertEquals(error.message, "cannot look up name.invalid: the name is unknown");
});

Deno.test({
  name: "serverAddresses() does not take a missing permission for an unknown name",
  permissions: { net: ["127.0.0.1"] },
  fn: async () => {
    const error = await assertRejects(() => serverAddresses("localhost"), Error);
    assertMatch(error.message, /--allow-net/);
  },
});

for (const read of [serverAddresses, listenAddress, listenHost]) {
  const call = async (host: unknown) => void await read(host);

  Deno.test(`${read.name}() refuses what is no host, by the setting's name`, async () => {
    await assertRejects(() => call("host:1443"), RangeError, 'hostname "host:1443" has a port');
    await assertRejects(() => call(7), TypeError, "hostname is of type number");
  });

  Deno.test(`${read.name}() says that a link-local address wants its interface`, async () => {
    const line = "cannot use fe80::1: a link-local address wants its interface, as in fe80::1%eth0";
    await assertRejects(() => call("fe80::1"), AddressError, line);
  });

  for (const zone of ["nope", "9999"]) {
    Deno.test(`${read.name}() says that there is no interface ${zone}`, async () => {
      const line = `this machine has no network interface "${zone}"`;
      await assertRejects(() => call(`fe80::1%${zone}`), AddressError, line);
    });
  }
}

Deno.test({
  name: "listenHost() says which interfaces there are, where it may ask",
  permissions: { net: true, sys: ["networkInterfaces"] },
  fn: () => {
    const error = assertThrows(() => listenHost("fe80::1%nope"), AddressError);
    assertMatch(error.message, /^this machine has no network interface "nope"; there are .*\w/);
  },
});

Deno.test("FakeNames gives the system's own look-up back", () => {
  const { lookup } = dns;
  new FakeNames({})[Symbol.dispose]();
  assertEquals(dns.lookup, lookup);
});
