/**
 * TLS 1.2 and 1.3 clients and servers for Deno, through OpenSSL: client certificates on servers,
 * session resumption, pre-shared keys, and what a handshake agreed on.
 *
 * Needs `--allow-net`, `--allow-ffi` and libssl 3.
 *
 * @module
 */
export { connectTls, type ConnectTlsOptions, tlsContext } from "./connect.ts";
export { TlsConn, type TlsConnOptions } from "./conn.ts";
export { listenTls, type ListenTlsOptions, TlsListener } from "./listen.ts";
export * from "../common/openssl/mod.ts";
