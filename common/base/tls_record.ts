/**
 * What a record of TLS and DTLS is made of.
 *
 * @module
 */

/** A record's plaintext has at most 2^14 bytes (RFC 8446 5.1, RFC 6347 4.1). */
export const MAX_PLAINTEXT_BYTES = 16_384;

/** Length of a TLS record's header: type, version and, in the last two, length (RFC 8446 5.1). */
export const TLS_HEADER_BYTES = 5;
