/**
 * Which core a program runs on.
 *
 * @module
 */
import { RunError, UsageError } from "../base/errors.ts";
import { EINVAL, PosixError } from "./errors.ts";
import { loadLibc } from "./libc.ts";

/** Size of a cpu_set_t: sched.h has room for 1024 cores. */
const CPU_SET_BYTES = 128;

/** Number of cores that a cpu_set_t has room for. */
export const MAX_CORES = CPU_SET_BYTES * 8;

/**
 * Keeps the calling thread, which does all the work of a blocking exchange, on one core
 * (sched_setaffinity(2)).
 *
 * @throws {UsageError} where there is no such core
 * @throws {RunError} where the system lets no program choose
 */
export function pinToCore(core: number): void {
  const libc = loadLibc();
  if (!libc.platform.pins || !libc.sched_setaffinity) {
    throw new RunError(`--cpu ${core}: this system lets no program choose its core`);
  }
  const set = new Uint8Array(CPU_SET_BYTES);
  set[core >> 3] = 1 << (core & 7);
  if (libc.sched_setaffinity(0, CPU_SET_BYTES, set) === 0) return;
  const cause = new PosixError("sched_setaffinity", libc.errno[0]!);
  if (cause.errno !== EINVAL) throw cause;
  const cores = navigator.hardwareConcurrency;
  throw new UsageError(
    `--cpu ${core}: no such core for this program; it may use ${cores}, counted from 0`,
    { cause },
  );
}
