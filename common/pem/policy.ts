/**
 * What certificates a peer has to show, the same for every TLS engine: see docs/security.md. OpenSSL
 * asks for most of it by itself; this is the whole of it for Deno's own TLS, which looks neither at an
 * authority's time nor at what it may do.
 *
 * @module
 */
import { type DerValue, objectId, readContents, readDer, smallNumber, TAG } from "./der.ts";
import { type Fields, readFields } from "./fields.ts";
import { isSignedBy } from "./signed_by.ts";
import type { Role } from "../model/protocol.ts";

/** Sizes of RSA keys that Deno's own TLS takes; larger ones cost much at little gain. */
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 8192;

/** Authorities between a peer and one that is believed: as many as Deno's own TLS takes. */
export const MAX_INTERMEDIATES = 6;

/** Why a certificate is refused; each goes on after "the peer's certificate". */
export const REFUSALS = {
  unreadable: "is refused: what was shown cannot be read",
  unknown: "is not from an authority in ca.pem",
  expired: "has expired",
  early: "is not valid yet",
  authorityExpired: "is refused: the time of an authority that it comes from is over",
  authorityEarly: "is refused: the time of an authority that it comes from has not come",
  noAuthority: "is refused: what it comes from is no authority",
  pathLength: "is refused: an authority that it comes from may have none below it",
  critical: "is refused: a critical extension in its chain is unknown",
  purpose: (role: Role) => `is not made for a ${role}`,
  endKeyUsage: "is refused: its keyUsage is without digitalSignature",
  authorityAsEnd: "is refused: it is an authority's (CA:TRUE), and a peer's own is to be none",
  version: (version: number) => `is refused: it is of X.509 version ${version}, and 3 is wanted`,
  rsaBits: (bits: number) =>
    `is refused: an RSA key in its chain has ${bits} bits, and ${MIN_RSA_BITS} to ${MAX_RSA_BITS} ` +
    "are taken",
} as const;

/** Extensions by their identifiers: RFC 5280 4.2.1. */
const OID = {
  KEY_USAGE: "551d0f",
  ALT_NAME: "551d11",
  BASIC_CONSTRAINTS: "551d13",
  NAME_CONSTRAINTS: "551d1e",
  CRL_POINTS: "551d1f",
  POLICIES: "551d20",
  POLICY_MAPPINGS: "551d21",
  POLICY_CONSTRAINTS: "551d24",
  EXTENDED_KEY_USAGE: "551d25",
  INHIBIT_ANY_POLICY: "551d36",
} as const;

/** Those that may be critical: X509_supported_extension() of crypto/x509/v3_purp.c. */
const KNOWN: ReadonlySet<string> = new Set(Object.values(OID));

/** id-kp-serverAuth and id-kp-clientAuth: RFC 5280 4.2.1.12. */
const PURPOSES = { server: "2b06010505070301", client: "2b06010505070302" } as const;

/** Bits of KeyUsage in its first byte: RFC 5280 4.2.1.3. */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;

/** Signatures that are verified for one peer at most: it may show many certificates of one name. */
const MAX_VERIFICATIONS = 32;

/** What a peer has shown, and what it is looked at for. */
export interface ShownChain {
  /** Its own certificate, DER. */
  readonly leaf: Uint8Array;
  /** What it showed besides, in any order, DER. */
  readonly others: readonly Uint8Array[];
  /** Authorities that are believed, DER. */
  readonly authorities: readonly Uint8Array[];
  /** Which end the peer is. */
  readonly role: Role;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/**
 * Looks for a way from a peer's certificate to an authority that has signed itself, in which every
 * certificate is what it has to be.
 *
 * @returns one of {@linkcode REFUSALS}; null where there is such a way
 */
export function checkChain({ leaf, others, authorities, role, nowMs }: ShownChain): string | null {
  const own = readFields(leaf);
  if (!own) return REFUSALS.unreadable;
  const read = (all: readonly Uint8Array[]) => all.map(readFields).filter((one) => one !== null);
  const believed = read(authorities);
  // Why the first whole way is none.
  let first: string | null = null;
  const way = findWay(own, {
    roots: believed.filter(isSelfIssued),
    between: [...believed.filter((one) => !isSelfIssued(one)), ...read(others)],
    isSignedBy,
    accepts(way) {
      const refusal = refusalOf(way, role, nowMs);
      first ??= refusal;
      return refusal === null;
    },
  });
  return way ? null : first ?? REFUSALS.unknown;
}

/** Where to look for a way, and what is one. */
export interface WaySearch {
  /** Where it may end. */
  readonly roots: readonly Fields[];
  /** What it may lead over. */
  readonly between: readonly Fields[];
  /** Asked where the names are right. */
  isSignedBy(cert: Fields, authority: Fields): boolean;
  /** @param way from the certificate upwards, with its end */
  accepts(way: readonly Fields[]): boolean;
}

/**
 * Looks for a way from a certificate to a root, each certificate signed by the next one.
 *
 * @returns from the certificate upwards, with its end; null where there is none
 */
export function findWay(own: Fields, search: WaySearch): readonly Fields[] | null {
  let left = MAX_VERIFICATIONS;
  const issuersOf = (way: readonly Fields[], from: readonly Fields[]) =>
    from.filter((one) => {
      const last = way.at(-1)!;
      if (!isEqual(one.subject, last.issuer) || way.includes(one) || left === 0) return false;
      left--;
      return search.isSignedBy(last, one);
    });
  const ends = function* (way: readonly Fields[]): Generator<readonly Fields[]> {
    const last = way.at(-1)!;
    if (search.roots.some(({ der }) => isEqual(der, last.der))) return yield way;
    for (const root of issuersOf(way, search.roots)) yield [...way, root];
    if (way.length > MAX_INTERMEDIATES) return;
    for (const one of issuersOf(way, search.between)) yield* ends([...way, one]);
  };
  return ends([own]).find(search.accepts) ?? null;
}

function refusalOf(way: readonly Fields[], role: Role, nowMs: number): string | null {
  const [own, ...above] = way as [Fields, ...Fields[]];
  // Those that it has issued to itself count for nothing (RFC 5280 4.2.1.9).
  let below = 0;
  for (const authority of above) {
    const refusal = refusalOfAuthority(authority, nowMs, below, authority === above.at(-1));
    if (refusal) return refusal;
    if (!isSelfIssued(authority)) below++;
  }
  if (!above.every((one) => isFor(one, role))) return REFUSALS.purpose(role);
  return refusalOfEnd(own, role, nowMs);
}

function refusalOfEnd(own: Fields, role: Role, nowMs: number): string | null {
  if (own.version !== 3) return REFUSALS.version(own.version);
  if (nowMs > own.notAfter) return REFUSALS.expired;
  if (nowMs < own.notBefore) return REFUSALS.early;
  if (hasUnknown(own)) return REFUSALS.critical;
  // One that has signed itself is believed as it is.
  if (constraintsOf(own)?.isAuthority && !isSelfIssued(own)) return REFUSALS.authorityAsEnd;
  if (!isFor(own, role)) return REFUSALS.purpose(role);
  return mayUse(own, DIGITAL_SIGNATURE) ? null : REFUSALS.endKeyUsage;
}

/** @param below how many authorities stand between it and the peer's own */
function refusalOfAuthority(
  authority: Fields,
  nowMs: number,
  below: number,
  isRoot: boolean,
): string | null {
  if (nowMs > authority.notAfter) return REFUSALS.authorityExpired;
  if (nowMs < authority.notBefore) return REFUSALS.authorityEarly;
  if (hasUnknown(authority)) return REFUSALS.critical;
  // An authority of version 1 cannot say that it is one: who believes it has said so.
  if (isRoot && authority.version === 1) return null;
  const constraints = constraintsOf(authority);
  if (!constraints?.isAuthority || !mayUse(authority, KEY_CERT_SIGN)) return REFUSALS.noAuthority;
  const { pathLength } = constraints;
  return pathLength !== null && below > pathLength ? REFUSALS.pathLength : null;
}

function isSelfIssued({ issuer, subject }: Fields): boolean {
  return isEqual(issuer, subject);
}

function hasUnknown({ extensions }: Fields): boolean {
  return [...extensions].some(([id, { isCritical }]) => isCritical && !KNOWN.has(id));
}

/** Whether an authority says that it is none; old ones say nothing. */
export function saysNoAuthority(authority: Fields): boolean {
  return authority.extensions.has(OID.BASIC_CONSTRAINTS) && !constraintsOf(authority)?.isAuthority;
}

/** RFC 5280 4.2.1.9; null where it does not say, or not in the form that it has to have. */
function constraintsOf(
  { extensions }: Fields,
): { isAuthority: boolean; pathLength: number | null } | null {
  const values = valuesOf(extensions.get(OID.BASIC_CONSTRAINTS)?.value);
  if (!values) return null;
  const isAuthority = values[0]?.tag === TAG.BOOLEAN && values[0].contents[0] !== 0;
  const [number] = isAuthority ? values.slice(1) : values;
  const pathLength = smallNumber(number);
  return number && pathLength === null ? null : { isAuthority, pathLength };
}

/** Without the extension it may be used for everything; anyExtendedKeyUsage is not enough. */
export function isFor({ extensions }: Fields, role: Role): boolean {
  const extension = extensions.get(OID.EXTENDED_KEY_USAGE);
  if (!extension) return true;
  return (valuesOf(extension.value) ?? []).some((one) => objectId(one) === PURPOSES[role]);
}

function mayUse({ extensions }: Fields, bit: number): boolean {
  const extension = extensions.get(OID.KEY_USAGE);
  if (!extension) return true;
  const bits = readDer(extension.value);
  // The first byte says how many bits of the last are unused.
  return bits?.tag === TAG.BIT_STRING && ((bits.contents[1] ?? 0) & bit) !== 0;
}

function valuesOf(sequence: Uint8Array | undefined): DerValue[] | null {
  const outer = sequence && readDer(sequence);
  return outer ? readContents(outer) : null;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
