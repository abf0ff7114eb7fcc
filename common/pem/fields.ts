/**
 * What stands in a certificate, as far as {@linkcode checkChain} of policy.ts looks at it (RFC 5280 4.1).
 *
 * @module
 */
import {
  type DerValue,
  objectId,
  readContents,
  readDer,
  readSequence,
  smallNumber,
  TAG,
} from "./der.ts";

/** An extension, by its identifier in hexadecimal. */
export interface Extension {
  readonly isCritical: boolean;
  /** What is in its OCTET STRING. */
  readonly value: Uint8Array;
}

/** A certificate's fields; all bytes are views. */
export interface Fields {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** What is signed, and the values in it. */
  readonly signed: Uint8Array;
  readonly values: readonly DerValue[];
  /** 1 to 3. */
  readonly version: number;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly key: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly algorithm: DerValue;
  readonly signature: Uint8Array;
}

/** Tags of the optional fields of TBSCertificate: version, extensions. */
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;

/** Reads a certificate; null where it has not the form of one. */
export function readFields(der: Uint8Array): Fields | null {
  const [tbs, algorithm, signature] = readSequence(der) ?? [];
  const values = tbs && readSequence(tbs.whole);
  // The first byte of a signature says how many bits of its last one are unused: none.
  if (!values || signature?.tag !== TAG.BIT_STRING || signature.contents[0] !== 0) return null;
  const first = values[0]?.tag === VERSION_TAG ? 1 : 0;
  const [, , issuer, validity, subject, key] = values.slice(first);
  const [notBefore, notAfter] = (validity && readContents(validity) || []).map(readTime);
  const extensions = readExtensions(values.find(({ tag }) => tag === EXTENSIONS_TAG));
  if (!issuer || !subject || !key || !extensions || notBefore == null || notAfter == null) {
    return null;
  }
  return {
    der,
    signed: tbs.whole,
    values,
    version: first === 0 ? 1 : (smallNumber(readDer(values[0]!.contents) ?? undefined) ?? 0) + 1,
    issuer: issuer.whole,
    subject: subject.whole,
    notBefore,
    notAfter,
    key: key.whole,
    extensions,
    algorithm: algorithm!,
    signature: signature.contents.subarray(1),
  };
}

function readExtensions(field: DerValue | undefined): Map<string, Extension> | null {
  const found = new Map<string, Extension>();
  if (!field) return found;
  const list = readDer(field.contents);
  for (const one of list && readContents(list) || []) {
    const [id, ...rest] = readContents(one) ?? [];
    const name = objectId(id);
    const value = rest.at(-1);
    // RFC 5280 4.2: an extension stands there once.
    if (name === null || value?.tag !== TAG.OCTET_STRING || found.has(name)) return null;
    // X.690 11.1: true has all bits set.
    const isCritical = rest[0]?.tag === TAG.BOOLEAN && rest[0].contents[0] !== 0;
    found.set(name, { isCritical, value: value.contents });
  }
  return found;
}

const TIMES: Readonly<Record<number, RegExp>> = {
  [TAG.UTC_TIME]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [TAG.GENERALIZED_TIME]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
};

/** RFC 5280 4.1.2.5; null where it has another form. */
function readTime({ tag, contents }: DerValue): number | null {
  const parts = TIMES[tag]?.exec(new TextDecoder().decode(contents));
  if (!parts) return null;
  const [year, month, ...rest] = parts.slice(1).map(Number) as [number, number, ...number[]];
  // Two digits are of 1950 to 2049.
  const century = tag !== TAG.UTC_TIME ? 0 : year < 50 ? 2000 : 1900;
  const [day, hours, minutes, seconds] = rest;
  const date = new Date(0);
  // Not Date.UTC(), which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(century + year, month - 1, day);
  return date.setUTCHours(hours!, minutes, seconds);
}
