/**
 * DTLS clients and servers for Deno, through OpenSSL.
 *
 * Needs `--allow-net`, `--allow-ffi` and libssl 3.
 *
 * @module
 */
export { connectDtls, type ConnectDtlsOptions, dtlsContext } from "./connect.ts";
export type { DtlsCarrier, DtlsConnOptions } from "./carrier.ts";
export type { ReceiveBufferState } from "../common/posix/receive_buffer.ts";
export { DtlsConn } from "./conn.ts";
export { DtlsListener, listenDtls, type ListenDtlsOptions } from "./listen.ts";
export * from "../common/openssl/mod.ts";
