/**
 * How much a record of TLS and DTLS carries.
 *
 * @module
 */

/** A record's plaintext has at most 2^14 bytes (RFC 8446 5.1, RFC 6347 4.1). */
export const MAX_PLAINTEXT_BYTES = 16_384;
