/**
 * A TLS or DTLS session on one of the system's own sockets.
 *
 * @module
 */
import { MAX_DATAGRAM_BYTES } from "../base/datagrams.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { ENDED, NOT_YET } from "../base/read_result.ts";
import { ReusedMemory } from "../base/reused_memory.ts";
import type { TlsSession } from "../openssl/session.ts";
import type { Receiver } from "../posix/pollable.ts";
import type { SessionSocket } from "./driver.ts";

/**
 * What is received is fed at once: one piece of memory serves all connections. Of a stream it has
 * room for some records.
 */
const shared = new ReusedMemory(MAX_DATAGRAM_BYTES);

/** A TCP connection, or a UDP socket that speaks with one peer. */
export interface PosixPeer extends Receiver {
  send(bytes: Uint8Array): MaybePromise<void>;
  close(): void;
}

/** Carries a session's bytes or datagrams. */
export class PosixSessionSocket implements SessionSocket {
  readonly #socket: PosixPeer;
  readonly #session: TlsSession;

  /** Takes the socket over. */
  constructor(socket: PosixPeer, session: TlsSession) {
    this.#socket = socket;
    this.#session = session;
  }

  send(bytes: Uint8Array): MaybePromise<void> {
    return this.#socket.send(bytes);
  }

  feed(timeoutMs: number): MaybePromise<boolean> {
    const received = this.#socket.tryReceive(shared.bytes, timeoutMs);
    return received !== NOT_YET ? this.#fed(received) : this.#feedLater(timeoutMs);
  }

  async #feedLater(timeoutMs: number): Promise<boolean> {
    const dueMs = performance.now() + timeoutMs;
    while (await this.#socket.readable(dueMs)) {
      const received = this.#socket.receiveNow(shared.bytes);
      if (received !== NOT_YET) return this.#fed(received);
    }
    return false;
  }

  close(): void {
    this.#socket.close();
  }

  #fed(received: number): true {
    if (received === ENDED) {
      throw new Deno.errors.UnexpectedEof("the peer closed the connection early");
    }
    this.#session.feed(shared.first(received));
    return true;
  }
}
