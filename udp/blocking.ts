/**
 * Both ends on the system's own calls, blocking or spinning.
 *
 * @module
 */
import { ReusedMemory } from "../common/base/reused_memory.ts";
import { type ClientConnection, type ClientTransport, LOST } from "../common/exchange/client.ts";
import { isUnreachable, worseOf } from "../common/base/in_turn.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { preparePosix } from "../common/blocking/prepare.ts";
import type { SocketAddress } from "../common/posix/address.ts";
import type { PollLoop } from "../common/posix/poll_loop.ts";
import type { ReceiveBufferState } from "../common/posix/receive_buffer.ts";
import { NOT_YET } from "../common/base/read_result.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { MAX_DATAGRAM_BYTES } from "../common/base/datagrams.ts";
import type { MaybePromise } from "../common/base/maybe_promise.ts";
import type {
  DatagramPeer,
  DatagramServerTransport,
  OnPeerDatagram,
} from "../common/exchange/server_transport.ts";

class UdpConnection implements ClientConnection {
  /** Addresses that were not tried yet; none when the server has answered. */
  readonly #others: SocketAddress[];
  readonly #loop: PollLoop;
  readonly #timeoutMs: number;
  #socket!: PosixUdp;
  /** What is sent again to the next address. */
  #last = new Uint8Array();
  #refusal: unknown;

  constructor(servers: readonly SocketAddress[], loop: PollLoop, timeoutMs: number) {
    this.#others = [...servers];
    this.#loop = loop;
    this.#timeoutMs = timeoutMs;
    this.#openNext();
  }

  get lastLoss(): unknown {
    return this.#socket.lastLoss;
  }

  send(message: Uint8Array): MaybePromise<void> {
    if (this.#others.length > 0) this.#last = message.slice();
    try {
      return this.#socket.send(message);
    } catch (error) {
      return this.#sendToNext(error);
    }
  }

  receive(into: Uint8Array): MaybePromise<number> {
    try {
      const receiving = this.#socket.receive(into, this.#timeoutMs);
      if (!(receiving instanceof Promise)) return this.#received(receiving);
      return receiving.then(
        (received) => this.#received(received),
        (error) => this.#receiveFromNext(error, into),
      );
    } catch (error) {
      return this.#receiveFromNext(error, into);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #received(received: number): number {
    if (received === NOT_YET) return LOST;
    if (this.#others.length > 0) this.#others.length = 0;
    return received;
  }

  #receiveFromNext(error: unknown, into: Uint8Array): MaybePromise<number> {
    const sending = this.#sendToNext(error);
    return sending instanceof Promise ? sending.then(() => this.receive(into)) : this.receive(into);
  }

  /** What was sent was turned back. */
  #sendToNext(error: unknown): MaybePromise<void> {
    if (!isUnreachable(error)) throw error;
    this.#refusal = worseOf(this.#refusal, error);
    this.#socket.close();
    this.#openNext();
    return this.send(this.#last);
  }

  /** A socket toward the next address that there is a way to. */
  #openNext(): void {
    for (let server; (server = this.#others.shift());) {
      try {
        this.#socket = PosixUdp.toward(server, this.#loop);
        return;
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        this.#refusal = worseOf(this.#refusal, error);
      }
    }
    throw this.#refusal;
  }
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

  get port(): number {
    return this.address.port;
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

  get receiveBuffer(): ReceiveBufferState | null {
    return this.#socket.receiveBuffer;
  }

  async run(onDatagram: OnPeerDatagram): Promise<void> {
    const socket = this.#socket;
    const buffer = new ReusedMemory(MAX_DATAGRAM_BYTES);
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
  servers: SocketAddress[],
): ClientTransport {
  return {
    connectionless: true,
    rest: () => loop.rest(),
    open: () => new UdpConnection(servers, loop, timeoutMs),
  };
}

function server(options: PairOptions, loop: PollLoop, hostname: string): DatagramServerTransport {
  return new UdpTransport(PosixUdp.at(hostname, options.port, loop));
}

/** Both ends. */
export const posixPair = { client, server };

export const { client: preparePosixClient, server: preparePosixServer } = preparePosix(posixPair);
