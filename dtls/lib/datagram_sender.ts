/**
 * The datagrams of a DTLS connection on their way to a socket that has them until they have left.
 *
 * @module
 */
import type { SessionSender } from "../../common/secure/session_steps.ts";
import type { DtlsSocket } from "./socket.ts";

/** Hands over copies, as the session's memory is used again before a datagram has left. */
export class DatagramSender implements SessionSender {
  readonly #socket: DtlsSocket;
  /** What has left: memory for the next datagram, if that is as long. */
  #spare: Uint8Array | null = null;

  /** Takes the socket over. */
  constructor(socket: DtlsSocket) {
    this.#socket = socket;
  }

  send(datagram: Uint8Array): Promise<void> {
    const copy = this.#spare?.length === datagram.length
      ? this.#spare
      : new Uint8Array(datagram.length);
    this.#spare = null;
    copy.set(datagram);
    return this.#socket.transmit(copy).then(() => void (this.#spare = copy));
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
