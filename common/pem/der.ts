/**
 * As much of DER (X.690) as is needed to tell what a certificate or a key file holds.
 *
 * @module
 */

/** Tags of X.690 8.1.2 that are looked for. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
} as const;

/** One value. */
export interface DerValue {
  readonly tag: number;
  /** What is in it; a view, not a copy. */
  readonly contents: Uint8Array;
  /** Bytes that it takes in all. */
  readonly size: number;
  /** All of it, tag and length too; a view, not a copy. */
  readonly whole: Uint8Array;
}

/** Lengths are read up to 4 bytes: 4 GiB is more than any file of these holds. */
const MAX_LENGTH_BYTES = 4;

/** The value at the beginning of the bytes; null where there is none, or not all of it. */
export function readDer(bytes: Uint8Array): DerValue | null {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) return null;
  let start = 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // 0x80 is an indefinite length, which DER does not have (X.690 10.1).
    if (count === 0 || count > MAX_LENGTH_BYTES) return null;
    start += count;
    if (bytes.length < start) return null;
    length = bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  const size = start + length;
  if (bytes.length < size) return null;
  return { tag, contents: bytes.subarray(start, size), size, whole: bytes.subarray(0, size) };
}

/** What a SEQUENCE holds, where the bytes are one and nothing else; otherwise null. */
export function readSequence(bytes: Uint8Array): DerValue[] | null {
  const outer = readDer(bytes);
  if (outer?.tag !== TAG.SEQUENCE || outer.size !== bytes.length) return null;
  return readContents(outer);
}

/** What a value is made of; null where that is no row of values. */
export function readContents({ contents }: DerValue): DerValue[] | null {
  const values: DerValue[] = [];
  for (let rest = contents; rest.length > 0;) {
    const value = readDer(rest);
    if (!value) return null;
    values.push(value);
    rest = rest.subarray(value.size);
  }
  return values;
}

/** A small number that is not negative; null where the value is none. */
export function smallNumber(value: DerValue | undefined): number | null {
  if (value?.tag !== TAG.INTEGER || value.contents.length === 0) return null;
  // Six bytes are safe in a double.
  if (value.contents.length > 6 || value.contents[0]! >= 0x80) return null;
  return value.contents.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** An object identifier in hexadecimal, as it is encoded; null where the value is none. */
export function objectId(value: DerValue | undefined): string | null {
  return value?.tag === TAG.OBJECT_IDENTIFIER ? value.contents.toHex() : null;
}

/** What DER holds, told by its outermost values. */
export type DerKind = "certificate" | "pkcs1" | "sec1" | "pkcs8" | "encrypted" | "pkcs12";

/**
 * Tells what the bytes are: RFC 5280 4.1, RFC 8017 A.1.2, RFC 5915 3, RFC 5958 2 and 3, RFC 7292 4.
 *
 * @returns null where they are none of them, or not from the first to the last byte
 */
export function derKind(bytes: Uint8Array): DerKind | null {
  const values = readSequence(bytes);
  if (!values) return null;
  const tags = values.map(({ tag }) => tag);
  const is = (...wanted: number[]) => wanted.every((tag, i) => tags[i] === tag);
  const { INTEGER, SEQUENCE, OCTET_STRING, BIT_STRING } = TAG;
  const version = smallNumber(values[0]);
  if (is(SEQUENCE, SEQUENCE, BIT_STRING) && tags.length === 3) return "certificate";
  if (is(SEQUENCE, OCTET_STRING) && tags.length === 2) return "encrypted";
  if (version === 3 && is(INTEGER, SEQUENCE)) return "pkcs12";
  if (version !== null && version <= 1 && is(INTEGER, SEQUENCE, OCTET_STRING)) return "pkcs8";
  if (version === 1 && is(INTEGER, OCTET_STRING)) return "sec1";
  // Nine numbers; a tenth holds the primes of a key with more than two.
  if (version !== null && tags.length >= 9 && tags.slice(0, 9).every((tag) => tag === INTEGER)) {
    return "pkcs1";
  }
  return null;
}
