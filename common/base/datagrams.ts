/**
 * How long a UDP datagram can be.
 *
 * @module
 */

/** No UDP datagram is longer, in bytes: its length has 16 bits (RFC 768). */
export const MAX_DATAGRAM_BYTES = 65_535;

/** What a datagram carries at most, in bytes: without 8 bytes of UDP header and 20 of IPv4 header. */
export const MAX_PAYLOAD_BYTES = 65_507;
