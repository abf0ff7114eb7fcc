/**
 * A UDP socket of Deno's that hands over every datagram as it comes.
 *
 * @module
 */
import { MAX_RECEIVED_AT_ONCE } from "../base/datagrams.ts";
import { formatAddress } from "../base/addresses.ts";
import { bindError, listenError } from "../base/network_errors.ts";
import { bindUdp, type DatagramSocket, NodeDatagramConn } from "./node_udp.ts";
import { DirectUdp } from "../posix/direct_udp.ts";
import { PosixError } from "../posix/errors.ts";
import { ReceiveBuffer, type ReceiveBufferState } from "../posix/receive_buffer.ts";
import { setSocketOptions, type SocketOptions } from "../posix/socket_options.ts";
import { DatagramMemory } from "../base/datagram_memory.ts";
import { round } from "../base/event_loop.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { isExhausted, isLoss, Pause } from "../base/system_errors.ts";

/** Takes a datagram: its bytes are borrowed for the call or, with a promise, until it resolves. */
export type OnDatagram = (
  bytes: Uint8Array<ArrayBuffer>,
  from: Deno.NetAddr,
) => MaybePromise<unknown>;

/** A promise that is resolved wakes a caller that awaits it through so many others at most. */
const AWAITS = 10;

/**
 * For a handler that has woken a waiting caller: the next datagram is asked for when that has gone
 * on. Asked for at once it would cost the caller a tenth of a round trip.
 */
export async function afterWoken(): Promise<void> {
  for (let i = 0; i < AWAITS; i++) await undefined;
}

/** So many bytes of answers to unverified clients may wait to be sent. */
export const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * So many datagrams are sent without a turn of the event loop at most, and so long, in milliseconds, is
 * sent or received: timers and other sockets have to come to their turn.
 */
const MAX_SENT_AT_ONCE = 128;
const MAX_MS_AT_ONCE = 1;

/** What libc does with a socket, see {@linkcode DirectUdp}. */
export type DirectCalls = Pick<DirectUdp, "allow" | "errno" | "receive" | "send" | "sender">;

/** What a socket is set to. */
export interface UdpSocketOptions extends SocketOptions {
  /** Asked of the system, where that can be done; default is its own size. */
  readonly receiveBufferBytes?: number | undefined;
}

/**
 * A client's own address.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const localAddr: LocalAddress = { hostname: "127.0.0.1" };
 * await using conn = await connectDtls({ port: listener.addr.port, psk, localAddr });
 * if (conn.localAddr.hostname !== "127.0.0.1") throw new Error(conn.localAddr.hostname);
 * ```
 */
export interface LocalAddress {
  /**
   * An address of this machine, not a name (default every address of the family that the server's
   * first address has).
   */
  readonly hostname?: string | undefined;
  /** Port; 0, the default, takes a free one. */
  readonly port?: number | undefined;
}

/**
 * Receives with one buffer for all datagrams, and sends. Where libc may be called, that is asked first:
 * of Deno's operations remain those that wait, and each peer's first datagram, which Deno may refuse.
 */
export class UdpSocket {
  /** Where it is bound. */
  readonly addr: Deno.NetAddr;
  /** What the system said when a datagram was lost last; undefined where it never did. */
  lastLoss: unknown;
  readonly #conn: DatagramSocket;
  readonly #buffer: ReceiveBuffer | null;
  readonly #direct: DirectCalls | null;
  readonly #pause = new Pause();
  #answerBytes = 0;
  /** Datagrams that wait until Deno has sent them; later ones do not overtake them. */
  #waiting = 0;
  #sentAtOnce = 0;
  /** Set where so much was sent at once that the next datagram waits for a turn of the event loop. */
  #turn: Promise<void> | null = null;
  #closed = false;

  /**
   * Takes a socket over.
   *
   * @param direct what libc does for it; null where it may not, or it is no socket of Deno's own
   * @throws {TypeError} where an option cannot be set
   */
  constructor(
    conn: DatagramSocket,
    options: UdpSocketOptions = {},
    direct: DirectCalls | null = null,
  ) {
    this.#conn = conn;
    this.#direct = direct;
    const addr = this.addr = conn.addr as Deno.NetAddr;
    try {
      setSocketOptions(addr, options);
    } catch (error) {
      conn.close();
      throw error;
    }
    const { receiveBufferBytes } = options;
    this.#buffer = receiveBufferBytes === undefined
      ? null
      : ReceiveBuffer.of(addr, receiveBufferBytes);
  }

  /**
   * A socket of its own.
   *
   * @param port 0 takes a free one
   * @param refusal what to say where it cannot be bound
   * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
   * @throws {TypeError} where an option cannot be set
   */
  static at(
    hostname: string,
    port: number,
    options: UdpSocketOptions = {},
    refusal: typeof listenError = listenError,
  ): UdpSocket {
    let conn: DatagramSocket;
    try {
      conn = bindUdp(hostname, port);
    } catch (cause) {
      throw refusal(hostname, port, cause);
    }
    const isNodes = conn instanceof NodeDatagramConn;
    return new UdpSocket(conn, options, isNodes ? null : DirectUdp.of(conn.addr as Deno.NetAddr));
  }

  /**
   * A socket for a client of `peer`.
   *
   * @param local default is every address of the peer's family, and any free port
   * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
   * @throws {TypeError} where an option cannot be set
   */
  static toward(
    peer: string,
    options: UdpSocketOptions = {},
    { hostname = peer.includes(":") ? "::" : "0.0.0.0", port = 0 }: LocalAddress = {},
  ): UdpSocket {
    return UdpSocket.at(
      hostname,
      port,
      options,
      (hostname, port, cause) =>
        cause instanceof Deno.errors.NotCapable
          ? cause
          : bindError(port === 0 ? hostname : formatAddress(hostname, port), cause),
    );
  }

  /** What is known of its receive buffer, where a size of it was asked for; after its end, too. */
  get receiveBuffer(): ReceiveBufferState | null {
    return this.#buffer?.state ?? null;
  }

  /**
   * Hands over datagrams, one after the other, until the socket is closed. A datagram's error, which
   * can be an earlier one's that was sent (udp(7)), ends nothing.
   */
  async run(onDatagram: OnDatagram): Promise<void> {
    // Without a buffer of this size receive() would cut a long one.
    using memory = new DatagramMemory();
    const buffer = memory.bytes;
    while (!this.#closed) {
      let received: [Uint8Array<ArrayBuffer>, Deno.Addr];
      try {
        received = await this.#conn.receive(buffer);
      } catch (error) {
        if (this.#closed) continue;
        this.#lost(error);
        if (isExhausted(error)) await this.#pause.rest();
        continue;
      }
      const handling = hand(onDatagram, received[0], received[1] as Deno.NetAddr);
      if (handling) await handling;
      if (this.#direct) await this.#takeMore(onDatagram, buffer, this.#direct);
    }
  }

  /** Hands over what is there already, as far as it may in one turn of the event loop. */
  async #takeMore(
    onDatagram: OnDatagram,
    buffer: Uint8Array<ArrayBuffer>,
    direct: DirectCalls,
  ): Promise<void> {
    const untilMs = performance.now() + MAX_MS_AT_ONCE;
    for (let left = MAX_RECEIVED_AT_ONCE; left > 0 && performance.now() < untilMs; left--) {
      if (this.#closed) return;
      const length = direct.receive(buffer);
      if (length < 0) {
        if (direct.errno !== 0) this.#lost(new PosixError("recvfrom", direct.errno));
        return;
      }
      const handling = hand(onDatagram, buffer.subarray(0, length), direct.sender);
      if (handling) await handling;
    }
    await round();
  }

  /**
   * Sends one datagram, borrowed for the call. What it returns settles when the datagram has left, or
   * is lost on its way out: no buffer, no route, a firewall.
   *
   * @param to the same object for the same peer, where that is known: it need not be looked at again
   */
  send(bytes: Uint8Array, to: Deno.NetAddr): MaybePromise<void> {
    if (this.#turn) return this.#sendAfter(this.#turn, bytes.slice(), to);
    const direct = this.#closed || this.#waiting > 0 ? null : this.#direct;
    if (direct?.send(bytes, to)) {
      // Who sends for ever must not keep all others waiting for ever. It is the next datagram that
      // waits: this one's answer may come in the turn, and its sender is to be ready for it.
      if (++this.#sentAtOnce === MAX_SENT_AT_ONCE) this.#turn = this.#nextTurn();
      return;
    }
    const error = direct && direct.errno !== 0 ? new PosixError("sendto", direct.errno) : null;
    if (error && isLoss(error, bytes.length)) this.lastLoss = error;
    return this.#sendByDeno(bytes.slice(), to, error === null);
  }

  async #nextTurn(): Promise<void> {
    await round();
    this.#sentAtOnce = 0;
    this.#turn = null;
  }

  async #sendAfter(turn: Promise<void>, bytes: Uint8Array, to: Deno.NetAddr): Promise<void> {
    await turn;
    await this.send(bytes, to);
  }

  /**
   * What the system tells first may be an earlier datagram's fate: this one was not sent then.
   *
   * @param isFirst whether it is tried a second time
   */
  async #sendByDeno(bytes: Uint8Array, to: Deno.NetAddr, isFirst: boolean): Promise<void> {
    this.#waiting++;
    try {
      await this.#conn.send(bytes, to);
      this.#direct?.allow(to);
    } catch (error) {
      this.#lost(error, bytes.length);
      if (isFirst) await this.#sendByDeno(bytes, to, false);
    } finally {
      this.#waiting--;
    }
  }

  /**
   * Answers a client that is not verified, and may never have asked: where too much waits to be
   * sent, the answer is lost.
   *
   * @param bytes borrowed for the call
   */
  answer(bytes: Uint8Array, to: Deno.NetAddr): void {
    const { length } = bytes;
    if (this.#answerBytes + length > MAX_ANSWER_BYTES) return;
    this.#answerBytes += length;
    const done = () => void (this.#answerBytes -= length);
    const sending = this.send(bytes, to);
    if (sending) sending.then(done, done);
    else done();
  }

  /** One datagram is lost; what else has failed is thrown on. */
  #lost(error: unknown, sizeBytes?: number): void {
    if (!isLoss(error, sizeBytes)) throw error;
    this.lastLoss = error;
  }

  /** Closes the socket; `run` ends. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pause.end();
    this.#buffer?.close();
    this.#conn.close();
  }
}

/** What comes from port 0 cannot be answered (RFC 768), and no program sends from there. */
function hand(
  onDatagram: OnDatagram,
  datagram: Uint8Array<ArrayBuffer>,
  from: Deno.NetAddr,
): MaybePromise<unknown> {
  return from.port === 0 ? undefined : onDatagram(datagram, from);
}
