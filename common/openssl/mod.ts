/**
 * What the libraries for TLS and DTLS have in common.
 *
 * @module
 */
export { ReplacedError, RunError, TimeoutError } from "../errors.ts";
export { PemError } from "../pem/errors.ts";
export { CallbackError } from "./calls.ts";
export { TlsContext, type TlsContextOptions } from "./context.ts";
export { CertificateError, OpenSslError, type OpenSslErrorInit } from "./errors.ts";
export type { HandshakeStatistics, TlsInfo } from "./info.ts";
export {
  type CertificateFacts,
  type CertificateName,
  PeerCertificate,
} from "./peer_certificate.ts";
export { OpenSslMissingError } from "./library.ts";
export { SavedSession } from "./saved_session.ts";
export { SecureConn } from "./secure_conn.ts";
export type {
  ConnectSettings,
  DtlsSettings,
  ListenerCounters,
  ListenSettings,
  PskIdentity,
  TlsClientSettings,
  TlsServerSettings,
  TlsSettings,
  TlsVersion,
} from "./settings.ts";
