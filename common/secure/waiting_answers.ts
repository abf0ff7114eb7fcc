/**
 * What a session puts out by itself because its peer asks for it, and the peer does not read: TLS
 * answers a KeyUpdate with another (RFC 8446 4.6.3), and a wish for renegotiation with an alert.
 *
 * @module
 */
import { UnreadAnswersError } from "../base/errors.ts";

/** So many bytes of answers may wait to be written. Each of a KeyUpdate has 27. */
export const MAX_WAITING_ANSWERS_BYTES = 64 * 1024;

/** Counts the bytes of one connection's answers that its socket has not taken yet. */
export class WaitingAnswers {
  #bytes = 0;

  /** How many they are. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Counts some more.
   *
   * @param sending settles when they have been written, or never will be
   * @returns why the connection has to end, where they are too many; else null
   */
  add(bytes: number, sending: Promise<unknown>): UnreadAnswersError | null {
    this.#bytes += bytes;
    const done = () => void (this.#bytes -= bytes);
    sending.then(done, done);
    if (this.#bytes <= MAX_WAITING_ANSWERS_BYTES) return null;
    return new UnreadAnswersError(
      "the peer asks for answers (such as of KeyUpdate) and does not read them: " +
        `more than ${MAX_WAITING_ANSWERS_BYTES} bytes of them wait to be written`,
    );
  }
}
