/**
 * What a process uses: memory, descriptors, timers, SSL objects.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { liveSessions } from "../../common/openssl/session.ts";
import { loadLibc } from "../../common/posix/libc.ts";
import { AllocationCounter } from "./counter.ts";
import { mallocBytes } from "./malloc.ts";

/** Flags of V8 for memory that can be compared: a collection at will, a young heap of fixed size. */
export const V8_FLAGS = "--v8-flags=--expose-gc,--min-semi-space-size=1,--max-semi-space-size=1";

/** What a process says of itself. */
export interface Usage {
  rssBytes: number;
  /** What JavaScript has, and its buffers. */
  heapBytes: number;
  externalBytes: number;
  /** What malloc(3) has given out; null where the C library does not say it. */
  mallocBytes: number | null;
  descriptors: number;
  /** Timers that are set. */
  timers: number;
  /** Blocks that OpenSSL has allocated and not freed; null where they are not counted. */
  blocks: number | null;
  /** SSL objects that were not freed; the one that a listener has ready for its next client is none. */
  live: number;
}

/** Collects the garbage, as far as that can be done at will. */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  // Buffers are freed by and by, after the collection that found them unused.
  for (let rounds = 0; gc && rounds < 3; rounds++) {
    gc();
    await delay(50);
  }
}

/** What this process uses, once the garbage is gone. */
export async function usage(): Promise<Usage> {
  await collectGarbage();
  const { rss: rssBytes, heapUsed: heapBytes, external: externalBytes } = Deno.memoryUsage();
  return {
    ...{ rssBytes, heapBytes, externalBytes, live: liveSessions() },
    mallocBytes: mallocBytes(),
    descriptors: openDescriptors(),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
    blocks: counter?.blocks ?? null,
  };
}

let counter: AllocationCounter | null = null;

/**
 * Counts OpenSSL's allocations in this process from now on.
 *
 * @param path of the counter
 * @throws {RunError} where OpenSSL has allocated already
 */
export function countAllocations(path: string): void {
  counter = new AllocationCounter(path);
}

/** Bytes that OpenSSL has allocated and not freed; null where they are not counted. */
export function opensslBytes(): number | null {
  return counter?.bytes ?? null;
}

/** Of struct pollfd (poll.h): a descriptor, what is asked, and what is the case. */
const POLLFD_BYTES = 8;
const REVENTS_AT = 6;
/** The descriptor is not open: poll.h of Linux and macOS. */
const POLLNVAL = 0x20;
/** So many are asked for at a time, no more than the lowest limit there is (RLIMIT_NOFILE). */
const AT_A_TIME = 256;
const MAX_FD = 16_384;
/** Of struct sockaddr_storage (sys/socket.h), which has room for every address. */
const SOCKADDR_BYTES = 128;

/** How many descriptors this process has open. */
function openDescriptors(): number {
  const libc = loadLibc();
  const view = new DataView(new ArrayBuffer(AT_A_TIME * POLLFD_BYTES));
  let open = 0;
  for (let first = 0; first < MAX_FD; first += AT_A_TIME) {
    for (let i = 0; i < AT_A_TIME; i++) view.setInt32(i * POLLFD_BYTES, first + i, true);
    libc.poll(new Uint8Array(view.buffer), AT_A_TIME, 0);
    for (let i = 0; i < AT_A_TIME; i++) {
      if ((view.getInt16(i * POLLFD_BYTES + REVENTS_AT, true) & POLLNVAL) === 0) open++;
    }
  }
  return open;
}

/** How many of them are sockets. */
export function openSockets(): number {
  const libc = loadLibc();
  const address = new Uint8Array(SOCKADDR_BYTES);
  const length = new Uint32Array(1);
  const lengthBytes = new Uint8Array(length.buffer);
  let open = 0;
  for (let fd = 0; fd < MAX_FD; fd++) {
    length[0] = SOCKADDR_BYTES;
    if (libc.getsockname(fd, address, lengthBytes) === 0) open++;
  }
  return open;
}

/** Bytes as they are shown. */
export function mebibytes(bytes: number): number {
  return bytes / 2 ** 20;
}
