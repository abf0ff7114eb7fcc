/**
 * The numbers and layouts of the systems whose libc is known, with the headers they stand in.
 *
 * Linux: asm-generic/socket.h, bits/socket.h, bits/in.h, netinet/tcp.h, net/if.h, poll.h, time.h,
 * sys/resource.h, as they are on x86-64 and arm64. macOS: sys/socket.h, netinet/in.h, netinet6/in6.h,
 * netinet/tcp.h, sys/poll.h, sys/resource.h, time.h.
 *
 * @module
 */
import { RunError } from "../base/errors.ts";

/** One system's libc. */
export interface Platform {
  /** The library's file name. */
  readonly library: string;
  /** The function that tells where errno lies. */
  readonly errnoLocation: "__errno_location" | "__error";
  /** Whether a struct sockaddr begins with its length, and the family has one byte. */
  readonly hasLength: boolean;
  readonly AF_INET6: number;
  readonly SOL_SOCKET: number;
  readonly SO_REUSEADDR: number;
  readonly SO_RCVTIMEO: number;
  readonly SO_SNDTIMEO: number;
  readonly SO_ERROR: number;
  readonly SO_TYPE: number;
  readonly SO_RCVBUF: number;
  readonly SO_SNDBUF: number;
  /** As these two, beyond the system's limit, for a privileged user; null where there are none. */
  readonly SO_RCVBUFFORCE: number | null;
  readonly SO_SNDBUFFORCE: number | null;
  readonly IP_TOS: number;
  readonly IP_TTL: number;
  readonly IPV6_TCLASS: number;
  readonly IPV6_UNICAST_HOPS: number;
  /** Set where SO_RCVBUF takes a size, and tells it twice, as its own bookkeeping counts, too. */
  readonly doublesBuffers: boolean;
  /** Tells what a socket's buffers hold, and what it has dropped; null where there is none. */
  readonly SO_MEMINFO: number | null;
  /** The limit of open files. */
  readonly RLIMIT_NOFILE: number;
  readonly MSG_DONTWAIT: number;
  /** Set where the system knows it: a peer that has gone is an error and no signal. */
  readonly MSG_NOSIGNAL: number;
  /** Set where accept(2) keeps to SO_RCVTIMEO. */
  readonly acceptTimesOut: boolean;
  /** The clock that performance.now() reads, too. */
  readonly MONOTONIC: number;
  /** Set where sendto(2) takes a connected socket: elsewhere it fails with EISCONN. */
  readonly sendsConnected: boolean;
  /** Set where `sched_setaffinity` exists. */
  readonly pins: boolean;
}

/** The same everywhere. */
export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_IPV6 = 41;
export const TCP_NODELAY = 1;
export const POLLIN = 1;
export const POLLOUT = 4;
/** net/if.h, with the zero byte. */
export const IF_NAMESIZE = 16;

const LINUX: Platform = {
  library: "libc.so.6",
  errnoLocation: "__errno_location",
  hasLength: false,
  AF_INET6: 10,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_RCVTIMEO: 20,
  SO_SNDTIMEO: 21,
  SO_ERROR: 4,
  SO_TYPE: 3,
  SO_RCVBUF: 8,
  SO_SNDBUF: 7,
  SO_RCVBUFFORCE: 33,
  SO_SNDBUFFORCE: 32,
  IP_TOS: 1,
  IP_TTL: 2,
  IPV6_TCLASS: 67,
  IPV6_UNICAST_HOPS: 16,
  doublesBuffers: true,
  SO_MEMINFO: 55,
  RLIMIT_NOFILE: 7,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
  acceptTimesOut: true,
  // CLOCK_MONOTONIC
  MONOTONIC: 1,
  sendsConnected: true,
  pins: true,
};

const MACOS: Platform = {
  library: "/usr/lib/libSystem.B.dylib",
  errnoLocation: "__error",
  hasLength: true,
  AF_INET6: 30,
  SOL_SOCKET: 0xffff,
  SO_REUSEADDR: 0x0004,
  SO_RCVTIMEO: 0x1006,
  SO_SNDTIMEO: 0x1005,
  SO_ERROR: 0x1007,
  SO_TYPE: 0x1008,
  SO_RCVBUF: 0x1002,
  SO_SNDBUF: 0x1001,
  SO_RCVBUFFORCE: null,
  SO_SNDBUFFORCE: null,
  IP_TOS: 3,
  IP_TTL: 4,
  IPV6_TCLASS: 36,
  IPV6_UNICAST_HOPS: 4,
  doublesBuffers: false,
  SO_MEMINFO: null,
  RLIMIT_NOFILE: 8,
  MSG_DONTWAIT: 0x80,
  // Deno lets no process die of SIGPIPE.
  MSG_NOSIGNAL: 0,
  acceptTimesOut: false,
  // CLOCK_UPTIME_RAW
  MONOTONIC: 8,
  sendsConnected: false,
  pins: false,
};

/**
 * The layouts of a system.
 *
 * @throws {RunError} where they are not known
 */
export function platformOf(os: string, arch: string): Platform {
  const known = arch === "x86_64" || arch === "aarch64";
  if (os === "linux" && known) return LINUX;
  if (os === "darwin" && known) return MACOS;
  throw new RunError(
    `--io sync and --io spin call libc as Linux and macOS have it, on x86-64 and arm64; ` +
      `this is ${os} on ${arch}: use --io async`,
  );
}
