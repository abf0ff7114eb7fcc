/**
 * Datagrams that claim to come from somewhere else, as any host on a network without filters can
 * send them.
 *
 * @module
 */
import { SocketAddress } from "../posix/address.ts";
import { type Libc, loadLibc } from "../posix/libc.ts";
import { AF_INET } from "../posix/platform.ts";

/** netinet/in.h, sys/socket.h: the same on Linux and macOS. */
const SOCK_RAW = 3;
const IPPROTO_UDP = 17;
const UDP_HEADER_BYTES = 8;

/** A raw socket (raw(7)), which the system gives to a privileged user alone. */
export class Forger implements Disposable {
  readonly #libc: Libc;
  readonly #fd: number;

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** @returns null where this user may not have one */
  static open(): Forger | null {
    const libc = loadLibc();
    const fd = libc.socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    return fd < 0 ? null : new Forger(libc, fd);
  }

  /** Whether {@linkcode open} gives one. */
  static get isPermitted(): boolean {
    using forger = Forger.open();
    return forger !== null;
  }

  /** All that is sent from now on comes from an address of this machine: any of 127.0.0.0/8. */
  bind(hostname: string): void {
    const { bytes } = SocketAddress.of(hostname, 0);
    if (this.#libc.bind(this.#fd, bytes, bytes.length) < 0) throw new Error(`bind ${hostname}`);
  }

  /** Sends a datagram from whatever port. */
  send(bytes: Uint8Array, fromPort: number, hostname: string, port: number): void {
    const packet = new Uint8Array(UDP_HEADER_BYTES + bytes.length);
    const header = new DataView(packet.buffer);
    // RFC 768; a checksum of 0 is none.
    for (const [i, field] of [fromPort, port, packet.length, 0].entries()) {
      header.setUint16(2 * i, field);
    }
    packet.set(bytes, UDP_HEADER_BYTES);
    const to = SocketAddress.of(hostname, port).bytes;
    this.#libc.sendto(this.#fd, packet, packet.length, 0, to, to.length);
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#fd);
  }
}
