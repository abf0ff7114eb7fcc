/**
 * A UDP socket of Deno's that hands over every datagram as it comes.
 *
 * @module
 */
import { formatAddress } from "../base/addresses.ts";
import { bindError, listenError } from "../base/network_errors.ts";
import { bindUdp, type DatagramSocket } from "./node_udp.ts";
import { ReceiveBuffer, type ReceiveBufferState } from "../posix/receive_buffer.ts";
import { setSocketOptions, type SocketOptions } from "../posix/socket_options.ts";
import { MAX_DATAGRAM_BYTES } from "../base/datagrams.ts";
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

/** Receives with one buffer for all datagrams, and sends. */
export class UdpSocket {
  /** Where it is bound. */
  readonly addr: Deno.NetAddr;
  /** What the system said when a datagram was lost last; undefined where it never did. */
  lastLoss: unknown;
  readonly #conn: DatagramSocket;
  readonly #buffer: ReceiveBuffer | null;
  readonly #pause = new Pause();
  #answerBytes = 0;
  #closed = false;

  /**
   * Takes a socket over.
   *
   * @throws {TypeError} where an option cannot be set
   */
  constructor(conn: DatagramSocket, options: UdpSocketOptions = {}) {
    this.#conn = conn;
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
    return new UdpSocket(conn, options);
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
    const buffer = new Uint8Array(MAX_DATAGRAM_BYTES);
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
      // What comes from port 0 cannot be answered (RFC 768), and no program sends from there.
      if ((received[1] as Deno.NetAddr).port === 0) continue;
      const handling = onDatagram(received[0], received[1] as Deno.NetAddr);
      if (handling) await handling;
    }
  }

  /**
   * Sends one datagram; the bytes must stay as they are until the promise resolves. It resolves, too,
   * where the datagram is lost on its way out: no buffer, no route, a firewall.
   */
  send(bytes: Uint8Array, to: Deno.NetAddr): Promise<unknown> {
    return this.#conn.send(bytes, to).catch((error) => {
      this.#lost(error, bytes.length);
      // What the system tells first may be an earlier datagram's fate: this one was not sent then.
      return this.#conn.send(bytes, to).catch((error) => this.#lost(error, bytes.length));
    });
  }

  /**
   * Answers a client that is not verified, and may never have asked: where too much waits to be
   * sent, the answer is lost.
   *
   * @param bytes copied
   */
  answer(bytes: Uint8Array, to: Deno.NetAddr): void {
    if (this.#answerBytes + bytes.length > MAX_ANSWER_BYTES) return;
    this.#answerBytes += bytes.length;
    const done = () => void (this.#answerBytes -= bytes.length);
    this.send(bytes.slice(), to).then(done, done);
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
