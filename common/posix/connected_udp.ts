/**
 * Deno's own UDP sockets cannot be connected with a peer, and so never hear that nothing listens
 * there: the system tells that to connected sockets alone (udp(7), RFC 1122 4.1.3.3). This connects
 * them from below.
 *
 * @module
 */
import { SocketAddress } from "./address.ts";
import { descriptorOf, libcOrNull } from "./descriptors.ts";
import { ECONNREFUSED, PosixError } from "./errors.ts";
import { loadLibc } from "./libc.ts";

/** A socket of Deno's, connected; its maker closes it. */
export class ConnectedUdp {
  readonly #fd: number;
  readonly #errno = new Int32Array(1);

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Connects a socket: from then on it takes nothing but the peer's datagrams, and can still send
   * with the peer's address said.
   *
   * @param local where the socket is bound
   * @returns null where that cannot be done: without `--allow-ffi`, on systems whose connected
   * sockets refuse an address, and where there is no way to the peer
   */
  static of(local: Deno.NetAddr, peer: { hostname: string; port: number }): ConnectedUdp | null {
    const libc = libcOrNull();
    if (!libc?.platform.sendsConnected) return null;
    const fd = descriptorOf(local);
    if (fd === null) return null;
    const { bytes } = SocketAddress.of(peer.hostname, peer.port);
    return libc.connect(fd, bytes, bytes.length) < 0 ? null : new ConnectedUdp(fd);
  }

  /**
   * What has become of datagrams sent before: SO_ERROR of socket(7), which is forgotten when it was
   * read. Not to be called when the socket is closed.
   *
   * @returns a refusal, where nothing listens, or another error; null where nothing is known
   */
  takeError(): Error | null {
    const libc = loadLibc();
    const { SOL_SOCKET, SO_ERROR } = libc.platform;
    const bytes = new Uint8Array(this.#errno.buffer);
    libc.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, bytes, Uint32Array.of(4));
    const errno = this.#errno[0]!;
    if (errno === ECONNREFUSED) {
      const refusal = new Deno.errors.ConnectionRefused(`Connection refused (os error ${errno})`);
      return Object.assign(refusal, { code: "ECONNREFUSED" });
    }
    return errno === 0 ? null : new PosixError("send", errno);
  }
}
