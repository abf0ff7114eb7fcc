/**
 * What a pair's scripts are made with: everything around a protocol that is the same for all.
 *
 * @module
 */
export { addressOf } from "./base/addresses.ts";
export { lengthOf, peerOf, Server } from "./exchange/library_verbs.ts";
export { clientMain, serverMain } from "./cli/script.ts";
export { BoundedTcp, BoundedTcpListener } from "./deno/tcp.ts";
export { listenAddress, serverAddresses } from "./deno/lookup.ts";
export { UdpConnection } from "./deno/udp_connection.ts";
export { UdpSocket } from "./deno/udp.ts";
export { clientSettings, connectSettings, listenSettings } from "./exchange/secure_settings.ts";
export { SessionPool } from "./exchange/session_pool.ts";
export type {
  AnyServerTransport,
  ClientTransport,
  DatagramServerTransport,
  Prepare,
  ServerTransport,
} from "./exchange/transport.ts";
export { toSecurity } from "./openssl/info.ts";
export { loadOpenSsl } from "./openssl/bindings/library.ts";
export { LISTENER_BUFFER_BYTES } from "./posix/receive_buffer.ts";
