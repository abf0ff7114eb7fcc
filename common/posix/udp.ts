/**
 * UDP through the system's own calls: sockets that return values while they can, and promises when
 * other connections have to have their turn.
 *
 * @module
 */
import { listenError } from "../base/network_errors.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { isLoss } from "../base/system_errors.ts";
import type { SocketAddress } from "./address.ts";
import { EAGAIN, ICMP_ERRORS, PosixError } from "./errors.ts";
import { loadLibc } from "./libc.ts";
import { POLLOUT } from "./platform.ts";
import type { PollLoop } from "./poll_loop.ts";
import { Pollable } from "./pollable.ts";
import { LISTENER_BUFFER_BYTES, ReceiveBuffer, type ReceiveBufferState } from "./receive_buffer.ts";
import { PosixSocket } from "./socket.ts";
import { NOT_YET } from "../base/read_result.ts";

/** So long a datagram waits for room in the system's buffer; then it is lost, as on its way. */
const SEND_TIMEOUT_MS = 1000;

/**
 * A client's datagrams that may be refused as long as nothing has come back. Later, a refusal (ICMP,
 * which any host on the way can send) is one datagram lost.
 */
export const REFUSABLE_DATAGRAMS = 8;

/** A client's or a server's socket. */
export class PosixUdp extends Pollable {
  /** Whether it is a server's, which asks who has sent a datagram. */
  readonly #serves: boolean;
  /** What the system said when a datagram was lost last; undefined where it never did. */
  lastLoss: unknown;
  /** How many of the datagrams to come may still be refused. */
  #refusable: number;
  /** A server's. */
  #buffer: ReceiveBuffer | null = null;

  private constructor(socket: PosixSocket, loop: PollLoop, serves: boolean) {
    super(socket, loop);
    this.#serves = serves;
    this.#refusable = serves ? 0 : REFUSABLE_DATAGRAMS;
  }

  /**
   * A socket that is connected with a server: what others send never arrives (udp(7)).
   *
   * @param from see {@linkcode PosixSocket.bindLocal}; the system's choice where it is null
   */
  static toward(server: SocketAddress, loop: PollLoop, from: string | null = null): PosixUdp {
    const socket = PosixSocket.open("datagram", server.hostname, loop.patience);
    try {
      if (from !== null) socket.bindLocal(from);
      // On a datagram socket it takes no time: EAGAIN is that no port is free (connect(2)).
      if (!socket.connect(server)) throw new PosixError("connect", EAGAIN);
      return new PosixUdp(socket, loop, false);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * A server's socket.
   *
   * @param hostname an address
   * @param receiveBufferBytes asked of the system
   * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
   */
  static at(
    hostname: string,
    port: number,
    loop: PollLoop,
    receiveBufferBytes: number = LISTENER_BUFFER_BYTES,
  ): PosixUdp {
    using made = new DisposableStack();
    try {
      const socket = made.use(PosixSocket.open("datagram", hostname, loop.patience));
      socket.bind(hostname, port);
      const udp = new PosixUdp(socket, loop, true);
      udp.#buffer = new ReceiveBuffer(loadLibc(), socket.fd, receiveBufferBytes);
      made.move();
      return udp;
    } catch (cause) {
      throw listenError(hostname, port, cause);
    }
  }

  /** Where it is bound. */
  get address(): SocketAddress {
    return this.socket.address;
  }

  /** A server's: what is known of its receive buffer; after its end, too. */
  get receiveBuffer(): ReceiveBufferState | null {
    return this.#buffer?.state ?? null;
  }

  override close(): void {
    this.#buffer?.close();
    super.close();
  }

  /** A server's: who has sent the last datagram; the same object for the same one. */
  get sender(): SocketAddress {
    return this.socket.sender;
  }

  override tryReceive(into: Uint8Array, timeoutMs: number): number {
    return this.loop.mayBlock(timeoutMs) ? this.#receive(into, this.loop.alone) : NOT_YET;
  }

  override receiveNow(into: Uint8Array): number {
    this.checkOpen();
    return this.#receive(into, false);
  }

  #receive(into: Uint8Array, mayWait: boolean): number {
    try {
      const received = this.socket.receive(into as Uint8Array<ArrayBuffer>, mayWait, this.#serves);
      if (received === NOT_YET) return NOT_YET;
      this.#refusable = 0;
      // What comes from port 0 cannot be answered (RFC 768), and no program sends from there.
      return this.#serves && this.sender.port === 0 ? NOT_YET : received;
    } catch (error) {
      return this.#lost(error);
    }
  }

  /**
   * Sends a datagram, borrowed for the call.
   *
   * @param to a server's: to whom
   */
  send(bytes: Uint8Array, to?: SocketAddress): MaybePromise<void> {
    if (this.#trySend(bytes, this.loop.alone, to) === NOT_YET) {
      return this.#sendLater(bytes.slice(), to);
    }
  }

  /** Answers a client that is not verified: without room for it at once, the answer is lost. */
  answer(bytes: Uint8Array, to: SocketAddress): void {
    this.#trySend(bytes, false, to);
  }

  async #sendLater(bytes: Uint8Array, to?: SocketAddress): Promise<void> {
    const dueMs = performance.now() + SEND_TIMEOUT_MS;
    while (await this.until(POLLOUT, dueMs)) {
      this.checkOpen();
      if (this.#trySend(bytes, false, to) !== NOT_YET) return;
    }
  }

  #trySend(bytes: Uint8Array, mayWait: boolean, to?: SocketAddress): number {
    if (this.#refusable > 0) this.#refusable--;
    for (let isFirst = true;; isFirst = false) {
      try {
        return this.socket.send(bytes as Uint8Array<ArrayBuffer>, mayWait, to);
      } catch (error) {
        this.#lost(error, bytes.length);
        // What the system tells first may be an earlier datagram's fate: this one was not sent then.
        if (!isFirst) return 0;
      }
    }
  }

  /** One datagram is lost; what else has failed, or is refused at the beginning, is thrown on. */
  #lost(error: unknown, sizeBytes?: number): typeof NOT_YET {
    const isRefused = error instanceof PosixError && ICMP_ERRORS.includes(error.errno);
    if (isRefused && this.#refusable > 0 || !isLoss(error, sizeBytes)) throw error;
    this.lastLoss = error;
    return NOT_YET;
  }

  protected override closedError(): Error {
    return new Deno.errors.BadResource("the socket is closed");
  }
}
