/**
 * A UDP socket of Node's kind in the shape of Deno's, for programs that run without
 * `--unstable-net`.
 *
 * @module
 */
import { createSocket, type Socket } from "node:dgram";
import { BoundedQueue } from "../base/bounded_queue.ts";
import { MAX_DATAGRAM_BYTES } from "../base/datagrams.ts";
import { isLoss } from "../base/system_errors.ts";
import { setupStep } from "../base/setup_steps.ts";

/** As much of `Deno.DatagramConn` as is used. */
export type DatagramSocket = Pick<Deno.DatagramConn, "addr" | "receive" | "send" | "close">;

/**
 * What is kept of datagrams for a program that does not receive, in bytes; later ones are dropped, as
 * by a system.
 */
const QUEUE_BYTES = 1024 * 1024;

/**
 * Binds a UDP socket: Deno's own where it can be had, which is faster, else Node's.
 *
 * @throws {Deno.errors.AddrInUse} where the port is taken
 */
export function bindUdp(hostname: string, port: number): DatagramSocket {
  // Without --unstable-net the function is not there.
  const listen = Deno.listenDatagram as typeof Deno.listenDatagram | undefined;
  return setupStep(
    "bind",
    () => listen?.({ transport: "udp", hostname, port }) ?? new NodeDatagramConn(hostname, port),
  );
}

/** See {@linkcode bindUdp}; exported for its test. */
export class NodeDatagramConn implements DatagramSocket {
  readonly addr: Deno.NetAddr;
  readonly #socket: Socket;
  readonly #queue = new BoundedQueue<{ bytes: Uint8Array; from: Deno.NetAddr }>(
    QUEUE_BYTES,
    ({ bytes }) => bytes.length,
  );
  #failure: unknown;
  #wake: () => void = () => {};

  /** @param hostname an address */
  constructor(hostname: string, port: number) {
    const family = hostname.includes(":") ? 6 : 4;
    this.#socket = createSocket({
      type: `udp${family}`,
      // An address needs no look-up, and without one the socket is bound at once.
      lookup: (name, _options, found) => found(null, name, family),
    });
    let isBound = false;
    this.#socket.on("error", (error) => {
      if (!isBound || !isLoss(error)) this.#fail(error);
    });
    this.#socket.on("message", (bytes, { address, port }) => {
      if (!this.#queue.hasRoomFor(bytes.length)) return;
      // A copy, as Deno hands over 64 KiB of memory with each datagram.
      this.#queue.push({
        bytes: Uint8Array.from(bytes),
        from: { transport: "udp", hostname: address, port },
      });
      this.#wake();
    });
    this.#socket.bind({ address: hostname, port, exclusive: true });
    if (this.#failure !== undefined) throw this.#failure;
    isBound = true;
    const bound = this.#socket.address();
    this.addr = { transport: "udp", hostname: bound.address, port: bound.port };
  }

  /** What has not been received yet, in bytes. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** The next datagram, in `into`. */
  async receive(
    into: Uint8Array = new Uint8Array(MAX_DATAGRAM_BYTES),
  ): Promise<[Uint8Array<ArrayBuffer>, Deno.Addr]> {
    let next;
    while (!(next = this.#queue.shift())) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const { bytes, from } = next;
    const part = bytes.subarray(0, into.length);
    into.set(part);
    return [into.subarray(0, part.length) as Uint8Array<ArrayBuffer>, from];
  }

  /** Sends one datagram; the bytes must stay as they are until the promise resolves. */
  send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    const { hostname, port } = to as Deno.NetAddr;
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, hostname, (error) => {
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
  }

  /** Closes the socket; a pending `receive` rejects. */
  close(): void {
    this.#socket.close();
    this.#fail(new Deno.errors.BadResource("the socket is closed"));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }
}
