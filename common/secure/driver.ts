/**
 * A TLS or DTLS session over any socket that is asked for bytes or datagrams. Its calls return
 * values while the socket's do, and promises where the socket's are promises.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES } from "../base/tls_record.ts";
import { NOT_YET, TOO_LATE } from "../base/read_result.ts";
import type { TlsSession } from "../openssl/session.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { checkInto } from "../settings/kinds.ts";
import { type SessionSender, SessionSteps, settledWithin } from "./session_steps.ts";
import { WaitingAnswers } from "./waiting_answers.ts";

/** What carries a session's bytes or datagrams. */
export interface SessionSocket extends SessionSender {
  /**
   * Feeds the session what comes next.
   *
   * @returns false when the time is over; where it cannot be asked again after that, it rejects
   * @throws {Deno.errors.UnexpectedEof} where the peer has closed the connection
   */
  feed(timeoutMs: number): MaybePromise<boolean>;
}

/** Memory for what the program does not read any more; all sessions may write to it. */
export const DROPPED: Uint8Array<ArrayBuffer> = new Uint8Array(MAX_PLAINTEXT_BYTES);

/** Drives a session; each wait for the peer is bounded in time. One call waits at a time. */
export class SessionDriver extends SessionSteps {
  readonly #socket: SessionSocket;
  readonly #closeTimeoutMs: number;
  readonly #answers = new WaitingAnswers();

  /**
   * Takes session and socket over.
   *
   * @param closeTimeoutMs longest wait for the peer's close_notify
   */
  constructor(session: TlsSession, socket: SessionSocket, closeTimeoutMs: number) {
    super(session, socket);
    this.#socket = socket;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /**
   * Completes the handshake; what it waits for, and until when, the session says. Where it fails, a
   * promise rejects when the alert that says why has left.
   */
  handshake(timeoutMs: number): MaybePromise<void> {
    return this.#handshake(performance.now() + timeoutMs, true);
  }

  /** @param isFed false where the peer has been waited for in vain */
  #handshake(dueMs: number, isFed: boolean): MaybePromise<void> {
    try {
      for (let fed = isFed;;) {
        if (this.advance(fed)) return this.sending;
        // What has become of it the socket tells who waits for the answer.
        this.sending?.catch(() => {});
        const leftMs = dueMs - performance.now();
        if (leftMs <= 0) throw this.session.timeoutError();
        const { waiting } = this.session;
        if (waiting) return this.#handshakeLater(settledWithin(waiting, leftMs), dueMs);
        // A stream has no flights that are sent again.
        const feeding = this.#socket.feed(Math.min(leftMs, this.session.timeoutMs() ?? Infinity));
        if (feeding instanceof Promise) return this.#handshakeLater(feeding, dueMs);
        fed = feeding;
      }
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #handshakeLater(feeding: Promise<boolean>, dueMs: number): Promise<void> {
    let fed: boolean;
    try {
      fed = await feeding;
    } catch (error) {
      return this.#failed(error);
    }
    return this.#handshake(dueMs, fed);
  }

  #failed(error: unknown): MaybePromise<never> {
    const sending = this.fail(error);
    if (!(sending instanceof Promise)) throw error;
    const rethrow = () => {
      throw error;
    };
    return sending.then(rethrow, rethrow);
  }

  /**
   * Receives into `into`, on DTLS one message.
   *
   * @returns how many bytes, `ENDED`, or `TOO_LATE` when nothing came in time
   * @throws {UnreadAnswersError} where the peer asks for answers of TLS itself and does not read them
   */
  receive(into: Uint8Array, timeoutMs: number): MaybePromise<number> {
    return this.#receive(into as Uint8Array<ArrayBuffer>, timeoutMs, Infinity);
  }

  /** @param dueMs when its time is over; Infinity before a first wait, which reads no clock */
  #receive(
    into: Uint8Array<ArrayBuffer>,
    timeoutMs: number,
    dueMs: number,
  ): MaybePromise<number> {
    let due = dueMs;
    for (let left = timeoutMs, isFirst = due === Infinity;; isFirst = false) {
      const length = this.session.read(into);
      if (length !== NOT_YET) return length;
      this.#flushAnswers();
      if (!isFirst) {
        const now = performance.now();
        if (due === Infinity) due = now + timeoutMs;
        left = due - now;
        if (left <= 0) return TOO_LATE;
      }
      const feeding = this.#socket.feed(left);
      if (feeding instanceof Promise) {
        if (isFirst) due = performance.now() + timeoutMs;
        return feeding.then((fed) => {
          if (!fed) return TOO_LATE;
          // Its memory may have been given away since.
          checkInto(into);
          return this.#receive(into, timeoutMs, due);
        });
      }
      if (!feeding) return TOO_LATE;
    }
  }

  /**
   * Sends what reading has brought about, and does not wait until it has left: the peer may be
   * waiting for a read.
   *
   * @throws {UnreadAnswersError} where too much of it waits already
   */
  #flushAnswers(): void {
    this.flush();
    const tooMuch = this.sending && this.#answers.add(this.outBytes, this.sending);
    if (tooMuch) throw tooMuch;
  }

  /** Says that no more will be sent, and waits a bounded time for the peer to say so, too. */
  shutdown(): MaybePromise<void> {
    if (this.end()) return this.sending;
    this.sending?.catch(() => {});
    return this.#untilEnded(performance.now() + this.#closeTimeoutMs);
  }

  /** Where the peer has gone without a word, nothing is left to be told. */
  #untilEnded(dueMs: number): MaybePromise<void> {
    try {
      for (;;) {
        const receiving = this.#receive(DROPPED, this.#closeTimeoutMs, dueMs);
        if (receiving instanceof Promise) {
          return receiving.then(
            (received) => received >= 0 ? this.#untilEnded(dueMs) : undefined,
            () => {},
          );
        }
        if (receiving < 0) return;
      }
    } catch {
      return;
    }
  }
}
