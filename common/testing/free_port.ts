/**
 * Ports where nobody listens, and those for programs that cannot be told 0.
 *
 * @module
 */

/**
 * Below those that systems give to sockets by themselves, from 32768 on (Linux) or 49152 (others):
 * such a port may be somebody else's a moment after it was free, or that of a client's own end.
 */
const FIRST = 20_000;
const PORTS = 12_000;

/** A port that was free a moment ago, and that the system gives to nobody who asks for any. */
export function freePort(transport: "tcp" | "udp", hostname = "127.0.0.1"): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * PORTS);
    const address = { hostname, port };
    try {
      const socket = transport === "udp"
        ? Deno.listenDatagram({ ...address, transport })
        : Deno.listen(address);
      socket.close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
