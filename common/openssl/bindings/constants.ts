/**
 * Numbers of OpenSSL's macros and enumerations, which a shared library does not export.
 *
 * @module
 */

/** SSL_ERROR_*: openssl/ssl.h; what SSL_get_error(3) returns. */
export const SSL_ERROR = {
  NONE: 0,
  SSL: 1,
  WANT_READ: 2,
  WANT_WRITE: 3,
  SYSCALL: 5,
  ZERO_RETURN: 6,
} as const;

/** SSL_VERIFY_*: openssl/ssl.h, SSL_CTX_set_verify(3). */
export const SSL_VERIFY = { NONE: 0, PEER: 1, FAIL_IF_NO_PEER_CERT: 2 } as const;

/** SSL_OP_*: openssl/ssl.h, SSL_CTX_set_options(3); some have more than 32 bits. */
export const SSL_OP = {
  NO_QUERY_MTU: 1n << 12n,
  COOKIE_EXCHANGE: 1n << 13n,
  NO_TICKET: 1n << 14n,
  NO_COMPRESSION: 1n << 17n,
  PRIORITIZE_CHACHA: 1n << 21n,
  CIPHER_SERVER_PREFERENCE: 1n << 22n,
  NO_RENEGOTIATION: 1n << 30n,
  /** Of OpenSSL 3.2 and newer; older ones pass over it. */
  NO_RX_CERTIFICATE_COMPRESSION: 1n << 33n,
} as const;

/** Commands of SSL_ctrl and SSL_CTX_ctrl: openssl/ssl.h. */
export const SSL_CTRL = {
  EXTRA_CHAIN_CERT: 14,
  SET_MTU: 17,
  MODE: 33,
  SET_SESS_CACHE_SIZE: 42,
  SET_SESS_CACHE_MODE: 44,
  SET_MAX_CERT_LIST: 51,
  SET_TLSEXT_HOSTNAME: 55,
  SET_TLSEXT_TICKET_KEYS: 59,
  DTLS_GET_TIMEOUT: 73,
  DTLS_HANDLE_TIMEOUT: 74,
  SET_GROUPS_LIST: 92,
  SET_SIGALGS_LIST: 98,
  GET_PEER_SIGNATURE_NID: 108,
  SET_MIN_PROTO_VERSION: 123,
  SET_MAX_PROTO_VERSION: 124,
  GET_NEGOTIATED_GROUP: 134,
} as const;

/** How many bytes a BIO holds: openssl/bio.h, BIO_pending(3). */
export const BIO_CTRL_PENDING = 10;

/** What an empty memory BIO returns: openssl/bio.h, BIO_set_mem_eof_return(3). */
export const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;

/** SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER: openssl/ssl.h, SSL_CTX_set_mode(3). */
export const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2;

/** SSL_SESS_CACHE_*: openssl/ssl.h, SSL_CTX_set_session_cache_mode(3). */
export const SSL_SESS_CACHE = { OFF: 0, CLIENT: 1, SERVER: 2, NO_INTERNAL: 0x300 } as const;

/** SSL_TLSEXT_ERR_*: openssl/tls1.h, what a callback for an extension returns. */
export const SSL_TLSEXT_ERR = { OK: 0, ALERT_FATAL: 2, NOACK: 3 } as const;

/** SSL_TICKET_STATUS and SSL_TICKET_RETURN: openssl/ssl.h, SSL_CTX_set_session_ticket_cb(3). */
export const SSL_TICKET = {
  SUCCESS: 5,
  SUCCESS_RENEW: 6,
  ABORT: 0,
  IGNORE_RENEW: 2,
  USE: 3,
  USE_RENEW: 4,
} as const;

/** OPENSSL_NPN_NEGOTIATED: openssl/ssl.h, SSL_select_next_proto(3). */
export const OPENSSL_NPN_NEGOTIATED = 1;

/** Name type of the server name extension: RFC 6066 3, openssl/tls1.h. */
export const TLSEXT_NAMETYPE_HOST_NAME = 0;

/**
 * Content types, SSL3_RT_*: openssl/ssl3.h. The last two are SSL_CTX_set_msg_callback(3)'s own: the
 * header of a record, and what is inside a sealed record of version 1.3.
 */
export const CONTENT = {
  CHANGE_CIPHER_SPEC: 20,
  ALERT: 21,
  HANDSHAKE: 22,
  APPLICATION_DATA: 23,
  HEADER: 0x100,
  INNER_TYPE: 0x101,
} as const;

/** Protocol versions: openssl/prov_ssl.h. */
export const VERSION = {
  TLS1_2: 0x0303,
  TLS1_3: 0x0304,
  DTLS1_2: 0xfefd,
  /** Of OpenSSL 4.1 and newer. */
  DTLS1_3: 0xfefc,
} as const;

/** X509_V_OK and the codes that are told apart: openssl/x509_vfy.h. */
export const X509_V = {
  OK: 0,
  UNSPECIFIED: 1,
  UNABLE_TO_GET_CRL: 3,
  CERT_HAS_EXPIRED: 10,
  CRL_HAS_EXPIRED: 12,
  CERT_REVOKED: 23,
  CERT_REJECTED: 28,
  HOSTNAME_MISMATCH: 62,
  IP_ADDRESS_MISMATCH: 64,
} as const;

/** EXFLAG_* for X509_get_extension_flags(3): openssl/x509v3.h. */
export const EXFLAG = { CA: 0x10, SELF_ISSUED: 0x20 } as const;

/** KU_DIGITAL_SIGNATURE for X509_get_key_usage(3): openssl/x509v3.h. */
export const KU_DIGITAL_SIGNATURE = 0x80;

/** X509_CHECK_FLAG_* for X509_VERIFY_PARAM_set_hostflags(3): openssl/x509v3.h. */
export const X509_CHECK_FLAG = { NO_PARTIAL_WILDCARDS: 0x4, NEVER_CHECK_SUBJECT: 0x20 } as const;

/** NID_subject_alt_name: openssl/obj_mac.h. */
export const NID_SUBJECT_ALT_NAME = 85;

/** NID_*: openssl/obj_mac.h, extensions of a certificate (RFC 5280 4.2.1). */
export const NID = {
  KEY_USAGE: 83,
  SUBJECT_ALT_NAME: NID_SUBJECT_ALT_NAME,
  BASIC_CONSTRAINTS: 87,
  EXT_KEY_USAGE: 126,
} as const;

/** MBSTRING_UTF8: openssl/asn1.h, the form of a text. */
export const MBSTRING_UTF8 = 0x1000;

/** GEN_*: openssl/x509v3.h, the types of a GENERAL_NAME (RFC 5280 4.2.1.6). */
export const GEN = {
  OTHERNAME: 0,
  EMAIL: 1,
  DNS: 2,
  DIRNAME: 4,
  URI: 6,
  IPADD: 7,
  RID: 8,
} as const;

/** XN_FLAG_RFC2253 without ASN1_STRFLGS_ESC_MSB, so that names keep their letters: openssl/x509.h. */
export const XN_FLAG_RFC2253_UTF8 = 0x1110317 & ~0x4;

/** OPENSSL_VERSION for OpenSSL_version(3): openssl/crypto.h. */
export const OPENSSL_VERSION = 0;

/** OPENSSL_INIT_NO_ATEXIT for OPENSSL_init_crypto(3): openssl/crypto.h. */
export const OPENSSL_INIT_NO_ATEXIT = 0x0008_0000n;
