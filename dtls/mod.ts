/**
 * DTLS clients and servers for Deno, through OpenSSL.
 *
 * Needs `--allow-net`, `--allow-ffi` and libssl 3.
 *
 * @module
 */
export { connectDtls, dtlsContext } from "./lib/connect.ts";
export type { ConnectDtlsOptions, OnOtherDatagram } from "./lib/settings.ts";
export type { ProgramSocket } from "./lib/program_socket.ts";
export type { DtlsConnOptions, DtlsSocket } from "./lib/socket.ts";
export type { LocalAddress } from "../common/deno/udp.ts";
export type { ReceiveBufferState } from "../common/posix/receive_buffer.ts";
export type { SocketOptions } from "../common/posix/socket_options.ts";
export { DtlsConn } from "./lib/conn.ts";
export { DtlsListener, listenDtls } from "./lib/listen.ts";
export { type ListenDtlsOptions } from "./lib/settings.ts";
export * from "../common/secure/mod.ts";
