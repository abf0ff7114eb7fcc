/**
 * A listener in a process of its own, as its clients see it.
 *
 * @module
 */
import { AskedProcess } from "./child_process.ts";
import type { ListenerKind, ListenerOrder, ListenerUsage } from "./listener_order.ts";

/** The process; it ends with this object. */
export class ListenerProcess implements AsyncDisposable {
  /** Where each of them listens, on 127.0.0.1. */
  readonly ports: Readonly<Record<ListenerKind, number>>;
  readonly #process: AskedProcess;

  private constructor(process: AskedProcess, ports: Record<ListenerKind, number>) {
    this.#process = process;
    this.ports = ports;
  }

  /**
   * Starts it.
   *
   * @param order certificates, and how long a handshake may take where the listener's default does
   * not do
   */
  static async start(
    kinds: readonly ListenerKind[],
    order: ListenerOrder,
  ): Promise<ListenerProcess> {
    const module = new URL("./listener.ts", import.meta.url);
    // Strangers come from addresses of their own: what Deno may not send there is lost in silence.
    const permissions = ["--allow-net", "--allow-ffi"];
    const process = new AskedProcess("the listener", module, permissions, kinds);
    const ports = await process.ask(order) as Record<ListenerKind, number>;
    return new ListenerProcess(process, ports);
  }

  /** @throws {RunError} where it has ended */
  async usage(): Promise<ListenerUsage> {
    return await this.#process.ask("usage") as ListenerUsage;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
