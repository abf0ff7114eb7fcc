/**
 * Network interfaces whose other end is a program: what is sent through one is read here packet by
 * packet, and what is written here arrives there (Linux, Documentation/networking/tuntap.rst).
 *
 * @module
 */

/** The device that makes them. */
const DEVICE = "/dev/net/tun";

/** fcntl.h: O_RDWR, O_NONBLOCK and O_CLOEXEC, the same on x86-64 and arm64. */
const OPEN_FLAGS = 0x2 | 0x800 | 0x80000;

/** linux/if_tun.h; IFF_TUN: packets without Ethernet, IFF_NO_PI: with nothing in front. */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x1;
const IFF_NO_PI = 0x1000;

/** net/if.h, struct ifreq: the name, then flags. */
const IFREQ_BYTES = 40;
const FLAGS_AT = 16;

/** poll.h, struct pollfd: the descriptor, what is waited for, what has happened. */
const POLLFD_BYTES = 8;
const EVENTS_AT = 4;
const REVENTS_AT = 6;
const POLLIN = 1;

// size_t and ssize_t are taken as 32 bits, see common/posix/libc.ts.
const LIBC = {
  // int open(const char *pathname, int flags);
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // int ioctl(int fd, unsigned long request, void *argp);
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t count);
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // ssize_t write(int fd, const void *buf, size_t count);
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

let symbols: Deno.DynamicLibrary<typeof LIBC>["symbols"] | undefined;

function libc() {
  return symbols ??= Deno.dlopen("libc.so.6", LIBC).symbols;
}

/** What can be waited for and read. */
export class Readable {
  readonly fd: number;

  /** @param fd is the caller's */
  constructor(fd: number) {
    this.fd = fd;
  }

  /** @returns how many bytes were read; 0 at the end, -1 where nothing is there */
  read(into: Uint8Array<ArrayBuffer>): number {
    return libc().read(this.fd, into, into.length);
  }
}

/** An interface; it goes with this process. */
export class Tun extends Readable {
  readonly name: string;

  private constructor(fd: number, name: string) {
    super(fd);
    this.name = name;
  }

  /**
   * @param name of the new interface, which is in this process's network namespace
   * @throws {Error} where the system does not let it
   */
  static open(name: string): Tun {
    const fd = libc().open(new TextEncoder().encode(`${DEVICE}\0`), OPEN_FLAGS);
    if (fd < 0) throw new Error(`${DEVICE} cannot be opened`);
    const request = new Uint8Array(IFREQ_BYTES);
    new TextEncoder().encodeInto(name, request);
    new DataView(request.buffer).setUint16(FLAGS_AT, IFF_TUN | IFF_NO_PI, true);
    if (libc().ioctl(fd, TUNSETIFF, request) < 0) {
      throw new Error(`no interface ${name} can be made`);
    }
    return new Tun(fd, name);
  }

  /** Has a packet arrive there; where the interface is gone, nowhere. */
  write(packet: Uint8Array<ArrayBuffer>): void {
    libc().write(this.fd, packet, packet.length);
  }
}

/**
 * Waits in poll(2) until something can be read, or for a time.
 *
 * @param timeoutMs -1: for ever
 * @returns what can be read, or has ended
 */
export function readable<Source extends Readable>(
  sources: readonly Source[],
  timeoutMs: number,
): Source[] {
  const polled = new Uint8Array(POLLFD_BYTES * sources.length);
  const view = new DataView(polled.buffer);
  for (const [i, { fd }] of sources.entries()) {
    view.setInt32(i * POLLFD_BYTES, fd, true);
    view.setInt16(i * POLLFD_BYTES + EVENTS_AT, POLLIN, true);
  }
  libc().poll(polled, sources.length, timeoutMs);
  return sources.filter((_, i) => view.getInt16(i * POLLFD_BYTES + REVENTS_AT, true) !== 0);
}
