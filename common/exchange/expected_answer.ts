/**
 * What a client waits for after each message: the answer "ack", or the message itself where it speaks
 * to a server that echoes.
 *
 * @module
 */
import { DatagramMemory } from "../base/datagram_memory.ts";
import { MAX_DATAGRAM_BYTES } from "../base/datagrams.ts";
import { RunError } from "../base/errors.ts";
import { MAX_PLAINTEXT_BYTES } from "../base/tls_record.ts";
import { ACK } from "../model/message.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { HEADER_BYTES } from "../model/protocol.ts";
import { isMessage } from "../model/sequence_tracker.ts";

/** The answer to one message after the other. */
export class ExpectedAnswer {
  /** Where an answer is received: one that is too long fits, too, and is seen to be none. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #isEcho: boolean;
  #wanted: Uint8Array = ACK;

  constructor({ expectEcho, plan }: PairOptions) {
    this.#isEcho = expectEcho;
    const longest = expectEcho ? Math.max(...plan.sizes) : ACK.length;
    const size = Math.max(longest + 1, MAX_PLAINTEXT_BYTES);
    this.bytes = size > MAX_DATAGRAM_BYTES
      ? new Uint8Array(size)
      : new DatagramMemory().bytes.subarray(0, size);
  }

  /** From now on the answer to this message is wanted, which is borrowed as long. */
  to(message: Uint8Array): void {
    if (this.#isEcho) this.#wanted = message;
  }

  /** Whether it has come, as far as its first bytes tell. */
  isWhole(got: number): boolean {
    return got === this.#wanted.length && this.begins(got);
  }

  /** Whether what has come is its beginning, as far as the first bytes tell. */
  begins(got: number): boolean {
    const wanted = this.#wanted;
    if (got > wanted.length) return false;
    const end = Math.min(got, HEADER_BYTES);
    for (let i = 0; i < end; i++) if (this.bytes[i] !== wanted[i]) return false;
    return true;
  }

  /** Whether a datagram is the echo of another message, which was counted as lost and came late. */
  isOfAnother(got: number): boolean {
    return this.#isEcho && !this.begins(got) && isMessage(this.bytes.subarray(0, got));
  }

  /**
   * Looks at the rest of an answer that is whole.
   *
   * @throws {RunError} where it is not the message that was sent
   */
  check(): void {
    const wanted = this.#wanted;
    for (let i = HEADER_BYTES; i < wanted.length; i++) {
      if (this.bytes[i] !== wanted[i]) throw this.error();
    }
  }

  /** Something else has come. */
  error(): RunError {
    return new RunError(
      this.#isEcho
        ? "what came is not the message that was sent"
        : 'what came is not the answer "ack"',
    );
  }
}
