/**
 * What a process uses: memory, descriptors, SSL objects.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { liveSessions } from "../../common/openssl/session.ts";
import { loadLibc } from "../../common/posix/libc.ts";

/** Flags of V8 for memory that can be compared: a collection at will, a young heap of fixed size. */
export const V8_FLAGS = "--v8-flags=--expose-gc,--min-semi-space-size=1,--max-semi-space-size=1";

/** What a process says of itself. */
export interface Usage {
  rssBytes: number;
  /** SSL objects that were not freed; the one that a listener has ready for its next client is none. */
  live: number;
}

/** What this process uses, once the garbage is gone, as far as it can be collected at will. */
export async function usage(): Promise<Usage> {
  const { gc } = globalThis as { gc?: () => void };
  // Buffers are freed by and by, after the collection that found them unused.
  for (let rounds = 0; gc && rounds < 3; rounds++) {
    gc();
    await delay(50);
  }
  return { rssBytes: Deno.memoryUsage().rss, live: liveSessions() };
}

/** Of struct pollfd (poll.h): a descriptor, what is asked, and what is the case. */
const POLLFD_BYTES = 8;
const REVENTS_AT = 6;
/** The descriptor is not open: poll.h of Linux and macOS. */
const POLLNVAL = 0x20;
/** So many are asked for at a time, no more than the lowest limit there is (RLIMIT_NOFILE). */
const AT_A_TIME = 256;
const MAX_FD = 16_384;

/** How many descriptors this process has open. */
export function openDescriptors(): number {
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
