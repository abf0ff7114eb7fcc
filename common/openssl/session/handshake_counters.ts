/**
 * What a handshake takes, counted by its session.
 *
 * @module
 */
import type { HandshakeStatistics } from "../info.ts";

/** Counts what a handshake sends and receives, until it {@linkcode isOver}. */
export class HandshakeCounters {
  /** The counts; the round trip is set by the session's driver, which has a clock. */
  readonly statistics: HandshakeStatistics = {
    bytesSent: 0,
    bytesReceived: 0,
    datagramsSent: 0,
    datagramsReceived: 0,
    roundTrips: 0,
    retransmissions: 0,
    roundTripMs: null,
  };
  /** Set when the handshake's last bytes have been sent: what is sent after them is not counted. */
  isOver = false;
  /** Whether this end was the last to send something. */
  #hasAsked = false;

  /** Counts a datagram, or a piece of the stream. */
  received(lengthBytes: number): void {
    if (this.#hasAsked) this.statistics.roundTrips++;
    this.#hasAsked = false;
    this.statistics.datagramsReceived++;
    this.statistics.bytesReceived += lengthBytes;
  }

  /** Forgets what was sent and received: the handshake has not begun. */
  forget(): void {
    const { statistics } = this;
    statistics.datagramsReceived = statistics.bytesReceived = 0;
    statistics.datagramsSent = statistics.bytesSent = statistics.roundTrips = 0;
    this.#hasAsked = false;
  }

  /** Counts what `emit` takes. */
  counting(emit: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
    return (bytes) => {
      this.#hasAsked = true;
      this.statistics.datagramsSent++;
      this.statistics.bytesSent += bytes.length;
      emit(bytes);
    };
  }
}
