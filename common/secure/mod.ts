/**
 * What the libraries for TLS and DTLS have in common.
 *
 * @module
 */
export * from "./shared.ts";
export { AddressError, UnreadAnswersError } from "../base/errors.ts";
export type { ConnectSettings } from "../openssl/settings.ts";
export { SecureConn } from "./secure_conn.ts";
