/**
 * Trouble for real, on Linux: clients that reset their connections before they are accepted,
 * a process whose descriptors run out, a network that leads nowhere, a disk that is full.
 *
 * @module
 */
import { SocketAddress } from "../posix/address.ts";
import { AF_INET, SOCK_STREAM } from "../posix/platform.ts";

/** Whether the system is one whose numbers are known here; says so where it is not. */
export function cannotMakeTrouble(): boolean {
  if (Deno.build.os === "linux") return false;
  console.error("not tested: trouble that is made with calls of Linux");
  return true;
}

/** From sys/socket.h, asm-generic/socket.h and bits/resource.h of Linux. */
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const RLIMIT_NOFILE = 7;

/** From signal.h. */
const SIGKILL = 9;

/** From sys/mount.h. */
const MNT_DETACH = 2;

/** From linux/sched.h. */
const CLONE_NEWNET = 0x40000000;

const LIBC = {
  // int socket(int domain, int type, int protocol);
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen);
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // int close(int fd);
  close: { parameters: ["i32"], result: "i32" },
  // int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit);
  // int mount(const char *source, const char *target, const char *filesystemtype,
  //           unsigned long mountflags, const void *data);
  mount: { parameters: ["buffer", "buffer", "buffer", "u64", "buffer"], result: "i32" },
  // int umount2(const char *target, int flags);
  umount2: { parameters: ["buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t count);
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int access(const char *pathname, int mode);
  access: { parameters: ["buffer", "i32"], result: "i32" },
  // int kill(pid_t pid, int sig);
  kill: { parameters: ["i32", "i32"], result: "i32" },
  // int open(const char *pathname, int flags, ...);
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // int unshare(int flags);
  unshare: { parameters: ["i32"], result: "i32" },
  // int setns(int fd, int nstype);
  setns: { parameters: ["i32", "i32"], result: "i32" },
  prlimit: { parameters: ["i32", "i32", "buffer", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Connects to a port of 127.0.0.1 that often, and resets each connection at once. */
export function resetConnections(port: number, times: number): void {
  using library = openLibc();
  const { symbols } = library;
  const { bytes } = SocketAddress.of("127.0.0.1", port);
  // struct linger: l_onoff, l_linger; with no time to linger close(2) sends a reset (socket(7)).
  const linger = new Uint8Array(Int32Array.of(1, 0).buffer);
  for (let i = 0; i < times; i++) {
    const fd = symbols.socket(AF_INET, SOCK_STREAM, 0);
    symbols.connect(fd, bytes, bytes.length);
    symbols.setsockopt(fd, SOL_SOCKET, SO_LINGER, linger, linger.length);
    symbols.close(fd);
  }
}

/** Lets a process open so many descriptors more than it has, and no more. */
export function limitDescriptors(pid: number, more: number): void {
  using library = openLibc();
  const taken = new Set(descriptorsOf(pid));
  // The limit is one more than the highest number; numbers in between are free.
  let limit = 0;
  for (let free = 0; free < more; limit++) if (!taken.has(limit)) free++;
  // struct rlimit: rlim_cur, rlim_max.
  const bytes = new Uint8Array(BigUint64Array.of(BigInt(limit), BigInt(limit)).buffer);
  if (library.symbols.prlimit(pid, RLIMIT_NOFILE, bytes, null) !== 0) {
    throw new Error(`no limit for process ${pid}`);
  }
}

/** Ends a process without a word; Deno leaves others than children to programs that may run all. */
export function killHard(pid: number): void {
  using library = openLibc();
  library.symbols.kill(pid, SIGKILL);
}

/** No process of a test has more descriptors open. */
const MAX_DESCRIPTORS = 256;

/** The numbers of a process's open descriptors. */
export function descriptorsOf(pid: number): number[] {
  using library = openLibc();
  const { access } = library.symbols;
  return Array.from({ length: MAX_DESCRIPTORS }, (_, fd) => fd)
    .filter((fd) => access(textOf(`/proc/${pid}/fd/${fd}`), 0) === 0);
}

/** The processes that one has started. */
export function childrenOf(pid: number): number[] {
  return readProc(`${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
}

/** The arguments a process was started with; none where it has ended. */
export function argumentsOf(pid: number): string {
  return readProc(`${pid}/cmdline`).replaceAll("\0", " ");
}

/** Memory that a process has in RAM, in bytes. */
export function residentBytes(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`))![1]);
}

/** A file of proc(5), which Deno leaves to programs that may do everything; empty where it is gone. */
function readProc(path: string): string {
  using library = openLibc();
  const { symbols } = library;
  const fd = symbols.open(textOf(`/proc/${path}`), 0);
  if (fd < 0) return "";
  const bytes = new Uint8Array(4096);
  const length = symbols.read(fd, bytes, bytes.length);
  symbols.close(fd);
  return new TextDecoder().decode(bytes.subarray(0, Math.max(length, 0)));
}

/**
 * Starts something in a network of its own, where nothing leads anywhere.
 *
 * @param start makes a process, or sockets, before it returns
 * @returns null where the system does not permit it, which is said
 */
export function withoutNetwork<T>(start: () => T): T | null {
  using library = openLibc();
  const { symbols } = library;
  const own = symbols.open(textOf("/proc/thread-self/ns/net"), 0);
  if (symbols.unshare(CLONE_NEWNET) !== 0) {
    symbols.close(own);
    console.error("not tested: a network of its own, which takes the rights of root");
    return null;
  }
  try {
    return start();
  } finally {
    symbols.setns(own, CLONE_NEWNET);
    symbols.close(own);
  }
}

/**
 * Makes a folder a disk of its own, which is full after so many bytes.
 *
 * @returns ends it; null where the system does not permit it, which is said
 */
export function smallDisk(folder: string, sizeBytes: number): Disposable | null {
  using library = openLibc();
  const tmpfs = textOf("tmpfs");
  const options = textOf(`size=${sizeBytes}`);
  if (library.symbols.mount(tmpfs, textOf(folder), tmpfs, 0n, options) !== 0) {
    console.error("not tested: a disk that is full, which takes the rights of root to make one");
    return null;
  }
  return {
    [Symbol.dispose]() {
      using library = openLibc();
      library.symbols.umount2(textOf(folder), MNT_DETACH);
    },
  };
}

/** A text as C takes it. */
function textOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

function openLibc() {
  const library = Deno.dlopen("libc.so.6", LIBC);
  return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
}
