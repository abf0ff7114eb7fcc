import { AddressError } from "../base/errors.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertThrows,
} from "../testing/assert.ts";
import { integerBetween, seededRandom } from "../testing/fake_random.ts";
import { MAX_ADDRESS_BYTES, SocketAddress } from "./address.ts";
import { platformOf } from "./platform.ts";
import { PosixSocket } from "./socket.ts";

const LINUX = platformOf("linux", "x86_64");
const MACOS = platformOf("darwin", "aarch64");

/** As C fills an address in: a buffer that is longer than it has to be, and not empty. */
function filled({ bytes }: SocketAddress): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(MAX_ADDRESS_BYTES).fill(0xee);
  buffer.set(bytes);
  return buffer;
}

Deno.test("SocketAddress.of() lays an IPv4 address out as struct sockaddr_in", () => {
  const rest = [0x05, 0xa3, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0];
  const linux = SocketAddress.of("192.0.2.7", 1443, LINUX);
  assertEquals([...linux.bytes], [2, 0, ...rest]);
  // On macOS a length comes first, and the family has one byte.
  const macos = SocketAddress.of("192.0.2.7", 1443, MACOS);
  assertEquals([...macos.bytes], [16, 2, ...rest]);
});

Deno.test("SocketAddress.of() lays an IPv6 address out as struct sockaddr_in6", () => {
  const flow = [0, 0, 0, 0];
  const address = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2a];
  const rest = [0xff, 0xfe, ...flow, ...address, 0, 0, 0, 0];
  assertEquals([...SocketAddress.of("2001:db8::2a", 65534, LINUX).bytes], [10, 0, ...rest]);
  assertEquals([...SocketAddress.of("2001:db8::2a", 65534, MACOS).bytes], [28, 30, ...rest]);
});

const TEXTS = [
  ["127.0.0.1", "127.0.0.1", "127.0.0.1:7"],
  ["0.0.0.0", "0.0.0.0", "0.0.0.0:7"],
  ["::1", "::1", "[::1]:7"],
  ["::", "::", "[::]:7"],
  ["2001:0DB8:0:0::1", "2001:db8::1", "[2001:db8::1]:7"],
  ["fe80:0:0:1:0:0:0:9", "fe80:0:0:1::9", "[fe80:0:0:1::9]:7"],
  ["::ffff:c000:201", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:7"],
  ["fe80::1%1", "fe80::1%1", "[fe80::1%1]:7"],
] as const;

for (const [name, platform] of [["Linux", LINUX], ["macOS", MACOS]] as const) {
  for (const [hostname, canonical, text] of TEXTS) {
    Deno.test(`SocketAddress.from() reads ${hostname} as ${text} (${name})`, () => {
      const read = SocketAddress.from(filled(SocketAddress.of(hostname, 7, platform)), platform);
      assertEquals([read.hostname, read.port, read.text], [canonical, 7, text]);
    });
  }

  Deno.test(`SocketAddress.from() reads every address that of() has written (${name})`, () => {
    const random = seededRandom();
    for (let i = 0; i < 200; i++) {
      // Groups of zeros are what the short form of an IPv6 address is about.
      const group = () => random() < 0.5 ? 0 : integerBetween(random, 0, 0xffff);
      const hostname = Array.from({ length: 8 }, () => group().toString(16)).join(":");
      const port = integerBetween(random, 0, 65_535);
      const written = SocketAddress.of(hostname, port, platform);
      const read = SocketAddress.from(filled(written), platform);
      assertEquals([...read.bytes], [...written.bytes], hostname);
      assertEquals([...SocketAddress.of(read.hostname, port, platform).bytes], [...read.bytes]);
    }
  });
}

Deno.test("SocketAddress.of() takes an interface by its name or its number", () => {
  const [byName, byNumber] = ["fe80::1%lo", "fe80::1%1"].map((host) => SocketAddress.of(host, 7));
  assertEquals(byName!.bytes, byNumber!.bytes);
  assert(!byName!.is(filled(SocketAddress.of("fe80::1", 7))));
});

for (const zone of ["nope", "0", "999999"]) {
  Deno.test(`SocketAddress.of() says that there is no interface ${zone}, and which there are`, () => {
    const error = assertThrows(() => SocketAddress.of(`fe80::1%${zone}`, 7), AddressError);
    const line = new RegExp(`^this machine has no network interface "${zone}"; there are .*\\blo`);
    assertMatch(error.message, line);
  });
}

Deno.test("SocketAddress.is() tells an address from all others", () => {
  const address = SocketAddress.of("192.0.2.7", 1443);
  assert(address.is(filled(address)));
  assert(!address.is(filled(SocketAddress.of("192.0.2.7", 1444))));
  assert(!address.is(filled(SocketAddress.of("192.0.2.8", 1443))));
  assert(!address.is(filled(SocketAddress.of("::ffff:192.0.2.7", 1443))));
});

Deno.test("SocketAddress.from() copies what it is given", () => {
  const buffer = filled(SocketAddress.of("192.0.2.7", 1443));
  const address = SocketAddress.from(buffer);
  buffer.fill(0);
  assertEquals(address.bytes[4], 192);
  assertEquals(address.bytes.length, 16);
});

for (const hostname of ["127.0.0.1", "127.0.0.2", "::1"]) {
  Deno.test(`SocketAddress.from() reads what C tells of a socket on ${hostname}`, () => {
    using socket = PosixSocket.open("datagram", hostname, "block");
    socket.bind(hostname, 0);
    const { address } = socket;
    assertEquals(address.hostname, hostname);
    assertNotEquals(address.port, 0);
    // And C takes it back: the port is taken by now, and by this very address.
    assertEquals([...SocketAddress.of(hostname, address.port).bytes], [...address.bytes]);
  });
}

Deno.test("SocketAddress.from() takes over the text of the same host alone", () => {
  const last = SocketAddress.of("192.0.2.7", 1);
  const texts = ["192.0.2.7", "192.0.2.8", "2001:db8::1"].map((hostname) => {
    const { bytes } = SocketAddress.of(hostname, 7465);
    return SocketAddress.from(bytes, undefined, last).text;
  });
  assertEquals(texts, ["192.0.2.7:7465", "192.0.2.8:7465", "[2001:db8::1]:7465"]);
  assert(!last.is(SocketAddress.of("192.0.2.7", 2).bytes));
});
