/**
 * Sessions of TLS and DTLS free of I/O, for programs that bring their own transport: a serial line, a
 * WebSocket of messages, a simulated network, a socket that other protocols share.
 *
 * A {@linkcode TlsContext} holds certificates and settings; a {@linkcode TlsSession} is one connection:
 * bytes or datagrams go in, bytes or datagrams come out, and it says when it wants to be asked again. A
 * {@linkcode DtlsListenerCore} tells which of many sessions a datagram is for. None of them opens a
 * socket, starts a timer or awaits anything.
 *
 * Needs `--allow-ffi` and libssl 3, and nothing else.
 *
 * @module
 */
export { ENDED, NOT_YET } from "../base/read_result.ts";
export { ReplacedError, TimeoutError } from "../base/errors.ts";
export { PemError } from "../pem/errors.ts";
export type { HandshakeMessage, OnHandshakeMessage } from "../model/handshake_message.ts";
export { CallbackError } from "../openssl/bindings/calls.ts";
export {
  CertificateError,
  OpenSslError,
  type OpenSslErrorInit,
} from "../openssl/bindings/errors.ts";
export { OpenSslMissingError } from "../openssl/bindings/library.ts";
export { TlsContext } from "../openssl/context.ts";
export type { HandshakeStatistics, TlsInfo } from "../openssl/info.ts";
export {
  type CertificateFacts,
  type CertificateName,
  PeerCertificate,
} from "../openssl/peer_certificate.ts";
export { SavedSession } from "../openssl/saved_session.ts";
export { TlsSession, type TlsSessionOptions } from "../openssl/session.ts";
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
export type { PeerFacts, PeerSettings } from "../openssl/peer_settings.ts";
export type { PskChoice, PskIdentity, PskKey } from "../openssl/psk_settings.ts";
export { SelfSignedCertificate, type SelfSignedOptions } from "../openssl/self_signed.ts";
export type { LimitSettings } from "./limits.ts";
export {
  type ConnPlace,
  DtlsListenerCore,
  type DtlsListenerOptions,
  type DtlsListenerShell,
  type ListenedConn,
} from "./listener_core.ts";
