/**
 * Ports where nobody listens, and those for programs that cannot be told 0.
 *
 * @module
 */

/** A port that was free a moment ago. */
export function freePort(transport: "tcp" | "udp", hostname = "127.0.0.1"): number {
  const address = { hostname, port: 0 };
  const socket = transport === "udp"
    ? Deno.listenDatagram({ ...address, transport })
    : Deno.listen(address);
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}
