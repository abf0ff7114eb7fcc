/**
 * UDP server: receives datagrams from any number of clients, answers each with `ack`.
 *
 *     deno run --unstable-net --allow-net udp/server.ts --help
 *
 * @module
 */
import { resolveHost } from "../common/net.ts";
import type { PairOptions } from "../common/options.ts";
import { formatAddress } from "../common/protocol.ts";
import { type Prepared, serverMain } from "../common/script.ts";
import type { DatagramServerTransport } from "../common/server_transport.ts";
import { UdpSocket } from "../common/udp.ts";

async function prepare(options: PairOptions): Promise<Prepared<DatagramServerTransport>> {
  const socket = new UdpSocket(await resolveHost(options.hostname), options.port);
  return {
    transport: {
      hostname: socket.addr.hostname,
      port: socket.addr.port,
      run: (onDatagram) =>
        socket.run((bytes, from) =>
          onDatagram(
            bytes,
            formatAddress(from.hostname, from.port),
            (answer) => socket.send(answer, from),
          )
        ),
      close: () => socket.close(),
    },
  };
}

if (import.meta.main) Deno.exit(await serverMain("udp", prepare));
