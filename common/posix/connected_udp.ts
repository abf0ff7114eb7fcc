/**
 * Deno's own UDP sockets cannot be connected with a peer, and so never hear that nobody listens
 * there: the system tells that to connected sockets alone (udp(7), RFC 1122 4.1.3.3). This connects
 * them from below.
 *
 * @module
 */
import { type Libc, loadLibc } from "./libc.ts";
import { MAX_ADDRESS_BYTES, SocketAddress } from "./address.ts";
import { ECONNREFUSED, PosixError } from "./errors.ts";
import { SOCK_DGRAM } from "./platform.ts";

/** File descriptors are small numbers: the system gives out the smallest that is free. */
const MAX_FD = 65_536;

/** Where the last one was found; the next is often the same or the one after it. */
let lastFd = 3;

/** A socket of Deno's, connected; whoever has made the socket closes it. */
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
    const fd = find(SocketAddress.of(local.hostname, local.port));
    if (fd === null) return null;
    const { bytes } = SocketAddress.of(peer.hostname, peer.port);
    return libc.connect(fd, bytes, bytes.length) < 0 ? null : new ConnectedUdp(fd);
  }

  /**
   * What has become of datagrams sent before: SO_ERROR of socket(7), which is forgotten when it was
   * read. Not to be called when the socket is closed.
   *
   * @returns a refusal, where nobody listens, or another error; null where nothing is known
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

let known: Libc | null | undefined;

/** Where libc may be called, without a question to the user. */
function libcOrNull(): Libc | null {
  if (known !== undefined) return known;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
  try {
    return known = loadLibc();
  } catch {
    return known = null;
  }
}

/** The file descriptor of the UDP socket that is bound to an address: there is one at most. */
function find(local: SocketAddress): number | null {
  for (const fd of [lastFd, lastFd + 1]) if (isAt(fd, local)) return lastFd = fd;
  for (let fd = 3; fd < MAX_FD; fd++) if (isAt(fd, local)) return lastFd = fd;
  return null;
}

const NAME = new Uint8Array(MAX_ADDRESS_BYTES);
const LENGTH = new Uint32Array(1);

function isAt(fd: number, local: SocketAddress): boolean {
  const libc = loadLibc();
  LENGTH[0] = MAX_ADDRESS_BYTES;
  if (libc.getsockname(fd, NAME, LENGTH) < 0 || !local.is(NAME)) return false;
  // A TCP socket can have the same address.
  const type = new Int32Array(1);
  const { SOL_SOCKET, SO_TYPE } = libc.platform;
  libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, new Uint8Array(type.buffer), Uint32Array.of(4));
  return type[0] === SOCK_DGRAM;
}
