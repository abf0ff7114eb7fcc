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
export * from "./shared.ts";
export { ENDED, NOT_YET } from "../base/read_result.ts";
export { TlsSession, type TlsSessionOptions } from "../openssl/session.ts";
export type { LimitSettings } from "./limits.ts";
export {
  type ConnPlace,
  DtlsListenerCore,
  type DtlsListenerOptions,
  type DtlsListenerShell,
  type ListenedConn,
} from "./listener_core.ts";
