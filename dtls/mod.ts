/**
 * DTLS 1.2 clients and servers for Deno, through OpenSSL.
 *
 * Needs `--allow-net`, `--allow-ffi`, `--unstable-net` and libssl 3.
 *
 * @module
 */
export { connectDtls, type ConnectDtlsOptions } from "./connect.ts";
export { DtlsConn } from "./conn.ts";
export { DtlsListener, listenDtls, type ListenDtlsOptions } from "./listen.ts";
export { CertificateError, OpenSslError } from "../common/openssl/errors.ts";
export { OpenSslMissingError } from "../common/openssl/library.ts";
