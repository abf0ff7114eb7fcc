/**
 * A client's UDP socket on the event loop: it speaks with one server, which may have several
 * addresses, and hears where nothing listens.
 *
 * @module
 */
import { withoutZone } from "../base/addresses.ts";
import type { Deadline, Deadlines } from "../base/deadline.ts";
import { AddressError, TimeoutError } from "../base/errors.ts";
import { isUnreachable, keepOnly, worseOf } from "../base/in_turn.ts";
import { ConnectedUdp } from "../posix/connected_udp.ts";
import { REFUSABLE_DATAGRAMS } from "../posix/udp.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { type LocalAddress, UdpSocket, type UdpSocketOptions } from "./udp.ts";

/** What a client does with what it hears. */
export interface UdpClientEvents {
  /** A datagram of the server's: borrowed for the call or, with a promise, until it resolves. */
  received(datagram: Uint8Array<ArrayBuffer>): MaybePromise<unknown>;
  /** Told once: nothing listens at any of the addresses, or the socket has failed. */
  failed(error: unknown): void;
}

/** Connects a socket, and hears what becomes of its datagrams: see {@linkcode ConnectedUdp.of}. */
export type Connect = (
  local: Deno.NetAddr,
  peer: Deno.NetAddr,
) => Pick<ConnectedUdp, "takeError"> | null;

/** What a client's sockets are set to, each of them. */
export interface UdpClientOptions extends UdpSocketOptions {
  /**
   * This end's address; the server's addresses of the other family are passed over. Without a
   * hostname it is every address of the family that the server's first one has.
   */
  readonly localAddr?: LocalAddress | undefined;
  /** For tests. */
  readonly connect?: Connect | undefined;
}

/** A refusal comes after a round trip: so long after a datagram it is asked for, then later. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 500;

/** What is sent so soon after another datagram belongs with it, and is no second attempt. */
const FLIGHT_MS = 10;

/**
 * Sends and receives. As long as nothing has come from the server, what was sent is kept: where the
 * system says that it was turned back, it is sent again to the next address. Later a refusal, which
 * any router or host on the way can send, is one datagram lost.
 */
export class UdpClient {
  /** The caller's: when the server has answered, its address is left alone there. */
  readonly #addresses: string[];
  readonly #order: readonly string[];
  readonly #port: number;
  readonly #events: UdpClientEvents;
  readonly #look: Deadline;
  #at = -1;
  #socket: UdpSocket | null = null;
  #remoteAddr!: Deno.NetAddr;
  /** The same, as the socket takes it. */
  #to!: Deno.NetAddr;
  /** The server's address as datagrams have it: without a zone. */
  #peer = "";
  readonly #options: UdpClientOptions;
  #connected: ReturnType<Connect> = null;
  /** What was sent and may still be refused; null when nothing may any more. */
  #kept: Uint8Array<ArrayBuffer>[] | null = [];
  #lookMs = FIRST_LOOK_MS;
  #lastSentMs = Infinity;
  /** What the addresses before have come to. */
  #refusal: unknown;
  /** What the socket has said of a lost datagram, and was looked at. */
  #seenLoss: unknown;
  #closed = false;

  /**
   * @param addresses at least one; the others are taken out when the server has answered
   * @throws {AddressError} where none of them is of this end's family
   * @throws {TypeError} where an option cannot be set
   * @throws {Error} of the system, where no socket can be had
   */
  constructor(
    addresses: string[],
    port: number,
    events: UdpClientEvents,
    deadlines: Deadlines,
    options: UdpClientOptions = {},
  ) {
    this.#addresses = addresses;
    this.#order = reachableFrom(options.localAddr, addresses);
    this.#port = port;
    this.#events = events;
    this.#options = options;
    this.#look = deadlines.add((error) => {
      if (error instanceof TimeoutError) this.#lookForRefusal();
    });
    this.#openNext();
  }

  /** The server: the address that is being tried, later the one that has answered. */
  get remoteAddr(): Deno.NetAddr {
    return this.#remoteAddr;
  }

  /** Where its socket is bound. */
  get localAddr(): Deno.NetAddr {
    return this.#socket!.addr;
  }

  /** What the system said when a datagram was lost last; undefined where it never did. */
  get lastLoss(): unknown {
    return this.#socket!.lastLoss;
  }

  /**
   * Sends a datagram, borrowed for the call; a promise settles when it has left. It rejects with
   * `Deno.errors.ConnectionRefused` where nothing listens at any of the addresses.
   */
  send(bytes: Uint8Array): MaybePromise<void> {
    return this.#kept ? this.#sendFirst(bytes, this.#kept) : this.#sendOn(bytes);
  }

  #sendOn(bytes: Uint8Array): MaybePromise<void> {
    return this.#socket!.send(bytes, this.#to);
  }

  #sendFirst(bytes: Uint8Array, kept: Uint8Array<ArrayBuffer>[]): MaybePromise<void> {
    if (kept.length === REFUSABLE_DATAGRAMS) {
      this.#settle();
      return this.#sendOn(bytes);
    }
    const nowMs = performance.now();
    // Where refusals are not heard, a second attempt goes to the next address.
    const isAgain = nowMs - this.#lastSentMs > FLIGHT_MS;
    if (isAgain && !this.#connected && this.#order.length > 1) {
      if (this.#at === this.#order.length - 1) this.#at = -1;
      kept.length = 0;
      this.#openNext();
    }
    this.#lastSentMs = nowMs;
    kept.push(bytes.slice());
    return this.#trySend(bytes);
  }

  /** Sends what may be refused, and may be so at once: over loopback the answer is there already. */
  async #trySend(bytes: Uint8Array): Promise<void> {
    await this.#socket!.send(bytes, this.#to);
    if (this.#closed || !this.#kept) return;
    const error = this.#takeError();
    if (isUnreachable(error)) return await this.#sendToNext(error);
    if (this.#connected) this.#look.arm(this.#lookMs = FIRST_LOOK_MS);
  }

  /** What became of a datagram: the system tells it the socket's next call, or when it is asked. */
  #takeError(): unknown {
    const loss = this.#socket!.lastLoss;
    if (loss === this.#seenLoss) return this.#connected?.takeError();
    return this.#seenLoss = loss;
  }

  #lookForRefusal(): void {
    const error = this.#takeError();
    if (isUnreachable(error)) {
      this.#sendToNext(error).catch((error) => this.#events.failed(error));
    } else {
      this.#look.arm(this.#lookMs = Math.min(2 * this.#lookMs, LAST_LOOK_MS));
    }
  }

  async #sendToNext(error: unknown): Promise<void> {
    this.#refusal = worseOf(this.#refusal, error);
    this.#openNext();
    const socket = this.#socket;
    for (const bytes of [...this.#kept ?? []]) {
      if (this.#socket === socket) await this.#trySend(bytes);
    }
  }

  /** @throws what the addresses have come to, where there is no other one */
  #openNext(): void {
    while (++this.#at < this.#order.length) {
      try {
        return this.#open(this.#order[this.#at]!);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        this.#refusal = worseOf(this.#refusal, error);
      }
    }
    throw this.#refusal;
  }

  #open(address: string): void {
    const port = this.#port;
    const socket = this.#socketToward(address);
    this.#seenLoss = socket.lastLoss;
    this.#remoteAddr = { transport: "udp", hostname: address, port };
    const { connect = ConnectedUdp.of } = this.#options;
    this.#connected = this.#keepsSocket ? null : connect(socket.addr, this.#remoteAddr);
    const hostname = this.#peer = withoutZone(address);
    // A connected socket knows the zone; without one it would be looked up for every datagram.
    this.#to = this.#connected ? { transport: "udp", hostname, port } : this.#remoteAddr;
  }

  /**
   * A port that was chosen is free for a second socket only some time after the first was closed: one
   * socket, not connected, is for all addresses then.
   */
  get #keepsSocket(): boolean {
    return !!this.#options.localAddr?.port && this.#order.length > 1;
  }

  #socketToward(address: string): UdpSocket {
    if (this.#socket && this.#keepsSocket) return this.#socket;
    const socket = UdpSocket.toward(address, this.#options, this.#options.localAddr);
    this.#socket?.close();
    this.#socket = socket;
    socket.run((datagram, from) => {
      if (from.port !== this.#port || from.hostname !== this.#peer) return;
      if (this.#kept) this.#settle();
      return this.#events.received(datagram);
    }).catch((error) => this.#events.failed(error));
    return socket;
  }

  /** From now on nothing is refused any more. */
  #settle(): void {
    this.#kept = null;
    this.#look.disarm();
    if (this.#addresses.length > 1) keepOnly(this.#addresses, this.#remoteAddr.hostname);
  }

  /** Closes the socket. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#look[Symbol.dispose]();
    this.#socket?.close();
  }
}

/** The addresses that a socket of this end can send to. */
function reachableFrom(local: LocalAddress | undefined, addresses: readonly string[]): string[] {
  if (!local) return [...addresses];
  const { hostname = addresses[0]! } = local;
  const isV6 = hostname.includes(":");
  const found = addresses.filter((address) => address.includes(":") === isV6);
  if (found.length > 0) return found;
  throw new AddressError(
    `the local address ${hostname} cannot be used: the server has ${addresses.join(", ")} alone`,
  );
}
