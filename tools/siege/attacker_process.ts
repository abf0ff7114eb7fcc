/**
 * A process of strangers, as the one that starts it sees it.
 *
 * @module
 */
import { AskedProcess } from "../soak/child_process.ts";
import type { AttackCounts, AttackOrder } from "./attack_order.ts";

/** The process; it ends with this object. */
export class AttackerProcess implements AsyncDisposable {
  readonly #process: AskedProcess;

  private constructor(process: AskedProcess) {
    this.#process = process;
  }

  static async start(order: AttackOrder): Promise<AttackerProcess> {
    const module = new URL("./attacker.ts", import.meta.url);
    const process = new AskedProcess("the strangers", module, ["--allow-net", "--allow-ffi"], []);
    await process.ask(order);
    return new AttackerProcess(process);
  }

  async counts(): Promise<AttackCounts> {
    return await this.#process.ask("counts") as AttackCounts;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
