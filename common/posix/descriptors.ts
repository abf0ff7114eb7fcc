/**
 * The file descriptors of Deno's own UDP sockets, which Deno does not tell: for what the system can do
 * with a socket and Deno cannot.
 *
 * @module
 */
import { MAX_ADDRESS_BYTES, SocketAddress } from "./address.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { SOCK_DGRAM } from "./platform.ts";

/** File descriptors are small numbers: the system gives out the smallest that is free. */
const MAX_FD = 65_536;

/** Where the last one was found; the next is often the same or the one after it. */
let lastFd = 3;

let known: Libc | null | undefined;

/** Where libc may be called, without a question to the user. */
export function libcOrNull(): Libc | null {
  if (known !== undefined) return known;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
  try {
    return known = loadLibc();
  } catch {
    return known = null;
  }
}

/**
 * The descriptor of the UDP socket that is bound to an address: there is one at most.
 *
 * @returns null where libc may not be called, or none is found
 */
export function descriptorOf(local: Deno.NetAddr): number | null {
  const libc = libcOrNull();
  if (!libc) return null;
  const address = SocketAddress.of(local.hostname, local.port);
  for (const fd of [lastFd, lastFd + 1]) if (isAt(libc, fd, address)) return lastFd = fd;
  for (let fd = 3; fd < MAX_FD; fd++) if (isAt(libc, fd, address)) return lastFd = fd;
  return null;
}

const NAME = new Uint8Array(MAX_ADDRESS_BYTES);
const LENGTH = new Uint32Array(1);

function isAt(libc: Libc, fd: number, local: SocketAddress): boolean {
  LENGTH[0] = MAX_ADDRESS_BYTES;
  if (libc.getsockname(fd, NAME, LENGTH) < 0 || !local.is(NAME)) return false;
  // A TCP socket can have the same address.
  const type = new Int32Array(1);
  const { SOL_SOCKET, SO_TYPE } = libc.platform;
  libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, new Uint8Array(type.buffer), Uint32Array.of(4));
  return type[0] === SOCK_DGRAM;
}
