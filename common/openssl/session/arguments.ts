/**
 * What the methods of a session may be told, as far as it is not a setting's kind.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES } from "../../base/tls_record.ts";
import { show } from "../../settings/kind.ts";

/** Longest message in bytes: one DTLS record (RFC 6347 4.1). */
export const MAX_MESSAGE_BYTES: number = MAX_PLAINTEXT_BYTES;

/** @throws {RangeError} where a message of that many bytes is none, or does not fit a record */
export function checkMessageBytes(length: number): void {
  if (length >= 1 && length <= MAX_MESSAGE_BYTES) return;
  throw new RangeError(
    `Cannot send a message of ${length} bytes: 1 to ${MAX_MESSAGE_BYTES} fit a DTLS record`,
  );
}

/** What to throw where an argument is to be called, and cannot be. */
export function notAFunction(name: string, value: unknown): TypeError {
  return new TypeError(`${name} must be a function, not ${show(value)}`);
}
