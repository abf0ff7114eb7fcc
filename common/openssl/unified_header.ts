/**
 * The unified header of DTLS 1.3's sealed records (RFC 9147 4).
 *
 * Its first byte is 001CSLEE: C says that a connection ID follows, S that the number has 16 bits
 * instead of 8, L that a length of 16 bits follows; EE are the lowest bits of the epoch.
 *
 * @module
 */
const HAS_CONNECTION_ID = 0x10;
const HAS_LONG_NUMBER = 0x08;
const HAS_LENGTH = 0x04;

/** Whether a record's first byte begins a unified header: content types have other bits. */
export function isUnified(first: number): boolean {
  return first >> 5 === 1;
}

/**
 * Length of the header at `at`, in bytes.
 *
 * @returns null where a connection ID stands in it: how long that is, only its two ends know
 */
export function unifiedHeaderBytes(bytes: Uint8Array, at: number): number | null {
  const first = bytes[at]!;
  if (first & HAS_CONNECTION_ID) return null;
  return 1 + (first & HAS_LONG_NUMBER ? 2 : 1) + (first & HAS_LENGTH ? 2 : 0);
}

/**
 * Length of the record at `at`, its header included; Infinity where its header is cut off. One that
 * does not say its length, or has a connection ID, goes to the end of its datagram.
 */
export function unifiedRecordLength(bytes: Uint8Array, at: number): number {
  const rest = bytes.length - at;
  const header = unifiedHeaderBytes(bytes, at);
  if (header === null) return rest;
  if (header > rest) return Infinity;
  if (!(bytes[at]! & HAS_LENGTH)) return rest;
  const lengthAt = at + header - 2;
  return header + (bytes[lengthAt]! << 8 | bytes[lengthAt + 1]!);
}
