/**
 * The datagrams of a DTLS connection on their way to its socket.
 *
 * @module
 */
import type { MaybePromise } from "../../common/base/maybe_promise.ts";
import type { SessionSender } from "../../common/secure/session_steps.ts";
import type { DtlsSocket } from "./socket.ts";

/** A session's datagrams go where its socket sends them. */
export class DatagramSender implements SessionSender {
  readonly #socket: DtlsSocket;

  /** Takes the socket over. */
  constructor(socket: DtlsSocket) {
    this.#socket = socket;
  }

  send(datagram: Uint8Array): MaybePromise<void> {
    return this.#socket.transmit(datagram);
  }

  established(): void {
    this.#socket.established?.();
  }

  failed(error: unknown): void {
    this.#socket.failed?.(error);
  }

  close(): void {
    this.#socket.release();
  }
}
