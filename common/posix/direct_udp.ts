/**
 * What a UDP socket of Deno's does without the event loop: a datagram that the system takes, or has, at
 * once costs one call of libc, a quarter of an operation of Deno's.
 *
 * @module
 */
import { withoutZone } from "../base/addresses.ts";
import { MAX_ADDRESS_BYTES, SocketAddress } from "./address.ts";
import { descriptorOf, libcOrNull } from "./descriptors.ts";
import { EAGAIN, EINTR } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { AF_INET } from "./platform.ts";

/** So many senders are known by their addresses in C's form. */
const MAX_SENDERS = 4096;

/** A socket of Deno's, by its descriptor. It is not to be used once the socket is closed. */
export class DirectUdp {
  /** Of the call before, where it has failed: 0 where it was only too early. */
  errno = 0;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #maxSenders: number;
  readonly #allowed = new WeakMap<Deno.NetAddr, Uint8Array<ArrayBuffer>>();
  readonly #address = new Uint8Array(MAX_ADDRESS_BYTES);
  readonly #addressLength = new Uint32Array(1);
  readonly #senders = new Map<number | string, Deno.NetAddr>();
  #last: { readonly address: SocketAddress; readonly sender: Deno.NetAddr } | null = null;

  private constructor(libc: Libc, fd: number, maxSenders: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#maxSenders = maxSenders;
  }

  /**
   * That of a socket.
   *
   * @param local where it is bound
   * @param maxSenders see {@linkcode sender}; when there are more, all are forgotten
   * @returns null where libc may not be called, or is not known
   */
  static of(local: Deno.NetAddr, maxSenders = MAX_SENDERS): DirectUdp | null {
    const libc = libcOrNull();
    const fd = libc && descriptorOf(local);
    return fd === null ? null : new DirectUdp(libc!, fd, maxSenders);
  }

  /**
   * Lets datagrams go to an address. That is Deno's to say: it has sent one there.
   *
   * @param to the object that is handed to {@linkcode send}; later changes of it count for nothing
   */
  allow(to: Deno.NetAddr): void {
    if (!this.#allowed.has(to)) {
      this.#allowed.set(to, SocketAddress.of(to.hostname, to.port, this.#libc.platform).bytes);
    }
  }

  /**
   * Sends a datagram, if the system takes it now.
   *
   * @param to as it was allowed
   * @returns false where it has not left: {@linkcode errno} says why
   */
  send(bytes: Uint8Array, to: Deno.NetAddr): boolean {
    const address = this.#allowed.get(to);
    this.errno = 0;
    if (!address) return false;
    const { length } = bytes;
    const flags = this.#libc.platform.MSG_DONTWAIT;
    const datagram = bytes as Uint8Array<ArrayBuffer>;
    const sent = this.#libc.sendto(this.#fd, datagram, length, flags, address, address.length);
    const errno = this.#libc.errno[0]!;
    if (sent === length) return true;
    this.#note(errno);
    return false;
  }

  /**
   * Receives a datagram, if there is one; {@linkcode sender} says from where.
   *
   * @param into has room for any
   * @returns its length; -1 where there is none, or {@linkcode errno} says what has happened
   */
  receive(into: Uint8Array<ArrayBuffer>): number {
    this.#addressLength[0] = MAX_ADDRESS_BYTES;
    const { length } = into;
    const flags = this.#libc.platform.MSG_DONTWAIT;
    const received = this.#libc
      .recvfrom(this.#fd, into, length, flags, this.#address, this.#addressLength);
    const errno = this.#libc.errno[0]!;
    if (received >= 0) return received;
    this.#note(errno);
    return -1;
  }

  #note(errno: number): void {
    this.errno = errno === EAGAIN || errno === EINTR ? 0 : errno;
  }

  /** Who has sent what was received last, as Deno says it; the same object for the same one, mostly. */
  get sender(): Deno.NetAddr {
    const address = this.#address;
    if (this.#last?.address.is(address)) return this.#last.sender;
    const key = keyOf(address, this.#libc);
    const known = this.#senders.get(key);
    if (known) return known;
    const found = SocketAddress.from(address, this.#libc.platform, this.#last?.address);
    // Deno tells no zones.
    const hostname = withoutZone(found.hostname);
    const sender: Deno.NetAddr = { transport: "udp", hostname, port: found.port };
    this.#last = { address: found, sender };
    if (this.#senders.size === this.#maxSenders) this.#senders.clear();
    this.#senders.set(key, sender);
    return sender;
  }
}

/** Stands for an address and its port: a number for IPv4, all bytes for IPv6. */
function keyOf(address: Uint8Array, { platform }: Libc): number | string {
  const family = platform.hasLength ? address[1]! : address[0]! | address[1]! << 8;
  if (family !== AF_INET) return address.toHex();
  const high = address[4]! << 8 | address[5]!;
  const low = address[6]! << 8 | address[7]!;
  return (high * 65_536 + low) * 65_536 + (address[2]! << 8 | address[3]!);
}
