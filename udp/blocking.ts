/**
 * Both ends on the system's own calls, blocking or spinning.
 *
 * @module
 */
import { MAX_DATAGRAM_BYTES } from "../common/base/datagrams.ts";
import { ReusedMemory } from "../common/base/reused_memory.ts";
import { prepareBlocking } from "../common/blocking/prepare.ts";
import type { BlockingPair } from "../common/blocking/warm_up_pass.ts";
import type { DatagramServerTransport, OnPeerDatagram } from "../common/exchange/transport.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { PosixUdpClient } from "../common/posix/udp_client.ts";

/** Hands over every datagram until the socket is closed. */
async function run(
  socket: PosixUdp,
  onDatagram: OnPeerDatagram<SocketAddress>,
  isOver: () => boolean,
): Promise<void> {
  const buffer = new ReusedMemory(MAX_DATAGRAM_BYTES);
  while (!isOver()) {
    let received = socket.receive(buffer.bytes, Infinity);
    if (received instanceof Promise) {
      try {
        received = await received;
      } catch (error) {
        if (isOver()) return;
        throw error;
      }
    }
    const handling = onDatagram(buffer.first(received), socket.sender);
    if (handling instanceof Promise) await handling;
  }
}

/** Both ends. */
export const blockingPair: BlockingPair<[], DatagramServerTransport<SocketAddress>> = {
  client: ({ bind }, loop, servers) => ({
    datagrams: true,
    connectionless: true,
    connect: () => new PosixUdpClient(servers, loop, bind),
    send: (socket: PosixUdpClient, message) => socket.send(message),
    receive: (socket: PosixUdpClient, into, timeoutMs) => socket.receive(into, timeoutMs),
    close: (socket: PosixUdpClient) => socket.close(),
    lastLoss: (socket: PosixUdpClient) => socket.lastLoss,
    rest: () => loop.rest(),
    until: (dueMs) => loop.until(dueMs),
  }),
  server({ port }, loop, hostname) {
    const socket = PosixUdp.at(hostname, port, loop);
    let isOver = false;
    return {
      hostname: socket.address.hostname,
      port: socket.address.port,
      get receiveBuffer() {
        return socket.receiveBuffer;
      },
      run: (onDatagram) => run(socket, onDatagram, () => isOver),
      send: (peer, answer) => socket.send(answer, peer),
      peer: ({ text }) => text,
      portOf: ({ port }) => port,
      end() {
        isOver = true;
        socket.close();
      },
    };
  },
};

export const { client: blockingClient, server: blockingServer } = prepareBlocking(blockingPair);
