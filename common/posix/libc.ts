/**
 * Opens libc, once, when it is first needed.
 *
 * @module
 */
import { RunError } from "../base/errors.ts";
import { type Platform, platformOf } from "./platform.ts";

/**
 * The functions that are used, each under its C prototype, from sys/socket.h, net/if.h, poll.h, time.h,
 * sys/resource.h and unistd.h.
 *
 * `size_t` and `ssize_t` are taken as 32 bits, which every length here fits: as numbers they cost a
 * quarter less than as bigints. Both architectures clear the upper half of a register that 32 bits
 * are written to.
 */
const LIBC = {
  // int socket(int domain, int type, int protocol);
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int listen(int sockfd, int backlog);
  listen: { parameters: ["i32", "i32"], result: "i32" },
  // int accept(int sockfd, struct sockaddr *addr, socklen_t *addrlen);
  accept: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen);
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // ssize_t send(int sockfd, const void *buf, size_t len, int flags);
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t recv(int sockfd, void *buf, size_t len, int flags);
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t sendto(int sockfd, const void *buf, size_t len, int flags,
  //                const struct sockaddr *dest_addr, socklen_t addrlen);
  sendto: { parameters: ["i32", "buffer", "u32", "i32", "buffer", "u32"], result: "i32" },
  // ssize_t recvfrom(int sockfd, void *buf, size_t len, int flags,
  //                  struct sockaddr *src_addr, socklen_t *addrlen);
  recvfrom: { parameters: ["i32", "buffer", "u32", "i32", "buffer", "buffer"], result: "i32" },
  // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen);
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen);
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  // int getrlimit(int resource, struct rlimit *rlim);
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  // int close(int fd);
  close: { parameters: ["i32"], result: "i32" },
  // unsigned int if_nametoindex(const char *ifname);
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  // char *if_indextoname(unsigned int ifindex, char *ifname);
  if_indextoname: { parameters: ["u32", "buffer"], result: "pointer" },
  // int sched_yield(void);
  sched_yield: { parameters: [], result: "i32" },
  // int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask);
  sched_setaffinity: { parameters: ["i32", "u32", "buffer"], result: "i32", optional: true },
  // int clock_gettime(clockid_t clockid, struct timespec *tp);
  clock_gettime: { parameters: ["i32", "pointer"], result: "i32" },
  // int *__errno_location(void);
  __errno_location: { parameters: [], result: "pointer", optional: true },
  // int *__error(void);
  __error: { parameters: [], result: "pointer", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

type Symbols = Deno.DynamicLibrary<typeof LIBC>["symbols"];

/** libc's functions, and what this system calls things. */
export interface Libc extends Symbols {
  readonly platform: Platform;
  /** errno of this thread: look at its one number right after a call that has failed. */
  readonly errno: Int32Array;
}

let loaded: Libc | undefined;

/**
 * Opens the library; later calls return the same one.
 *
 * @throws {RunError} where the system's layouts are not known, or it has another libc
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 */
export function loadLibc(): Libc {
  return loaded ??= open(platformOf(Deno.build.os, Deno.build.arch));
}

function open(platform: Platform): Libc {
  let symbols: Symbols;
  try {
    symbols = Deno.dlopen(platform.library, LIBC).symbols;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(
      `cannot open ${platform.library}, the system's libc; without it there is --io async alone`,
      { cause },
    );
  }
  const location = symbols[platform.errnoLocation]?.();
  if (!location) throw new RunError(`${platform.library} does not tell where errno is`);
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
  return { ...symbols, platform, errno };
}
