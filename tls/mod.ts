/**
 * TLS 1.2 and 1.3 clients and servers for Deno, through OpenSSL: client certificates on servers,
 * session resumption, pre-shared keys, and what a handshake agreed on.
 *
 * Needs `--allow-net`, `--allow-ffi` and libssl 3.
 *
 * @module
 */
export { connectTls, tlsContext } from "./lib/connect.ts";
export { acceptTls, startTls } from "./lib/start.ts";
export type { ByteStreams } from "./lib/byte_stream.ts";
export type { AcceptTlsOptions, ConnectTlsOptions, StartTlsOptions } from "./lib/settings.ts";
export { TlsConn, type TlsConnOptions } from "./lib/conn.ts";
export { listenTls, TlsListener } from "./lib/listen.ts";
export { type ListenTlsOptions } from "./lib/settings.ts";
export * from "../common/secure/mod.ts";
