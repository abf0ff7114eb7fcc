/**
 * Internet addresses as C has them: struct sockaddr_in and sockaddr_in6 of netinet/in.h.
 *
 * @module
 */
import { addressBytes, addressText, formatAddress, withoutZone } from "../base/addresses.ts";
import { noInterface } from "../base/network_errors.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { AF_INET, IF_NAMESIZE, type Platform } from "./platform.ts";

/** Length of a sockaddr_in and of a sockaddr_in6, which is the longest used. */
const IPV4_BYTES = 16;
export const MAX_ADDRESS_BYTES = 28;

/** Offsets in both, and of the address in each. */
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
/** Of a link-local address: the interface's number, in the machine's own order of bytes. */
const SCOPE_AT = 24;

/** Interfaces that an error names; their numbers begin at 1. */
const INTERFACES_NAMED = 32;

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

  /**
   * @param hostname an IPv4 or IPv6 address, with a zone where it is on one link alone
   * @throws {AddressError} where the zone is no interface of this machine's
   */
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
    bytes.set(addressBytes(withoutZone(hostname)), isIpv6 ? IPV6_AT : IPV4_AT);
    const zone = hostname.split("%")[1];
    if (zone !== undefined) view.setUint32(SCOPE_AT, interfaceNumber(zone), true);
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
    if (family === AF_INET) {
      return new SocketAddress(own, addressText(own.subarray(IPV4_AT, IPV4_AT + 4)), port);
    }
    const address = addressText(own.subarray(IPV6_AT, IPV6_AT + 16));
    const scope = new DataView(own.buffer).getUint32(SCOPE_AT, true);
    return new SocketAddress(own, scope === 0 ? address : `${address}%${scope}`, port);
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

/** The number of an interface, by its name or its number. */
function interfaceNumber(zone: string, libc: Libc = loadLibc()): number {
  const number = /^[0-9]{1,9}$/.test(zone) ? Number(zone) : libc.if_nametoindex(cString(zone));
  if (nameOf(number, libc) !== null) return number;
  const names = Array.from({ length: INTERFACES_NAMED }, (_, i) => nameOf(i + 1, libc));
  throw noInterface(zone, names.filter((name) => name !== null));
}

/** The name of an interface; null where there is none of that number. */
function nameOf(number: number, libc: Libc): string | null {
  const name = new Uint8Array(IF_NAMESIZE);
  if (libc.if_indextoname(number, name) === null) return null;
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
