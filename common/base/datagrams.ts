/**
 * How long a UDP datagram can be, and how many are taken in at once.
 *
 * @module
 */

/** No UDP datagram is longer, in bytes: its length has 16 bits (RFC 768). */
export const MAX_DATAGRAM_BYTES = 65_535;

/** What a datagram carries at most, in bytes: without 8 bytes of UDP header and 20 of IPv4 header. */
export const MAX_PAYLOAD_BYTES = 65_507;

/** So many are received without a turn of the event loop: whoever they are for has its turn, too. */
export const MAX_RECEIVED_AT_ONCE = 32;
