/**
 * A datagram socket that a program has already: DTLS shares it with what else the program speaks there.
 *
 * @module
 */
import { BoundedQueue } from "../../common/base/bounded_queue.ts";
import { MAX_DATAGRAM_BYTES } from "../../common/base/datagrams.ts";
import { known } from "../../common/base/errors.ts";
import type { DatagramSocket } from "../../common/deno/node_udp.ts";
import { notify } from "../../common/openssl/bindings/calls.ts";
import { type Kind, Misfit, show, wrongKind } from "../../common/settings/kind.ts";
import { viewOf } from "../../common/settings/kinds.ts";

/**
 * A datagram socket of the program's: a `Deno.DatagramConn`, or an object that hands over what is
 * meant for DTLS, such as one of several that share a socket.
 *
 * @example
 * ```ts
 * const sent: Uint8Array[] = [];
 * const socket: ProgramSocket = {
 *   addr: { transport: "udp", hostname: "192.0.2.7", port: 50000 },
 *   send: (datagram) => sent.push(datagram),
 *   subscribe: (take) => {
 *     take(new Uint8Array(13), { transport: "udp", hostname: "192.0.2.1", port: 4433 });
 *     return () => {};
 *   },
 * };
 * if (socket.addr.transport !== "udp") throw new Error("it is bound elsewhere");
 * ```
 */
export interface ProgramSocket {
  /** Where it is bound. */
  readonly addr: Deno.Addr;
  /**
   * Sends a datagram, whose bytes are its own then. What it throws, or rejects with, ends the
   * connection, unless it is an error of the system about that one datagram, which is lost.
   */
  send(datagram: Uint8Array, to: Deno.NetAddr): unknown;
  /** What comes, each with its sender; taken where there is no `subscribe`. */
  [Symbol.asyncIterator]?(): AsyncIterator<readonly [Uint8Array, Deno.Addr]>;
  /**
   * Called once with what takes each datagram that comes, and its sender; it returns a function that
   * ends that. The bytes are taken over. For tests of its own, and sockets without an iterator.
   */
  subscribe?(take: (datagram: Uint8Array, from: Deno.NetAddr) => void): () => void;
}

/** What is kept of datagrams that were handed over and not taken yet, in bytes; then some get lost. */
const QUEUE_BYTES = 1024 * 1024;

const NEEDS = "a Deno.DatagramConn, or an object with addr, send() and subscribe()";

/** What a program may hand over. */
export const PROGRAM_SOCKET: Kind<ProgramSocket> = {
  allowed: NEEDS,
  read(value) {
    if (typeof value !== "object" || value === null) wrongKind(NEEDS, value);
    const { addr, send, subscribe } = value as Partial<ProgramSocket>;
    const iterate = (value as Partial<ProgramSocket>)[Symbol.asyncIterator];
    const source = subscribe ?? iterate;
    if (typeof send !== "function" || typeof source !== "function") wrongKind(NEEDS, value);
    if (!isNetAddr(addr)) throw new Misfit(false, "must have an addr with hostname and port");
    return value as ProgramSocket;
  },
  good: [],
  wrongKinds: [null, {}, [], "socket", 1, true, { addr: 1, send() {}, subscribe() {} }, {
    addr: { hostname: "127.0.0.1", port: 1 },
    send() {},
  }],
  wrongValues: [],
};

/** Takes what comes of a program's socket, and sends; closing it leaves the socket open. */
export class BorrowedSocket implements DatagramSocket {
  readonly addr: Deno.NetAddr;
  readonly #socket: ProgramSocket;
  readonly #next: () => Promise<Received>;
  readonly #stop: () => unknown;
  /** Ends the wait for a datagram. */
  #refuse: (reason: unknown) => void = () => {};
  /** End the waits for what is being sent. */
  readonly #refuseSent = new Set<(reason: unknown) => void>();
  #closed = false;

  /** @param socket as it was checked */
  constructor(socket: ProgramSocket) {
    this.#socket = socket;
    const { hostname, port } = socket.addr as Deno.NetAddr;
    this.addr = { transport: "udp", hostname, port };
    if (socket.subscribe) {
      const queue = new Subscription();
      this.#next = () => queue.next();
      const stop = socket.subscribe((datagram, from) => queue.push(datagram, from));
      this.#stop = () => typeof stop === "function" ? stop() : undefined;
    } else {
      const datagrams = socket[Symbol.asyncIterator]!();
      this.#next = () => nextOf(datagrams);
      this.#stop = () => {};
    }
  }

  /** The next datagram; it is not copied. */
  receive(): Promise<[Uint8Array<ArrayBuffer>, Deno.Addr]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(letGo());
      this.#refuse = reject;
      this.#next().then(resolve, reject);
    });
  }

  /** Sends a copy, which the program may keep. */
  async send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    const { promise: over, reject } = Promise.withResolvers<never>();
    this.#refuseSent.add(reject);
    try {
      await Promise.race([this.#socket.send(bytes.slice(), to as Deno.NetAddr), over]);
    } catch (error) {
      throw known(error);
    } finally {
      this.#refuseSent.delete(reject);
    }
    return bytes.length;
  }

  /** Takes nothing more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const refuse of [this.#refuse, ...this.#refuseSent]) refuse(letGo());
    // Nobody waits for it who could be told.
    notify("the function that subscribe() has returned", this.#stop);
  }
}

function letGo(): Error {
  return new Deno.errors.BadResource("the connection has let go of the socket");
}

type Received = [Uint8Array<ArrayBuffer>, Deno.NetAddr];

async function nextOf(
  datagrams: AsyncIterator<readonly [Uint8Array, Deno.Addr]>,
): Promise<Received> {
  const { done, value } = await datagrams.next();
  if (done) throw new Deno.errors.BadResource("the program's socket has ended");
  const [datagram, from] = Array.isArray(value) ? value : [];
  return checked(datagram, from);
}

/** @throws {TypeError} where it is no datagram with a sender */
function checked(datagram: unknown, from: unknown): Received {
  const bytes = viewOf(datagram);
  if (!bytes) throw new TypeError(`the program's socket gave ${show(datagram)} as a datagram`);
  if (!isNetAddr(from)) {
    throw new TypeError(`the program's socket gave ${show(from)} as the sender of a datagram`);
  }
  return [bytes, from];
}

function isNetAddr(value: unknown): value is Deno.NetAddr {
  if (typeof value !== "object" || value === null) return false;
  const { hostname, port } = value as Partial<Deno.NetAddr>;
  return typeof hostname === "string" && Number.isInteger(port) && port! >= 0 && port! <= 65_535;
}

/** Datagrams that a program hands over, until they are asked for. */
class Subscription {
  readonly #queue = new BoundedQueue<Received>(QUEUE_BYTES, ([bytes]) => bytes.length);
  #wake: () => void = () => {};

  /** @throws {TypeError} where it is no datagram with a sender: it is the program that is told */
  push(datagram: unknown, from: unknown): void {
    const received = checked(datagram, from);
    const { length } = received[0];
    if (length > MAX_DATAGRAM_BYTES || !this.#queue.hasRoomFor(length)) return;
    this.#queue.push(received);
    this.#wake();
  }

  async next(): Promise<Received> {
    let received;
    while (!(received = this.#queue.shift())) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return received;
  }
}
