/**
 * Internet addresses as C has them: struct sockaddr_in and sockaddr_in6 of netinet/in.h.
 *
 * @module
 */
import { formatAddress } from "../protocol.ts";
import { loadLibc } from "./libc.ts";
import { AF_INET, type Platform } from "./platform.ts";

/** Length of a sockaddr_in and of a sockaddr_in6, which is the longest used. */
const IPV4_BYTES = 16;
export const MAX_ADDRESS_BYTES = 28;

/** Offsets in both, and of the address in each. */
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;

/** One end of a connection, in C's form and in text. */
export class SocketAddress {
  /** As C takes it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hostname: string;
  readonly port: number;
  /** `host:port`. */
  readonly text: string;

  private constructor(bytes: Uint8Array<ArrayBuffer>, hostname: string, port: number) {
    this.bytes = bytes;
    this.hostname = hostname;
    this.port = port;
    this.text = formatAddress(hostname, port);
  }

  /** @param hostname an IPv4 or IPv6 address */
  static of(
    hostname: string,
    port: number,
    platform: Platform = loadLibc().platform,
  ): SocketAddress {
    const isIpv6 = hostname.includes(":");
    const bytes = new Uint8Array(isIpv6 ? MAX_ADDRESS_BYTES : IPV4_BYTES);
    const view = new DataView(bytes.buffer);
    const family = isIpv6 ? platform.AF_INET6 : AF_INET;
    if (platform.hasLength) {
      view.setUint8(0, bytes.length);
      view.setUint8(1, family);
    } else {
      view.setUint16(0, family, true);
    }
    view.setUint16(PORT_AT, port);
    if (isIpv6) bytes.set(ipv6Bytes(hostname), IPV6_AT);
    else bytes.set(hostname.split(".").map(Number), IPV4_AT);
    return new SocketAddress(bytes, hostname, port);
  }

  /**
   * @param bytes as C has filled them in; copied
   * @param last another one, whose host's text is taken over where it is the same host
   */
  static from(
    bytes: Uint8Array<ArrayBuffer>,
    platform: Platform = loadLibc().platform,
    last: SocketAddress | null = null,
  ): SocketAddress {
    const family = platform.hasLength ? bytes[1]! : bytes[0]! | bytes[1]! << 8;
    const own = bytes.slice(0, family === AF_INET ? IPV4_BYTES : MAX_ADDRESS_BYTES);
    const port = own[PORT_AT]! << 8 | own[PORT_AT + 1]!;
    if (last?.isHostOf(own)) return new SocketAddress(own, last.hostname, port);
    const hostname = family === AF_INET
      ? own.subarray(IPV4_AT, IPV4_AT + 4).join(".")
      : ipv6Text(own.subarray(IPV6_AT, IPV6_AT + 16));
    return new SocketAddress(own, hostname, port);
  }

  /** Whether C has filled in this address again. */
  is(bytes: Uint8Array): boolean {
    return this.isHostOf(bytes) && isSame(this.bytes, bytes, PORT_AT, IPV4_AT);
  }

  /** Whether it is the same host's address, whatever the port. */
  private isHostOf(bytes: Uint8Array): boolean {
    const own = this.bytes;
    return isSame(own, bytes, 0, PORT_AT) && isSame(own, bytes, IPV4_AT, own.length);
  }
}

function isSame(one: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** The form a URL gives an IPv6 address (RFC 5952) is the one that is read and written here. */
function ipv6Bytes(hostname: string): Uint8Array {
  const text = new URL(`http://[${hostname}]/`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((hex) => parseInt(hex, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function ipv6Text(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i).toString(16));
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}
