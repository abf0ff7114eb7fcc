/**
 * Names and addresses of hosts, as users write them: one canonical text for each, and one reader of
 * it for command lines, the library and certificates.
 *
 * @module
 */
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { visible } from "./visible.ts";

/** A host that a user has named. */
export interface Host {
  /** Whether it has to be looked up, and the address family where not. */
  readonly kind: "name" | "ipv4" | "ipv6";
  /**
   * The canonical text. A name is in lower case and in ASCII (A-labels, RFC 5890); the trailing dot
   * of an absolute one stays. An IPv6 address is as RFC 5952 has it, with its zone; one that stands
   * for an IPv4 address (RFC 4291 2.5.5.2) is that IPv4 address.
   */
  readonly text: string;
  /** Of a link-local address: the interface, by name or number (RFC 4007 11). */
  readonly zone?: string;
}

/** Longest DNS name and longest label in characters: RFC 1035 2.3.4, less the root. */
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

/** Letters, digits and inner hyphens (RFC 1034 3.5); underscores, as hosts' own tables have them. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/** A last label that inet_aton(3) would read as a number: a name never ends like that. */
const NUMBER = /^([0-9]+|0x[0-9a-f]*)$/;

/** The name of an interface, at most IFNAMSIZ - 1 characters as net/if.h has it, or its number. */
const ZONE = /^[0-9A-Za-z_.@-]{1,15}$/;

/** More than this of what cannot be used is not repeated. */
const MAX_QUOTED = 80;

/**
 * Reads a host's name or address.
 *
 * @param text what a user wrote; an IPv6 address may stand in brackets
 * @param setting what it was written for, such as "hostname" or "--host": begins the error's text
 * @throws {TypeError} where it is no string
 * @throws {RangeError} where it is neither a name nor an address, saying why
 *
 * @example
 * ```ts
 * if (parseHost("[0:0::1]").text !== "::1") throw new Error("it has one canonical text");
 * if (parseHost("Bücher.example").text !== "xn--bcher-kva.example") throw new Error("and a name");
 * ```
 */
export function parseHost(text: unknown, setting = ""): Host {
  const prefix = setting && `${setting} `;
  if (typeof text !== "string") {
    const what = text === null ? "null" : `of type ${typeof text}`;
    throw new TypeError(`${prefix || "a host "}is ${what}: a name or an address is wanted`);
  }
  const host = readHost(text);
  if (typeof host !== "string") return host;
  throw new RangeError(`${prefix}${quote(text)} ${host}`);
}

/** @returns what is wrong, where it cannot be read */
function readHost(text: string): Host | string {
  if (text === "") return "is empty: a name or an address is wanted";
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return "is a URL: only its host is wanted";
  if (/^(\[.*\]|[^:]*):[0-9]*$/s.test(text)) return "has a port in it: the port is said by itself";
  const inner = /^\[(.*)\]$/s.exec(text)?.[1];
  const bare = inner ?? text;
  if (bare.includes(":")) return readIpv6(bare);
  if (inner !== undefined) return "has brackets, which stand around an IPv6 address alone";
  if (isIP(text) === 4) return { kind: "ipv4", text };
  return readName(text);
}

function readIpv6(text: string): Host | string {
  const [address = "", zone, more] = text.split("%");
  if (isIP(address) !== 6) return "is no IPv6 address";
  const canonical = addressText(addressBytes(address));
  const ipv4 = mappedIpv4(canonical);
  if (zone === undefined) {
    return ipv4 ? { kind: "ipv4", text: ipv4 } : { kind: "ipv6", text: canonical };
  }
  if (!isLinkLocal(canonical)) {
    return "has a zone (after the %), which link-local addresses alone have: those from fe80::";
  }
  if (more !== undefined || !ZONE.test(zone)) {
    return "has a zone (after the %) that is no interface's name or number";
  }
  return { kind: "ipv6", text: `${canonical}%${zone}`, zone };
}

function readName(text: string): Host | string {
  const neither = "is neither a host name nor an IPv4 or IPv6 address";
  // What is ASCII in it is checked before: the conversion must not make a letter of anything else.
  if (/[^A-Za-z0-9._\-\u0080-\u{10ffff}]/u.test(text)) return neither;
  const ascii = /^[\0-\x7f]*$/.test(text) ? text.toLowerCase() : domainToASCII(text);
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  const labels = name.split(".");
  if (NUMBER.test(labels.at(-1)!)) {
    return "is no IPv4 address: that has four numbers from 0 to 255, as in 127.0.0.1";
  }
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH)) {
    return `has more than ${MAX_LABEL_LENGTH} characters between two dots`;
  }
  if (name.length > MAX_NAME_LENGTH) return `has more than ${MAX_NAME_LENGTH} characters`;
  return labels.every((label) => LABEL.test(label)) ? { kind: "name", text: ascii } : neither;
}

/** In quotes, on one line and not too long. */
function quote(text: string): string {
  return visible(
    JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text),
  );
}

/** Whether an IPv6 address is good on one link alone (fe80::/10, RFC 4291 2.5.6). */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}

/** The IPv4 address that an IPv6 address in canonical form stands for, or undefined. */
export function mappedIpv4(address: string): string | undefined {
  return /^::ffff:([0-9.]+)$/.exec(address)?.[1];
}

/** An address without its zone: what a socket says of its peer, and what a certificate is for. */
export function withoutZone(address: string): string {
  return address.split("%", 1)[0]!;
}

/**
 * Where a server listens, for people: the zone of the address that it was told is said, too, which
 * the system may leave out.
 */
export function withZoneOf(told: string, address: string): string {
  const zone = told.split("%")[1];
  return zone !== undefined && isLinkLocal(address) ? `${withoutZone(address)}%${zone}` : address;
}

/**
 * What a client means: "any address", which a server can listen on, is this machine as a peer. Some
 * systems take it so by themselves, but hear the answers from another address then.
 */
export function asPeer(host: Host): Host {
  if (host.text === "0.0.0.0") return { kind: "ipv4", text: "127.0.0.1" };
  if (host.text === "::") return { kind: "ipv6", text: "::1" };
  return host;
}

/**
 * The name or address of a host as a certificate has it: without a zone, which is no part of an
 * address elsewhere, and without the trailing dot that neither a certificate nor a TLS client hello
 * has (RFC 6066 3).
 */
export function certificateName({ kind, text }: Host): string {
  return kind === "name" ? text.replace(/\.$/, "") : withoutZone(text);
}

/** Whom a client wants to reach. */
export interface Wanted {
  /** Name or address of the server (default "127.0.0.1"). */
  readonly hostname?: unknown;
  /** What its certificate has to be for (default `hostname`). */
  readonly serverName?: unknown;
}

/**
 * The name or address that the server's certificate has to be for, which is also the name that a
 * client says in its hello.
 *
 * @throws as {@linkcode parseHost}
 */
export function peerName({ hostname = "127.0.0.1", serverName }: Wanted): string {
  if (serverName !== undefined) return certificateName(parseHost(serverName, "serverName"));
  return certificateName(asPeer(parseHost(hostname, "hostname")));
}

/** `host:port`, with the brackets that an IPv6 address needs (RFC 3986 3.2.2). */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** The same of an address as Deno gives it. */
export function addressOf({ hostname, port }: Deno.NetAddr): string {
  return formatAddress(hostname, port);
}

/**
 * An address as it goes over the wire: 4 or 16 bytes.
 *
 * @param address an IPv4 or IPv6 address, without a zone
 */
export function addressBytes(address: string): Uint8Array<ArrayBuffer> {
  if (!address.includes(":")) return Uint8Array.from(address.split("."), Number);
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The 16-bit groups of a part of an IPv6 address, whose last may be an IPv4 address. */
function groupsOf(part: string): number[] {
  return part === "" ? [] : part.split(":").flatMap((group) => {
    if (!group.includes(".")) return parseInt(group, 16);
    const [a = 0, b = 0, c = 0, d = 0] = addressBytes(group);
    return [a << 8 | b, c << 8 | d];
  });
}

/** The canonical text of an address's 4 or 16 bytes: RFC 5952, which is what Deno's sockets say. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (groups.slice(0, 6).join() === "0,0,0,0,0,65535") {
    return `::ffff:${bytes.subarray(12).join(".")}`;
  }
  const { start, length } = longestZeros(groups);
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** The longest run of zeros, the first of several (RFC 5952 4.2). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0, end = 0; start < groups.length; start = end + 1) {
    for (end = start; groups[end] === 0;) end++;
    if (end - start > longest.length) longest = { start, length: end - start };
  }
  return longest;
}
