/**
 * The CPU time that an exchange takes.
 *
 * @module
 */
import process from "node:process";

/** CPU time of this process: all of its threads, those of V8 among them (getrusage(2)). */
export interface CpuTime {
  /** In programs' own code, in microseconds. */
  userUs: number;
  /** In the system, on behalf of this process, in microseconds. */
  systemUs: number;
  /** Both, divided by the messages that it was measured over; null where there were none. */
  perMessageUs: number | null;
}

/**
 * Measures from the end of a run's first message, which is warm-up: what a program takes to start,
 * to load certificates and to wait for its peer is not in it.
 */
export class CpuMeter {
  #before: ReturnType<typeof process.cpuUsage> | null = null;

  /** The warm-up is over. */
  begin(): void {
    this.#before = process.cpuUsage();
  }

  /**
   * What was taken since {@linkcode begin}.
   *
   * @param messages how many were exchanged since then
   * @returns null where it has not begun
   */
  read(messages: number): CpuTime | null {
    if (this.#before === null) return null;
    const { user, system } = process.cpuUsage();
    const [userUs, systemUs] = [user - this.#before.user, system - this.#before.system];
    const perMessageUs = messages > 0
      ? Math.round((userUs + systemUs) / messages * 1e3) / 1e3
      : null;
    return { userUs, systemUs, perMessageUs };
  }
}
