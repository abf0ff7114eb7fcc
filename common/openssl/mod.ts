/**
 * What the libraries for TLS and DTLS have in common.
 *
 * @module
 */
export { RunError, TimeoutError } from "../errors.ts";
export { TlsContext, type TlsContextOptions } from "./context.ts";
export { CertificateError, OpenSslError, type OpenSslErrorInit } from "./errors.ts";
export { type HandshakeStatistics, PeerCertificate, type TlsInfo } from "./info.ts";
export { OpenSslMissingError } from "./library.ts";
export { SavedSession } from "./saved_session.ts";
export { SecureConn } from "./secure_conn.ts";
export type {
  ConnectSettings,
  ListenerCounters,
  ListenSettings,
  PskIdentity,
  TlsClientSettings,
  TlsServerSettings,
  TlsSettings,
  TlsVersion,
} from "./settings.ts";
