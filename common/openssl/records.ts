/**
 * DTLS records as bytes: where one ends, and which may begin a handshake.
 *
 * A record has 13 bytes of header: type, version, epoch and sequence number, and in the last two
 * the length of what follows (RFC 6347 4.1). A sealed one of DTLS 1.3 has a unified header.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES, TLS_HEADER_BYTES } from "../base/tls_record.ts";
import { CONTENT } from "./bindings/constants.ts";
import { isUnified, unifiedHeaderBytes, unifiedRecordLength } from "./unified_header.ts";

/** Length of a DTLS record's header in bytes. */
export const RECORD_HEADER_BYTES = 13;

/** A record of DTLS 1.2 in the clear carries at most 2^14 bytes: RFC 6347 4.1. */
const MAX_RECORD_BYTES = RECORD_HEADER_BYTES + MAX_PLAINTEXT_BYTES;

const { CHANGE_CIPHER_SPEC, HANDSHAKE, APPLICATION_DATA } = CONTENT;
/** HandshakeType: RFC 5246 7.4. */
export const CLIENT_HELLO = 1;
/** Every version of DTLS has it, as ones' complement of TLS's 1: RFC 6347 4.1. */
const MAJOR_VERSION = 0xfe;

/** Offsets within a datagram that begins with a ClientHello: record, message header, version. */
const EPOCH_AT = 3;
const MESSAGE_TYPE_AT = RECORD_HEADER_BYTES;
const FRAGMENT_OFFSET_AT = RECORD_HEADER_BYTES + 6;
const VERSION_AT = RECORD_HEADER_BYTES + 12;
const RANDOM_AT = VERSION_AT + 2;
const RANDOM_BYTES = 32;
const SESSION_AT = RANDOM_AT + RANDOM_BYTES;

/** Length of the record at `at`, its header included; Infinity where its header is cut off. */
export function recordLength(bytes: Uint8Array, at: number): number {
  if (isUnified(bytes[at]!)) return unifiedRecordLength(bytes, at);
  if (at + RECORD_HEADER_BYTES > bytes.length) return Infinity;
  return RECORD_HEADER_BYTES + (bytes[at + 11]! << 8 | bytes[at + 12]!);
}

/** Whether bytes that begin where a record of TLS does are one of data, and nothing but that. */
export function isOneRecord(bytes: Uint8Array): boolean {
  return bytes[0] === APPLICATION_DATA && bytes[1] === 3 && bytes[2] === 3 &&
    bytes.length === TLS_HEADER_BYTES + (bytes[3]! << 8 | bytes[4]!);
}

/**
 * Packs whole records into datagrams of at most `mtu` bytes; a record longer than that goes alone.
 *
 * @param bytes nothing but whole records
 * @param emit takes a datagram, borrowed for the call
 */
export function packDatagrams(
  bytes: Uint8Array,
  mtu: number,
  emit: (datagram: Uint8Array) => void,
): void {
  // One record alone, as every message is, needs no cutting.
  if (recordLength(bytes, 0) === bytes.length) return emit(bytes);
  let from = 0;
  let to = 0;
  while (to < bytes.length) {
    const end = Math.min(to + recordLength(bytes, to), bytes.length);
    if (end - from > mtu && to > from) {
      emit(bytes.subarray(from, to));
      from = to;
    }
    to = end;
  }
  if (to > from) emit(bytes.subarray(from, to));
}

/**
 * True for a datagram that can be the beginning of a handshake; anything else costs no call.
 *
 * DTLSv1_listen(3) reads no more of it than one record can be long; what it left in the BIO would
 * spoil the next client's datagram.
 */
export function isClientHello(datagram: Uint8Array): boolean {
  const length = recordLength(datagram, 0);
  // What is read of a hello stands in its own record, whatever comes behind it.
  return length >= SESSION_AT && length <= datagram.length && datagram.length <= MAX_RECORD_BYTES &&
    datagram[0] === HANDSHAKE &&
    datagram[1] === MAJOR_VERSION && datagram[EPOCH_AT] === 0 && datagram[EPOCH_AT + 1] === 0 &&
    datagram[MESSAGE_TYPE_AT] === CLIENT_HELLO &&
    // A later fragment goes to the handshake that the first one has begun.
    datagram.subarray(FRAGMENT_OFFSET_AT, FRAGMENT_OFFSET_AT + 3).every((byte) => byte === 0);
}

/**
 * What every sealed record has at least, before a cipher is agreed on: an authentication tag, or
 * the initialization vector of a CBC cipher.
 */
const MIN_SEALED_BYTES = 16;

/** No cipher's sealed records have to be longer, as far as {@linkcode sealedBytes} knows. */
export const ENOUGH_SEALED_BYTES = MIN_SEALED_BYTES + 8;

/** What a cipher's sealed records have at least: GCM and CCM send 8 bytes of nonce before the tag. */
export function sealedBytes(cipher: string): number {
  return /-(?:GCM|CCM)(?:-|$)/.test(cipher) ? ENOUGH_SEALED_BYTES : MIN_SEALED_BYTES;
}

/** Every record of DTLS 1.2 says it, and every classic one of 1.3 (RFC 9147 4). */
const VERSION_1_2 = 0xfefd;

/** What a record of 2^14 bytes has besides, at most: vector, code and padding of the longest CBC suite. */
const MAX_OVERHEAD_BYTES = 320;

/**
 * So much of a datagram libssl reads at once, and so long may a record be (SSL3_RT_MAX_ENCRYPTED_LENGTH
 * of openssl/ssl3.h, with a header). What is behind that it would take for another datagram.
 */
export const MAX_READ_BYTES: number = MAX_RECORD_BYTES + MAX_OVERHEAD_BYTES;

function versionOf(datagram: Uint8Array, at: number): number {
  return datagram[at + 1]! << 8 | datagram[at + 2]!;
}

/** Where the record at `at` ends; null where it does not, or libssl does not read so far. */
function wholeEnd(datagram: Uint8Array, at: number): number | null {
  const end = at + recordLength(datagram, at);
  return end <= datagram.length && end <= MAX_READ_BYTES ? end : null;
}

/**
 * How much of a datagram of an established session may be handed to libssl: the records at its
 * beginning that can be the session's, or can be of an earlier or later epoch.
 *
 * Where a header's version or length is wrong, libssl passes over the header alone, and looks for the
 * next one inside that record. And over a sealed record that is too short to be one it ends the session
 * instead of dropping it (github.com/openssl/openssl/issues/25290; RFC 6347 4.1.2.7). The addresses are
 * enough to forge either.
 *
 * @param minSealedBytes see {@linkcode sealedBytes}
 */
export function readableBytes(datagram: Uint8Array, minSealedBytes: number): number {
  for (let at = 0;;) {
    if (at === datagram.length) return at;
    const end = wholeEnd(datagram, at);
    if (end === null) return at;
    if (isUnified(datagram[at]!)) {
      const header = unifiedHeaderBytes(datagram, at);
      if (header !== null && end - at < header + MIN_SEALED_BYTES) return at;
    } else {
      if (versionOf(datagram, at) !== VERSION_1_2) return at;
      const isSealed = (datagram[at + EPOCH_AT]! | datagram[at + EPOCH_AT + 1]!) > 0;
      if (isSealed && end - at < RECORD_HEADER_BYTES + minSealedBytes) return at;
    }
    at = end;
  }
}

/** The random a ClientHello carries (RFC 5246 7.4.1.2): it tells a new one from a repeated one. */
export function clientRandom(clientHello: Uint8Array): Uint8Array {
  return clientHello.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES);
}

/** Whether a ClientHello has this random: a new beginning has another one. */
export function hasRandom(clientHello: Uint8Array, random: Uint8Array): boolean {
  return clientRandom(clientHello).every((byte, i) => byte === random[i]);
}

/** What a ClientHello says that stays as it is when it comes again with a cookie. */
export interface HelloParameters {
  /**
   * Version and random. The session's number should stay as well (RFC 6347 4.2.1), but mbedTLS 2.28
   * draws another one where it has a ticket, and would be asked for its cookie for ever.
   */
  identity: Uint8Array;
  /** Cipher suites and compression; empty where they are in a later fragment. */
  suites: Uint8Array;
}

/**
 * The parameters of a ClientHello that a cookie stands for: RFC 6347 4.2.1.
 *
 * @param clientHello see {@linkcode isClientHello}; the parts are views of it
 */
export function helloParameters(clientHello: Uint8Array): HelloParameters {
  const end = Math.min(recordLength(clientHello, 0), clientHello.length);
  const cookieAt = SESSION_AT + 1 + clientHello[SESSION_AT]!;
  const identity = clientHello.subarray(VERSION_AT, Math.min(SESSION_AT, end));
  const suitesAt = cookieAt + 1 + (clientHello[cookieAt] ?? 0);
  const methodsAt = suitesAt + 2 +
    ((clientHello[suitesAt] ?? 0) << 8 | (clientHello[suitesAt + 1] ?? 0));
  const after = methodsAt + 1 + (clientHello[methodsAt] ?? 0);
  const suites = clientHello.subarray(suitesAt, after <= end ? after : suitesAt);
  return { identity, suites };
}

/** Whether the first record is sealed. */
export function isSealed(datagram: Uint8Array): boolean {
  return isUnified(datagram[0] ?? 0) || epochOf(datagram) > 0;
}

/** The first record's epoch, 16 bits; it has no unified header. */
export function epochOf(datagram: Uint8Array): number {
  return (datagram[EPOCH_AT] ?? 0) << 8 | (datagram[EPOCH_AT + 1] ?? 0);
}

/** A datagram of a handshake, taken apart. */
export interface HandshakeRecords {
  /** Its records in the clear, and unified ones: the datagram itself where there are no others. */
  clear: Uint8Array<ArrayBuffer>;
  /** Those of later epochs, copied. */
  early: Uint8Array<ArrayBuffer>[];
}

/** What every record of a handshake in the clear, and of DTLS 1.2 a sealed one, begins with. */
function isClassic(record: Uint8Array, isAgreed: boolean): boolean {
  const hasVersion = isAgreed ? versionOf(record, 0) === VERSION_1_2 : record[1] === MAJOR_VERSION;
  return hasVersion && record[0]! >= CHANGE_CIPHER_SPEC && record[0]! <= APPLICATION_DATA;
}

/** Of a handshake. */
export interface HandshakeState {
  /**
   * Whether DTLS 1.3 may be agreed on, which seals most of its handshake: unified records count as
   * clear, as libssl has to read them at once.
   */
  knowsUnified: boolean;
  /** Whether the version is agreed on: a record that says another one is none of the handshake's. */
  isAgreed: boolean;
}

/**
 * Takes a datagram of a handshake apart; what is no record, or no sealed one that a handshake has, is
 * left out, as is what libssl would read in another way (see {@linkcode readableBytes}). It would keep a record of the epoch to come with the 17 KB of memory it was read
 * into, a hundred of them for a client that is not known.
 */
export function handshakeRecords(
  datagram: Uint8Array<ArrayBuffer>,
  { knowsUnified, isAgreed }: HandshakeState,
): HandshakeRecords {
  const clear: Uint8Array[] = [];
  const early: Uint8Array<ArrayBuffer>[] = [];
  let isWhole = true;
  for (let at = 0; at < datagram.length;) {
    const end = wholeEnd(datagram, at);
    const record = datagram.subarray(at, end ?? at);
    at = end ?? datagram.length;
    const isRecord = record.length > 0 &&
      (isUnified(record[0]!) ? knowsUnified : isClassic(record, isAgreed));
    if (isRecord && (isUnified(record[0]!) || epochOf(record) === 0)) {
      clear.push(record);
      continue;
    }
    isWhole = false;
    if (isRecord && record.length <= MAX_EARLY_BYTES) early.push(record.slice());
  }
  return { clear: isWhole ? datagram : concatenated(clear), early };
}

/** The parts, one after the other. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A sealed Finished is shorter with any cipher: RFC 5246 7.4.9. */
const MAX_EARLY_BYTES = 256;

/**
 * Gives a record of epoch 0 the number of the one that it answers, as a server without state does
 * (RFC 6347 4.2.1): a number that the client has seen would be dropped as a replay.
 *
 * @param answer begins with a record, which is changed; one of a later epoch stays as it is
 */
export function numberLike(question: Uint8Array, answer: Uint8Array): void {
  if (!isSealed(answer)) {
    answer.set(question.subarray(NUMBER_AT, NUMBER_AT + NUMBER_BYTES), NUMBER_AT);
  }
}

/**
 * How far the records in the clear that answer a ClientHello are to be moved on, so that their
 * numbers go on from its own (RFC 6347 4.2.1). libssl 3.0 and 3.1 see to it; 3.2 to 4.0 begin at 1,
 * which the client may have seen in a HelloVerifyRequest (github.com/openssl/openssl/issues/32063).
 *
 * @param answer begins with a record
 */
export function numberGap(hello: Uint8Array, answer: Uint8Array): number {
  return Math.max(0, numberOf(hello) - numberOf(answer));
}

/**
 * Adds to the numbers of the records of epoch 0, which nothing seals.
 *
 * @param bytes nothing but whole records, which are changed
 */
export function addToNumbers(bytes: Uint8Array, gap: number): void {
  for (let at = 0; at < bytes.length; at += recordLength(bytes, at)) {
    const record = bytes.subarray(at);
    if (record.length < RECORD_HEADER_BYTES || isSealed(record)) continue;
    let number = numberOf(record) + gap;
    for (let byte = NUMBER_AT + NUMBER_BYTES - 1; byte >= NUMBER_AT; byte--) {
      record[byte] = number % 256;
      number = Math.floor(number / 256);
    }
  }
}

/** The first record's number, 48 bits. */
function numberOf(record: Uint8Array): number {
  const bytes = record.subarray(NUMBER_AT, NUMBER_AT + NUMBER_BYTES);
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

/** Where a record's number stands, and how long it is: RFC 6347 4.1. */
const NUMBER_AT = 5;
const NUMBER_BYTES = 6;
