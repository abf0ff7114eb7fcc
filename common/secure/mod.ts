/**
 * What the libraries for TLS and DTLS have in common.
 *
 * @module
 */
export { AddressError, ReplacedError, TimeoutError, UnreadAnswersError } from "../base/errors.ts";
export { PemError } from "../pem/errors.ts";
export { CallbackError } from "../openssl/bindings/calls.ts";
export { TlsContext } from "../openssl/context.ts";
export { type TlsContextOptions } from "../openssl/settings.ts";
export {
  CertificateError,
  OpenSslError,
  type OpenSslErrorInit,
} from "../openssl/bindings/errors.ts";
export type { HandshakeMessage, OnHandshakeMessage } from "../model/handshake_message.ts";
export type { HandshakeStatistics, TlsInfo } from "../openssl/info.ts";
export {
  type CertificateFacts,
  type CertificateName,
  PeerCertificate,
} from "../openssl/peer_certificate.ts";
export type {
  OwnCertificate,
  PemOrDer,
  ServerIdentity,
  TrustSettings,
} from "../openssl/identity_settings.ts";
export type { PeerFacts, PeerSettings } from "../openssl/peer_settings.ts";
export { SelfSignedCertificate, type SelfSignedOptions } from "../openssl/self_signed.ts";
export { OpenSslMissingError } from "../openssl/bindings/library.ts";
export type { PskChoice, PskIdentity, PskKey } from "../openssl/psk_settings.ts";
export { SavedSession } from "../openssl/saved_session.ts";
export { SecureConn } from "./secure_conn.ts";
export type {
  ConnectSettings,
  DtlsSettings,
  ListenerCounters,
  ListenSettings,
  TlsClientSettings,
  TlsServerSettings,
  TlsSettings,
  TlsVersion,
} from "../openssl/settings.ts";
