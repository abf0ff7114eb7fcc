/** Options of Deno's UDP sockets, as the system tells them back. */
import { NodeDatagramConn } from "../deno/node_udp.ts";
import { UdpSocket } from "../deno/udp.ts";
import { assertEquals, assertThrows } from "../testing/assert.ts";
import { descriptorOf } from "./descriptors.ts";
import { loadLibc } from "./libc.ts";
import { IPPROTO_IP, IPPROTO_IPV6 } from "./platform.ts";
import { readOption, setSocketOptions, type SocketOptions } from "./socket_options.ts";

const { SOL_SOCKET, SO_SNDBUF, IP_TOS, IP_TTL, IPV6_TCLASS, IPV6_UNICAST_HOPS, doublesBuffers } =
  loadLibc().platform;

const hasIpv6 = (() => {
  try {
    UdpSocket.at("::1", 0).close();
    return true;
  } catch {
    return false;
  }
})();

function optionOf(local: Deno.NetAddr, level: number, name: number): number {
  return readOption(loadLibc(), descriptorOf(local)!, level, name)![0]!;
}

/** What a socket that is set so says of some options; it is closed then. */
function tell(hostname: string, options: SocketOptions, asked: [number, number][]): number[] {
  const socket = UdpSocket.at(hostname, 0, options);
  try {
    return asked.map(([level, name]) => optionOf(socket.addr, level, name));
  } finally {
    socket.close();
  }
}

const V4: [number, number][] = [[IPPROTO_IP, IP_TTL], [IPPROTO_IP, IP_TOS]];
const V6: [number, number][] = [[IPPROTO_IPV6, IPV6_UNICAST_HOPS], [IPPROTO_IPV6, IPV6_TCLASS]];

Deno.test("ttl and tos are an IPv4 socket's, from the least to the greatest", () => {
  assertEquals(tell("127.0.0.1", { ttl: 1, tos: 0 }, V4), [1, 0]);
  assertEquals(tell("0.0.0.0", { ttl: 255, tos: 46 << 2 }, V4), [255, 184]);
});

Deno.test("ttl and tos are an IPv6 socket's", { ignore: !hasIpv6 }, () => {
  assertEquals(tell("::1", { ttl: 7, tos: 0x28 }, V6), [7, 0x28]);
});

Deno.test("ttl and tos of a socket at :: hold for its IPv4 peers, too", {
  ignore: !hasIpv6 || Deno.build.os !== "linux",
}, () => {
  assertEquals(tell("::", { ttl: 9, tos: 8 }, [...V6, ...V4]), [9, 8, 9, 8]);
});

Deno.test("what is not asked for stays as it is", () => {
  const [ttl, tos] = tell("127.0.0.1", {}, V4);
  assertEquals(tell("127.0.0.1", { ttl: 3 }, V4), [3, tos!]);
  assertEquals(tell("127.0.0.1", { tos: 4 }, V4), [ttl!, 4]);
});

Deno.test("sendBufferBytes is asked of the system", () => {
  const [bytes] = tell("127.0.0.1", { sendBufferBytes: 65_536 }, [[SOL_SOCKET, SO_SNDBUF]]);
  assertEquals(bytes, doublesBuffers ? 131_072 : 65_536);
});

Deno.test("the options of Node's sockets can be set as well", () => {
  const conn = new NodeDatagramConn("127.0.0.1", 0);
  setSocketOptions(conn.addr, { ttl: 5 });
  assertEquals(optionOf(conn.addr, IPPROTO_IP, IP_TTL), 5);
  conn.close();
});

Deno.test("an option that cannot be set is named", () => {
  const gone = UdpSocket.at("127.0.0.1", 0);
  gone.close();
  // Nothing is bound there: so it is where libc may not be called.
  const nowhere = { ...gone.addr, hostname: "192.0.2.1" };
  for (const options of [{ ttl: 1 }, { tos: 1 }, { sendBufferBytes: 4096 }] as SocketOptions[]) {
    const [name] = Object.keys(options);
    assertThrows(
      () => setSocketOptions(nowhere, options),
      TypeError,
      `Cannot set ${name} of the socket: it takes --allow-ffi, and Linux or macOS`,
    );
  }
  setSocketOptions(nowhere, {});
});

// The test runner looks for sockets that are left open.
Deno.test("a socket that cannot be set so is closed again", () => {
  assertThrows(() => UdpSocket.at("127.0.0.1", 0, { ttl: 256 }), TypeError, "Cannot set ttl");
});
