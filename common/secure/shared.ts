/**
 * What everybody needs who speaks TLS or DTLS, over sockets or free of I/O: contexts and their settings,
 * saved sessions, facts, errors.
 *
 * @module
 */
export { KeyLimitError, ReplacedError, TimeoutError } from "../base/errors.ts";
export type { HandshakeMessage, OnHandshakeMessage } from "../model/handshake_message.ts";
export { CallbackError } from "../openssl/bindings/calls.ts";
export {
  CertificateError,
  OpenSslError,
  type OpenSslErrorInit,
} from "../openssl/bindings/errors.ts";
export { OpenSslMissingError } from "../openssl/bindings/library.ts";
export { TlsContext } from "../openssl/context.ts";
export type {
  OwnCertificate,
  PemOrDer,
  ServerIdentity,
  TrustSettings,
} from "../openssl/identity_settings.ts";
export type { HandshakeStatistics, TlsInfo } from "../openssl/info.ts";
export {
  type CertificateFacts,
  type CertificateName,
  PeerCertificate,
} from "../openssl/peer_certificate.ts";
export type { PeerFacts, PeerSettings } from "../openssl/peer_settings.ts";
export type { PskChoice, PskIdentity, PskKey } from "../openssl/psk_settings.ts";
export { SavedSession } from "../openssl/saved_session.ts";
export { SelfSignedCertificate, type SelfSignedOptions } from "../openssl/self_signed.ts";
export type {
  DtlsSettings,
  ListenerCounters,
  ListenSettings,
  TlsClientSettings,
  TlsContextOptions,
  TlsServerSettings,
  TlsSettings,
  TlsVersion,
} from "../openssl/settings.ts";
export { PemError } from "../pem/errors.ts";
