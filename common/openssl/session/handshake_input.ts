/**
 * What a DTLS handshake takes in: before a peer is authenticated, it makes this end keep little.
 *
 * @module
 */
import type { HandshakeStatistics } from "../info.ts";
import { concatenated, handshakeRecords } from "../records.ts";
import { fragmentsIn } from "./client_messages.ts";
import { readFragment } from "./message_records.ts";

/**
 * A handshake takes so many datagrams and bytes, retransmissions included: a long chain of
 * certificates has some 8 KiB, and is sent again 12 times at most.
 */
const MAX_DATAGRAMS = 512;
const MAX_BYTES = 128 * 1024;

/** So many records of a later epoch: a Finished, and first messages that have overtaken it. */
const MAX_EARLY_RECORDS = 8;

/**
 * OpenSSL sets aside at once what the header of a message's first part says that all of it has, 32 KiB at
 * most, for ten messages ahead. A client's messages, all together, say so many bytes.
 */
const MAX_ANNOUNCED_BYTES = 64 * 1024;

/** What each message takes beside. */
const MESSAGE_BYTES = 128;

/** Bounds the datagrams of one handshake, and keeps records of a later epoch, the latest ones. */
export class HandshakeInput {
  readonly #taken: Pick<HandshakeStatistics, "datagramsReceived" | "bytesReceived">;
  /** Records that have come before the handshake can read them. */
  readonly #early: Uint8Array<ArrayBuffer>[] = [];

  readonly #knowsUnified: boolean;
  readonly #isServer: boolean;
  /** How long the client's messages say that they are, by their numbers. */
  readonly #announced = new Map<number, number>();
  #announcedBytes = 0;

  /**
   * @param taken what the handshake has taken until now, as its owner counts it
   * @param knowsUnified whether DTLS 1.3 may be agreed on
   * @param isServer whether it is a client that sends them
   */
  constructor(
    taken: Pick<HandshakeStatistics, "datagramsReceived" | "bytesReceived">,
    knowsUnified: boolean,
    isServer: boolean,
  ) {
    this.#taken = taken;
    this.#knowsUnified = knowsUnified;
    this.#isServer = isServer;
  }

  /**
   * Takes one datagram.
   *
   * @param isAgreed whether the version is agreed on
   * @returns its records in the clear, which may be none; null where it is dropped
   */
  take(datagram: Uint8Array<ArrayBuffer>, isAgreed: boolean): Uint8Array<ArrayBuffer> | null {
    const { datagramsReceived, bytesReceived } = this.#taken;
    if (datagramsReceived >= MAX_DATAGRAMS || bytesReceived + datagram.length > MAX_BYTES) {
      return null;
    }
    const { clear, early } = handshakeRecords(datagram, {
      knowsUnified: this.#knowsUnified,
      isAgreed,
    });
    if (clear.length === 0 && early.length === 0) return null;
    if (this.#isServer && !this.#mayAnnounce(clear)) return null;
    this.#early.push(...early);
    if (this.#early.length > MAX_EARLY_RECORDS) {
      this.#early.splice(0, this.#early.length - MAX_EARLY_RECORDS);
    }
    return clear;
  }

  /** Whether there may be messages as long as their parts say. */
  #mayAnnounce(clear: Uint8Array): boolean {
    for (const part of fragmentsIn(clear)) {
      const { messageSeq, total } = readFragment(part, 0);
      const bytes = MESSAGE_BYTES + total;
      const more = bytes - (this.#announced.get(messageSeq) ?? 0);
      if (more <= 0) continue;
      if (this.#announcedBytes + more > MAX_ANNOUNCED_BYTES) return false;
      this.#announced.set(messageSeq, bytes);
      this.#announcedBytes += more;
    }
    return true;
  }

  /** Keeps nothing of what has come. */
  forget(): void {
    this.#early.length = 0;
    this.#announced.clear();
    this.#announcedBytes = 0;
  }

  /** Whether records have come before their time. */
  get hasEarly(): boolean {
    return this.#early.length > 0;
  }

  /** Hands over those that are sound; they are kept no more. */
  takeEarly(isSound: (record: Uint8Array<ArrayBuffer>) => boolean): Uint8Array<ArrayBuffer> {
    return concatenated(this.#early.splice(0).filter(isSound));
  }
}
