/**
 * How many files, and so connections, a program may have open at once.
 *
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { libcOrNull } from "./descriptors.ts";
import type { Libc } from "./libc.ts";

/** What a program has open besides its connections: its output, certificates, the runtime's own. */
const OTHER_FILES = 64;

/** So many may be open; null where that cannot be known. */
export function openFilesLimit(libc: Libc | null = libcOrNull()): number | null {
  if (!libc) return null;
  // struct rlimit of sys/resource.h: what is allowed now, and what it may be raised to.
  const limits = new BigUint64Array(2);
  const { RLIMIT_NOFILE } = libc.platform;
  return libc.getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer)) === 0
    ? Number(limits[0])
    : null;
}

/**
 * Makes sure, as far as that can be known, that connections will not fail for want of descriptors.
 *
 * @param connections how many will be open at once: the option `--clients`
 * @throws {UsageError} where they are too many
 */
export function requireOpenFiles(
  connections: number,
  limit: number | null = openFilesLimit(),
): void {
  const wanted = connections + OTHER_FILES;
  if (limit === null || wanted <= limit) return;
  throw new UsageError(
    `--clients ${connections}: this program may have ${limit} files open, and needs ${wanted}, ` +
      `one for each connection; allow more before it starts (ulimit -n ${wanted})`,
  );
}
