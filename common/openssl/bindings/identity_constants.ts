/**
 * Numbers of OpenSSL's macros and enumerations that have to do with names, revocation and stapled
 * responses.
 *
 * @module
 */

/** Commands of SSL_ctrl and SSL_CTX_callback_ctrl: openssl/ssl.h. */
export const NAME_CTRL = {
  SERVERNAME_CB: 53,
  STATUS_REQ_CB: 63,
  STATUS_REQ_TYPE: 65,
  GET_STATUS_REQ_OCSP_RESP: 70,
  SET_STATUS_REQ_OCSP_RESP: 71,
} as const;

/** What a callback for a ClientHello returns: openssl/ssl.h, SSL_CTX_set_client_hello_cb(3). */
export const SSL_CLIENT_HELLO = { ERROR: 0, SUCCESS: 1 } as const;

/** SSL_AD_*, alerts: openssl/tls1.h, RFC 8446 6. */
export const SSL_AD = {
  INTERNAL_ERROR: 80,
  MISSING_EXTENSION: 109,
  UNRECOGNIZED_NAME: 112,
} as const;

/** TLSEXT_TYPE_server_name: openssl/tls1.h, RFC 6066 3. */
export const TLSEXT_TYPE_SERVER_NAME = 0;

/** TLSEXT_STATUSTYPE_ocsp: openssl/tls1.h, RFC 6066 8. */
export const TLSEXT_STATUSTYPE_OCSP = 1;

/** X509_V_FLAG_*: openssl/x509_vfy.h, X509_VERIFY_PARAM_set_flags(3). */
export const X509_V_FLAG = { CRL_CHECK: 0x4n, CRL_CHECK_ALL: 0x8n } as const;

/** OCSP_RESPONSE_STATUS_SUCCESSFUL: openssl/ocsp.h, RFC 6960 4.2.1. */
export const OCSP_SUCCESSFUL = 0;

/** V_OCSP_CERTSTATUS_*: openssl/ocsp.h, RFC 6960 4.2.1. */
export const OCSP_STATUS = { GOOD: 0, REVOKED: 1, UNKNOWN: 2 } as const;
