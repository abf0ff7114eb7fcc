import { assertEquals } from "../assert.ts";
import { readPacket } from "./packets.ts";

const IPV4 = "45 00 00 1f 00 00 40 00 40 11 00 00 c6 33 64 01 c0 00 02 01";
/** With an option of four bytes. */
const IPV4_OPTION = "46 00 00 23 00 00 40 00 40 11 00 00 c6 33 64 01 c0 00 02 01 01 01 01 00";
const IPV6 = "60 00 00 00 00 0b 11 40 20 01 0d b8 00 01 00 00 00 00 00 00 00 00 00 01" +
  "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01";
const UDP = "c0 00 27 11 00 0b 00 00 61 62 63";
/** Six words: an option of four bytes. */
const TCP = "c0 00 27 11 00 00 00 01 00 00 00 01 60 18 ff ff 00 00 00 00 01 01 01 00 61 62 63";

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex.replaceAll(" ", ""));
}

const CARRYING = [
  ["UDP over IPv4", IPV4 + UDP, "udp"],
  ["UDP over IPv4 with options", IPV4_OPTION + UDP, "udp"],
  ["UDP over IPv6", IPV6 + UDP, "udp"],
  ["TCP over IPv4", IPV4.replace("40 11", "40 06") + TCP, "tcp"],
  ["TCP over IPv6", IPV6.replace("0b 11", "0b 06") + TCP, "tcp"],
] as const;

for (const [name, hex, transport] of CARRYING) {
  Deno.test(`readPacket() finds ports and payload of ${name}`, () => {
    const packet = readPacket(bytes(hex))!;
    const { sourcePort, destinationPort, payload } = packet;
    assertEquals(packet.transport, transport);
    assertEquals([sourcePort, destinationPort], [49152, 10001]);
    assertEquals(new TextDecoder().decode(payload), "abc");
  });
}

Deno.test("readPacket() finds no ports in ICMP, nor in a packet that is cut off", () => {
  for (const hex of [IPV4.replace("40 11", "40 01") + UDP, `${IPV4}c0 00`]) {
    const packet = readPacket(bytes(hex))!;
    assertEquals([packet.transport, packet.sourcePort, packet.destinationPort], [null, 0, 0]);
  }
});

const DROPPED = [
  ["nothing", ""],
  ["what is of no known version", "00 00 00 00"],
  ["an IPv4 header that is cut off", IPV4.slice(0, 30)],
  ["an IPv6 header that is cut off", IPV6.slice(0, 30)],
  ["a group of hosts of IPv4", IPV4.replace("c0 00 02 01", "e0 00 00 16") + UDP],
  ["a group of hosts of IPv6", IPV6.replace(/20 01 0d b8 00 00/, "ff 02 00 00 00 00") + UDP],
] as const;

for (const [name, hex] of DROPPED) {
  Deno.test(`readPacket() returns null for ${name}`, () => {
    assertEquals(readPacket(bytes(hex)), null);
  });
}
