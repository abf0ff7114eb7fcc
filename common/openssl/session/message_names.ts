/**
 * The names of handshake messages and alerts.
 *
 * @module
 */

/** HandshakeType: RFC 8446 4 and B.3, RFC 5246 7.4, RFC 6347 4.3.2, RFC 6066 1.1, RFC 8879 7.3. */
const HANDSHAKE: Readonly<Record<number, string>> = {
  0: "HelloRequest",
  1: "ClientHello",
  2: "ServerHello",
  3: "HelloVerifyRequest",
  4: "NewSessionTicket",
  5: "EndOfEarlyData",
  8: "EncryptedExtensions",
  11: "Certificate",
  12: "ServerKeyExchange",
  13: "CertificateRequest",
  14: "ServerHelloDone",
  15: "CertificateVerify",
  16: "ClientKeyExchange",
  20: "Finished",
  21: "CertificateURL",
  22: "CertificateStatus",
  24: "KeyUpdate",
  25: "CompressedCertificate",
};

/** AlertDescription: RFC 8446 6 and B.2, RFC 5246 7.2, RFC 7507 2. */
const ALERT: Readonly<Record<number, string>> = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  21: "decryption_failed_RESERVED",
  22: "record_overflow",
  30: "decompression_failure",
  40: "handshake_failure",
  41: "no_certificate_RESERVED",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  60: "export_restriction_RESERVED",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  90: "user_canceled",
  100: "no_renegotiation",
  109: "missing_extension",
  110: "unsupported_extension",
  111: "certificate_unobtainable",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  114: "bad_certificate_hash_value",
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol",
};

/** The first bytes of the random of a ServerHello that asks for another ClientHello (RFC 8446 4.1.3). */
const RETRY = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/** HandshakeType of a ServerHello. */
const SERVER_HELLO = 2;

/** HandshakeType of a Finished. */
export const FINISHED = 20;

/** The name of a handshake message's type; `handshake_type 99` where it has none here. */
export function handshakeName(type: number): string {
  return HANDSHAKE[type] ?? `handshake_type ${type}`;
}

/**
 * The name of a handshake message on TLS, which tells a HelloRetryRequest from a ServerHello.
 *
 * @param message from its header on, of 4 bytes
 */
export function tlsMessageName(message: Uint8Array): string {
  // After the header stand the version, of two bytes, and the random.
  const isRetry = message[0] === SERVER_HELLO && RETRY.every((byte, i) => message[6 + i] === byte);
  return isRetry ? "HelloRetryRequest" : handshakeName(message[0]!);
}

/** The name of an alert's description; `alert 99` where it has none here. */
export function alertName(description: number): string {
  return ALERT[description] ?? `alert ${description}`;
}
