/**
 * What a router sees of a packet: addresses, ports, and the bytes of TCP or UDP.
 *
 * @module
 */

/** Whose packets are told apart by port. */
export type Transport = "tcp" | "udp";

/** A packet of IPv4 or IPv6 that goes to one host. */
export interface Packet {
  /** Null where it is of another protocol, such as ICMP. */
  readonly transport: Transport | null;
  /** 0 where there are none. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What TCP or UDP carries; borrowed. */
  readonly payload: Uint8Array;
}

/** Protocol numbers of IPv4 and IPv6 (IANA). */
const TRANSPORTS: Readonly<Record<number, Transport>> = { 6: "tcp", 17: "udp" };

/** RFC 8200 3: the header's length. Extension headers are not looked into. */
const IPV6_BYTES = 40;
const UDP_BYTES = 8;
const MIN_TCP_BYTES = 20;

/** Both ports stand in front of either header. */
const PORTS_BYTES = 4;

/**
 * Reads a packet.
 *
 * @returns null for what no router carries on: to a group of hosts, or no packet
 */
export function readPacket(bytes: Uint8Array): Packet | null {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return readIpv4(bytes);
  if (version === 6) return readIpv6(bytes);
  return null;
}

/** RFC 791 3.1. */
function readIpv4(bytes: Uint8Array): Packet | null {
  const headerBytes = (bytes[0]! & 0xf) * 4;
  // 224.0.0.0 and above are groups of hosts.
  if (bytes.length < headerBytes || headerBytes < 20 || bytes[16]! >= 224) return null;
  return readTransport(TRANSPORTS[bytes[9]!] ?? null, bytes.subarray(headerBytes));
}

/** RFC 8200 3. */
function readIpv6(bytes: Uint8Array): Packet | null {
  // ff00::/8 are groups of hosts.
  if (bytes.length < IPV6_BYTES || bytes[24] === 0xff) return null;
  return readTransport(TRANSPORTS[bytes[6]!] ?? null, bytes.subarray(IPV6_BYTES));
}

function readTransport(transport: Transport | null, bytes: Uint8Array): Packet {
  if (transport === null || bytes.length < PORTS_BYTES) {
    return { transport: null, sourcePort: 0, destinationPort: 0, payload: bytes };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // RFC 9293 3.1: the upper half of that byte is the header's length in words.
  const headerBytes = transport === "udp"
    ? UDP_BYTES
    : Math.max(((bytes[12] ?? 0) >> 4) * 4, MIN_TCP_BYTES);
  return {
    transport,
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    payload: bytes.subarray(headerBytes),
  };
}
