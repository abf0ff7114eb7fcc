/**
 * The names and addresses a server certificate is valid for.
 *
 * @module
 */
import { certificateName, parseHost } from "../base/addresses.ts";

/** An entry of the subjectAltName extension (RFC 5280 section 4.2.1.6). */
export interface SubjectName {
  /** A DNS name, or an IPv4 or IPv6 address. */
  type: "dns" | "ip";
  /** In the one spelling used for comparing: lower case, IPv6 compressed. */
  value: string;
}

/**
 * Reads a DNS name, an IPv4 or an IPv6 address. The leftmost label of a DNS name may be `*`
 * (RFC 6125 section 6.4.3), with two labels after it, as OpenSSL requires.
 *
 * @param text what a user wrote, without a port or a zone
 * @throws {RangeError} where it is neither a name nor an address, or none that a certificate can have
 */
export function parseName(text: string): SubjectName {
  const [, star = "", rest = text] = /^(\*\.)(.*)$/s.exec(text) ?? [];
  const host = parseHost(rest);
  if (host.zone !== undefined) {
    throw new RangeError(`"${text}" has a zone (after the %), which no certificate's address has`);
  }
  const value = certificateName(host);
  if (host.kind !== "name") {
    if (star) {
      throw new RangeError(`"${text}" has a * before an address, where a name's label goes`);
    }
    return { type: "ip", value };
  }
  // RFC 1034 3.5, RFC 5280 4.2.1.6: a host's own table may have underscores, and a certificate not.
  if (value.includes("_")) {
    throw new RangeError(`"${text}" has an underscore, which no name in a certificate has`);
  }
  if (star && !value.includes(".")) {
    throw new RangeError(`"${text}" is for a whole top-level domain: two labels follow a *`);
  }
  return { type: "dns", value: star + value };
}

/**
 * Reads several names, in their order and each once.
 *
 * @throws {RangeError} where one of them is neither a name nor an address
 */
export function parseNames(texts: readonly string[]): SubjectName[] {
  const names = texts.map(parseName);
  return names.filter((name, index) => names.findIndex((other) => sameName(name, other)) === index);
}

/** Whether two entries stand for the same name. */
function sameName(one: SubjectName, other: SubjectName): boolean {
  return one.type === other.type && one.value === other.value;
}

/** Whether a certificate's entry is good for a name: `*` stands for one label (RFC 6125 6.4.3). */
export function covers(entry: SubjectName, name: SubjectName): boolean {
  if (sameName(entry, name)) return true;
  if (entry.type !== "dns" || name.type !== "dns" || !entry.value.startsWith("*.")) return false;
  return name.value.slice(name.value.indexOf(".")) === entry.value.slice(1);
}

/**
 * The machine's host name, as a list of one. Empty without `--allow-sys=hostname` (no question is
 * asked) and where the host name cannot stand in a certificate.
 */
export async function ownHostNames(): Promise<string[]> {
  const permission = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  if (permission.state !== "granted") return [];
  const hostname = Deno.hostname();
  try {
    parseName(hostname);
  } catch {
    return [];
  }
  return [hostname];
}
