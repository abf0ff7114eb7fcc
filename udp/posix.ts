/**
 * Both ends on the system's own calls, blocking or spinning.
 *
 * @module
 */
import { Borrowed } from "../common/borrowed.ts";
import { type ClientConnection, type ClientTransport, LOST } from "../common/client.ts";
import type { PairOptions } from "../common/options.ts";
import { preparePosix } from "../common/posix_prepare.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop } from "../common/posix/poll_loop.ts";
import { NOT_YET } from "../common/posix/socket.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { MAX_DATAGRAM_BYTES, type MaybePromise } from "../common/protocol.ts";
import type {
  DatagramPeer,
  DatagramServerTransport,
  OnPeerDatagram,
} from "../common/server_transport.ts";

class UdpConnection implements ClientConnection {
  readonly #socket: PosixUdp;
  readonly #timeoutMs: number;

  constructor(socket: PosixUdp, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  get lastLoss(): unknown {
    return this.#socket.lastLoss;
  }

  send(message: Uint8Array): MaybePromise<void> {
    return this.#socket.send(message);
  }

  receive(into: Uint8Array): MaybePromise<number> {
    const receiving = this.#socket.receive(into, this.#timeoutMs);
    return receiving instanceof Promise ? receiving.then(orLost) : orLost(receiving);
  }

  close(): void {
    this.#socket.close();
  }
}

function orLost(received: number): number {
  return received === NOT_YET ? LOST : received;
}

class UdpPeer implements DatagramPeer {
  readonly address: SocketAddress;
  readonly #socket: PosixUdp;

  constructor(socket: PosixUdp, address: SocketAddress) {
    this.#socket = socket;
    this.address = address;
  }

  get peer(): string {
    return this.address.text;
  }

  send(answer: Uint8Array): MaybePromise<void> {
    return this.#socket.send(answer, this.address);
  }
}

class UdpTransport implements DatagramServerTransport {
  readonly hostname: string;
  readonly port: number;
  readonly #socket: PosixUdp;
  #closed = false;

  constructor(socket: PosixUdp) {
    this.#socket = socket;
    const { hostname, port } = socket.address;
    this.hostname = hostname;
    this.port = port;
  }

  async run(onDatagram: OnPeerDatagram): Promise<void> {
    const socket = this.#socket;
    const buffer = new Borrowed(MAX_DATAGRAM_BYTES);
    let from = new UdpPeer(socket, socket.address);
    while (!this.#closed) {
      let received = socket.receive(buffer.bytes, Infinity);
      if (received instanceof Promise) {
        try {
          received = await received;
        } catch (error) {
          if (this.#closed) return;
          throw error;
        }
      }
      if (from.address !== socket.sender) from = new UdpPeer(socket, socket.sender);
      const handling = onDatagram(buffer.first(received), from);
      if (handling instanceof Promise) await handling;
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }
}

function client(
  { timeoutMs }: PairOptions,
  loop: PollLoop,
  server: SocketAddress,
): ClientTransport {
  return {
    connectionless: true,
    rest: () => loop.rest(),
    open: () => new UdpConnection(PosixUdp.toward(server, loop), timeoutMs),
  };
}

function server(options: PairOptions, loop: PollLoop, hostname: string): DatagramServerTransport {
  return new UdpTransport(PosixUdp.at(hostname, options.port, loop));
}

/** Both ends. */
export const posixPair = { client, server };

export const { client: preparePosixClient, server: preparePosixServer } = preparePosix(posixPair);
