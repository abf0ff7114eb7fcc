/**
 * UDP server: receives datagrams from any number of clients, answers each with `ack`.
 *
 *     deno run --unstable-net --allow-net udp/server.ts --help
 *
 * @module
 */
import { formatAddress } from "../common/base/addresses.ts";
import { listenAddress } from "../common/deno/lookup.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { LISTENER_BUFFER_BYTES } from "../common/posix/receive_buffer.ts";
import { serverMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import type { DatagramPeer, DatagramServerTransport } from "../common/exchange/server_transport.ts";
import { UdpSocket } from "../common/deno/udp.ts";
import { preparePosixServer } from "./blocking.ts";

class UdpPeer implements DatagramPeer {
  readonly peer: string;
  readonly port: number;
  readonly #socket: UdpSocket;
  readonly #addr: Deno.NetAddr;

  constructor(socket: UdpSocket, addr: Deno.NetAddr) {
    this.peer = formatAddress(addr.hostname, addr.port);
    this.port = addr.port;
    this.#socket = socket;
    this.#addr = addr;
  }

  async send(answer: Uint8Array): Promise<void> {
    await this.#socket.send(answer, this.#addr);
  }
}

async function prepare(options: PairOptions): Promise<Prepared<DatagramServerTransport>> {
  const socket = new UdpSocket(
    await listenAddress(options.hostname),
    options.port,
    LISTENER_BUFFER_BYTES,
  );
  return {
    transport: {
      hostname: socket.addr.hostname,
      port: socket.addr.port,
      get receiveBuffer() {
        return socket.receiveBuffer;
      },
      run: (onDatagram) =>
        socket.run((bytes, from) => onDatagram(bytes, new UdpPeer(socket, from))),
      close: () => socket.close(),
    },
  };
}

const prepareLane: Prepare<DatagramServerTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixServer)(options, deadlines);

if (import.meta.main) Deno.exit(await serverMain("udp", prepareLane));
