/**
 * Ports for peers that cannot say which one they were given.
 *
 * @module
 */
import type { TlsVersion } from "../../openssl/settings.ts";
import { isDatagram } from "../peers.ts";

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(version: TlsVersion): number {
  const address = { hostname: "127.0.0.1", port: 0 };
  const socket = isDatagram(version)
    ? Deno.listenDatagram({ ...address, transport: "udp" })
    : Deno.listen(address);
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}
