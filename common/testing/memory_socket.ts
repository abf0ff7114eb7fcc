/**
 * A network in memory as a client's socket: what is driven over it is the session that sockets
 * carry, with a server at the other end that answers by itself.
 *
 * @module
 */
import type { SessionSocket } from "../secure/driver.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import type { MemoryNet, Sent } from "./memory_net.ts";

/** Whether calls return values, as blocking sockets' do, or promises of them. */
export type CallKind = "values" | "promises";

/** See the module. */
export class MemorySocket implements SessionSocket {
  /** Whether the server says that it ends, too, when the client has said so. */
  answersEnd = true;
  /** Thrown by the next call of send() or feed(). */
  failure: { send?: Error; feed?: Error } = {};
  closed = false;
  readonly #net: MemoryNet;
  readonly #kind: CallKind;
  /** What has arrived for the client. */
  readonly #inbox: Uint8Array<ArrayBuffer>[] = [];
  #wake: () => void = () => {};

  /** @param net its client is driven by the socket's owner */
  constructor(net: MemoryNet, kind: CallKind) {
    this.#net = net;
    this.#kind = kind;
    const deliver = net.deliver.bind(net);
    net.deliver = (sent: Sent) => {
      if (sent.from === "client") deliver(sent);
      else this.#inbox.push(sent.bytes);
    };
  }

  send(bytes: Uint8Array): MaybePromise<void> {
    if (this.#kind === "values") return this.#send(bytes);
    // The bytes are borrowed for the call, which is over when they are sent.
    const copy = bytes.slice();
    return Promise.resolve().then(() => this.#send(copy));
  }

  #send(bytes: Uint8Array): void {
    if (this.failure.send) throw this.failure.send;
    this.#net.transmit("client", bytes);
    this.#wake();
  }

  feed(timeoutMs: number): MaybePromise<boolean> {
    const dueMs = performance.now() + timeoutMs;
    return this.#kind === "values" ? this.#feedNow(dueMs) : this.#feedLater(dueMs);
  }

  close(): void {
    this.closed = true;
  }

  /** Keeps the thread, as a blocking call does. */
  #feedNow(dueMs: number): boolean {
    while (!this.#feedNext()) if (performance.now() >= dueMs) return false;
    return true;
  }

  async #feedLater(dueMs: number): Promise<boolean> {
    while (!this.#feedNext()) {
      const leftMs = dueMs - performance.now();
      if (leftMs <= 0) return false;
      const serverMs = this.#net.server.session?.timeoutMs() ?? Infinity;
      await this.#sleep(Math.min(leftMs, serverMs));
    }
    return true;
  }

  /** Until something was sent, but so long at most. */
  async #sleep(ms: number): Promise<void> {
    const sent = Promise.withResolvers<void>();
    this.#wake = sent.resolve;
    const timer = setTimeout(sent.resolve, ms);
    await sent.promise;
    clearTimeout(timer);
  }

  /** Lets the server do what it has to; false where it has nothing for the client. */
  #feedNext(): boolean {
    if (this.failure.feed) throw this.failure.feed;
    const { client, server } = this.#net;
    this.#net.settle();
    if (server.error === null && server.session?.timeoutMs() === 0) {
      server.session.handleTimeout();
      server.flush();
    }
    if (server.peerEnded && this.answersEnd) server.shutdown();
    this.#net.settle();
    const next = this.#inbox.shift();
    if (next) client.session!.feed(next);
    return next !== undefined;
  }
}
