/**
 * The machine that rounds are measured on: its cores, and what else they do.
 *
 * @module
 */
import { cpus } from "node:os";

/** The cores that the ends of a sync or spin lane are kept on. */
export interface Cores {
  server: number;
  client: number;
}

/**
 * Two cores far apart: systems number the two threads of one core side by side or half of all
 * apart, and slower cores last.
 *
 * @param count of the cores that the program may use
 * @returns null where there are not two, or the system lets no program choose
 */
export function twoCores(count: number, os: string = Deno.build.os): Cores | null {
  if (count < 2 || os !== "linux") return null;
  return { server: 0, client: count < 8 ? count - 1 : Math.floor(count / 2) - 1 };
}

/** Number of the machine's cores; null without `--allow-sys=cpus`. */
export function coreCount(): number | null {
  if (Deno.permissions.querySync({ name: "sys", kind: "cpus" }).state !== "granted") return null;
  return cpus().length || null;
}

/** Time of all cores since the system's start, in milliseconds. */
export interface CpuTimes {
  busyMs: number;
  idleMs: number;
}

/** Null without `--allow-sys=cpus`, or where the system does not tell. */
export function cpuTimes(): CpuTimes | null {
  if (Deno.permissions.querySync({ name: "sys", kind: "cpus" }).state !== "granted") return null;
  const sum: CpuTimes = { busyMs: 0, idleMs: 0 };
  for (const { times: { user, nice, sys, irq, idle } } of cpus()) {
    sum.busyMs += user + nice + sys + irq;
    sum.idleMs += idle;
  }
  return sum.busyMs + sum.idleMs > 0 ? sum : null;
}

/** The part of the cores' time in which they were not idle; null where no time went by. */
export function busyShare(before: CpuTimes, after: CpuTimes): number | null {
  const busy = after.busyMs - before.busyMs;
  const all = busy + after.idleMs - before.idleMs;
  return all > 0 ? busy / all : null;
}
