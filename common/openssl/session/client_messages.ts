/**
 * The messages of a client's handshake that come in the clear, put together from what arrives: RFC
 * 8446 5.1, RFC 6347 4.2.3. What cannot be read is passed over; OpenSSL says what is wrong with it.
 *
 * @module
 */
import { TLS_HEADER_BYTES } from "../../base/tls_record.ts";
import { CONTENT } from "../bindings/constants.ts";
import { CLIENT_HELLO, concatenated, RECORD_HEADER_BYTES, recordLength } from "../records.ts";
import { MESSAGE_HEADER_BYTES, readFragment } from "./message_records.ts";

/** HandshakeType: RFC 5246 7.4. */
export const CLIENT_KEY_EXCHANGE = 16;

const { HANDSHAKE, APPLICATION_DATA } = CONTENT;

const TLS_MESSAGE_HEADER_BYTES = 4;

/** Longer ones are passed over: a ClientHello with a key exchange after quanta has 2 KiB. */
const MAX_MESSAGE_BYTES = 16 * 1024;

/** A message without its header. */
export interface ClientMessage {
  type: typeof CLIENT_HELLO | typeof CLIENT_KEY_EXCHANGE;
  body: Uint8Array<ArrayBuffer>;
}

/** Takes what arrives, borrowed for the call, and returns the messages that are whole now. */
export type MessageAssembler = (bytes: Uint8Array) => ClientMessage[];

/** Of a stream: the messages may begin and end anywhere in its records. */
export function streamMessages(): MessageAssembler {
  let raw: Uint8Array<ArrayBuffer> = new Uint8Array();
  let content: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** So many bytes of a message that nobody wants are still to come. */
  let unwanted = 0;
  let isOver = false;

  const takeRecords = () => {
    let at = 0;
    while (!isOver && at + TLS_HEADER_BYTES <= raw.length) {
      const end = at + TLS_HEADER_BYTES + (raw[at + 3]! << 8 | raw[at + 4]!);
      if (raw[at] === APPLICATION_DATA) isOver = true;
      if (end > raw.length) break;
      if (raw[at] === HANDSHAKE) {
        content = concatenated([content, raw.subarray(at + TLS_HEADER_BYTES, end)]);
      }
      at = end;
    }
    raw = raw.slice(at);
  };

  const takeMessages = () => {
    const messages: ClientMessage[] = [];
    for (;;) {
      const skipped = Math.min(unwanted, content.length);
      unwanted -= skipped;
      content = content.subarray(skipped);
      if (content.length < TLS_MESSAGE_HEADER_BYTES) break;
      const type = content[0];
      const end = TLS_MESSAGE_HEADER_BYTES + numberAt(content, 1, 3);
      const isWanted = type === CLIENT_HELLO || type === CLIENT_KEY_EXCHANGE;
      if (!isWanted || end > MAX_MESSAGE_BYTES) {
        unwanted = end;
        continue;
      }
      if (end > content.length) break;
      messages.push({ type, body: content.slice(TLS_MESSAGE_HEADER_BYTES, end) });
      unwanted = end;
      // What follows is sealed, also where it has come with it.
      if (type === CLIENT_KEY_EXCHANGE) {
        isOver = true;
        break;
      }
    }
    content = content.slice();
    return messages;
  };

  return (bytes) => {
    if (isOver) return [];
    raw = concatenated([raw, bytes]);
    takeRecords();
    const messages = takeMessages();
    if (isOver) raw = content = new Uint8Array();
    return messages;
  };
}

/**
 * Of datagrams with records of epoch 0 alone: a ClientKeyExchange may come in fragments, in any order
 * and more than once. Up to version 1.2 nothing else says whose key is asked for.
 */
export function datagramMessages(): MessageAssembler {
  /** The message that fragments have come of, and which of its bytes have. */
  let current: { number: number; body: Uint8Array<ArrayBuffer>; has: Uint8Array } | null = null;

  const takeFragment = (fragment: Uint8Array): ClientMessage[] => {
    const { total: length, messageSeq: number, from: offset } = readFragment(fragment, 0);
    const part = fragment.subarray(MESSAGE_HEADER_BYTES);
    if (offset + part.length > length || length > MAX_MESSAGE_BYTES) return [];
    if (current?.number !== number || current.body.length !== length) {
      current = { number, body: new Uint8Array(length), has: new Uint8Array(length) };
    }
    current.body.set(part, offset);
    current.has.fill(1, offset, offset + part.length);
    if (current.has.includes(0)) return [];
    const { body } = current;
    current = null;
    return [{ type: CLIENT_KEY_EXCHANGE, body }];
  };

  return (bytes) => {
    const messages: ClientMessage[] = [];
    for (const fragment of fragmentsIn(bytes)) {
      if (fragment[0] === CLIENT_KEY_EXCHANGE) messages.push(...takeFragment(fragment));
    }
    return messages;
  };
}

/** The fragments of messages in records of a handshake that are in the clear, each with its header. */
export function* fragmentsIn(records: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < records.length;) {
    const end = at + recordLength(records, at);
    if (records[at] === HANDSHAKE) {
      yield* fragmentsOf(records.subarray(at + RECORD_HEADER_BYTES, end));
    }
    at = end;
  }
}

/** The fragments in one record, each with its header. */
function* fragmentsOf(content: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + MESSAGE_HEADER_BYTES <= content.length;) {
    const end = at + MESSAGE_HEADER_BYTES + readFragment(content, at).length;
    if (end > content.length) return;
    yield content.subarray(at, end);
    at = end;
  }
}

/** A number of some bytes, the first one the most significant. */
export function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let number = 0;
  for (let i = at; i < at + length; i++) number = number * 256 + (bytes[i] ?? 0);
  return number;
}
