/**
 * The names and addresses a server certificate is valid for.
 *
 * @module
 */
import { isIP } from "node:net";

/** An entry of the subjectAltName extension (RFC 5280 section 4.2.1.6). */
export interface SubjectName {
  /** A DNS name, or an IPv4 or IPv6 address. */
  type: "dns" | "ip";
  /** In the one spelling used for comparing: lower case, IPv6 compressed. */
  value: string;
}

/** Longest DNS name and longest label in characters: RFC 1035 section 2.3.4, less the root. */
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

/** A label of letters, digits and inner hyphens, the preferred syntax of RFC 1034 section 3.5. */
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/**
 * Reads a DNS name, an IPv4 or an IPv6 address. The leftmost label of a DNS name may be `*`
 * (RFC 6125 section 6.4.3), with two labels after it, as OpenSSL requires.
 *
 * @param text what a user wrote, without brackets, port or zone
 * @throws {RangeError} where it is neither a name nor an address
 */
export function parseName(text: string): SubjectName {
  const version = text.includes("%") ? 0 : isIP(text);
  if (version === 4) return { type: "ip", value: text };
  if (version === 6) {
    return { type: "ip", value: new URL(`http://[${text}]/`).hostname.slice(1, -1) };
  }
  const value = text.toLowerCase();
  if (!isDnsName(value)) {
    throw new RangeError(`"${text}" is neither a DNS name nor an IPv4 or IPv6 address`);
  }
  return { type: "dns", value };
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
export function sameName(one: SubjectName, other: SubjectName): boolean {
  return one.type === other.type && one.value === other.value;
}

/** Whether a certificate's entry is good for a name: `*` stands for one label (RFC 6125 6.4.3). */
export function covers(entry: SubjectName, name: SubjectName): boolean {
  if (sameName(entry, name)) return true;
  if (entry.type !== "dns" || name.type !== "dns" || !entry.value.startsWith("*.")) return false;
  return name.value.slice(name.value.indexOf(".")) === entry.value.slice(1);
}

/**
 * The machine's host name, as a list of one. Empty without `--allow-sys=hostname` (nobody is
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

function isDnsName(name: string): boolean {
  const labels = name.split(".");
  if (labels.length > 2 && labels[0] === "*") labels.shift();
  const top = labels.at(-1) ?? "";
  // Names that end in a number are addresses gone wrong, such as 127.0.0.256.
  return name.length <= MAX_NAME_LENGTH && !/^\d+$/.test(top) &&
    labels.every((label) => label.length <= MAX_LABEL_LENGTH && LABEL.test(label));
}
