/**
 * The headers of records and of handshake messages.
 *
 * @module
 */
import { TLS_HEADER_BYTES } from "../../base/tls_record.ts";
import { CONTENT } from "../bindings/constants.ts";
import { epochOf, RECORD_HEADER_BYTES, recordLength } from "../records.ts";
import { isUnified } from "../unified_header.ts";

/** Length of the header of a DTLS handshake message in bytes: RFC 6347 4.2.2. */
export const MESSAGE_HEADER_BYTES = 12;

/** What a record's header says. */
export interface RecordFacts {
  /** Content type: RFC 5246 6.2.1. */
  type: number;
  /** Length of what follows, in bytes; 0 where the header does not say it. */
  bytes: number;
  /** DTLS; null on TLS. */
  epoch: number | null;
  /** DTLS: epoch and sequence number as they are on the wire. */
  number: Uint8Array;
}

/** A part of a handshake message of DTLS: RFC 6347 4.2.2. */
export interface Fragment {
  /** HandshakeType. */
  type: number;
  messageSeq: number;
  /** Length of the whole message's body. */
  total: number;
  /** Where the part begins in the body. */
  from: number;
  /** Length of the part. */
  length: number;
}

/** A record's header; null where it is none. */
export function readRecord(header: Uint8Array, datagram: boolean): RecordFacts | null {
  if (!datagram) {
    if (header.length < TLS_HEADER_BYTES) return null;
    const bytes = header[3]! << 8 | header[4]!;
    return { type: header[0]!, bytes, epoch: null, number: new Uint8Array() };
  }
  if (header.length === 0) return null;
  if (isUnified(header[0]!)) {
    const { APPLICATION_DATA } = CONTENT;
    return { type: APPLICATION_DATA, bytes: 0, epoch: header[0]! & 3, number: new Uint8Array() };
  }
  if (header.length < RECORD_HEADER_BYTES) return null;
  return {
    type: header[0]!,
    bytes: recordLength(header, 0) - RECORD_HEADER_BYTES,
    epoch: epochOf(header),
    number: header.subarray(3, 11),
  };
}

/** The header of a handshake message of DTLS at `at`, of {@linkcode MESSAGE_HEADER_BYTES}. */
export function readFragment(bytes: Uint8Array, at: number): Fragment {
  const three = (i: number) => bytes[i]! << 16 | bytes[i + 1]! << 8 | bytes[i + 2]!;
  return {
    type: bytes[at]!,
    total: three(at + 1),
    messageSeq: bytes[at + 4]! << 8 | bytes[at + 5]!,
    from: three(at + 6),
    length: three(at + 9),
  };
}

/** The fragments in a datagram's record in the clear, which is found by its number. */
export function fragmentsOf(datagram: Uint8Array, record: RecordFacts | null): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; at < datagram.length; at += recordLength(datagram, at)) {
    const isIt = record?.number.every((byte, i) => byte === datagram[at + 3 + i]);
    if (!isIt) continue;
    const end = Math.min(at + recordLength(datagram, at), datagram.length);
    for (let from = at + RECORD_HEADER_BYTES; from + MESSAGE_HEADER_BYTES <= end;) {
      const fragment = readFragment(datagram, from);
      from += MESSAGE_HEADER_BYTES + fragment.length;
      if (from <= end) fragments.push(fragment);
    }
    break;
  }
  return fragments;
}
