/**
 * A TLS or DTLS session over sockets whose calls return values while they can: what the pairs do
 * with it, step by step.
 *
 * @module
 */
import { toSecurity } from "../openssl/info.ts";
import { NOT_YET, TOO_LATE } from "../base/read_result.ts";
import type { TlsSession } from "../openssl/session.ts";
import type { Security } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { WaitingAnswers } from "./waiting_answers.ts";

/** What carries a session's bytes or datagrams. */
export interface SessionSocket {
  /** Sends bytes or a datagram, borrowed for the call. */
  send(bytes: Uint8Array): MaybePromise<void>;
  /**
   * Feeds the session what comes next.
   *
   * @returns false when the time is over
   * @throws {Deno.errors.UnexpectedEof} where the peer has closed the connection
   */
  feed(timeoutMs: number): MaybePromise<boolean>;
  /** Told once, when the handshake is complete. */
  established?(): void;
  /** Gives the socket back. May be called twice. */
  close(): void;
}

/** Longest piece that is sealed and sent at once. */
const PIECE_BYTES = 65_536;

/**
 * So long a handshake waits for the peer, in milliseconds, before it asks the session when a flight
 * is to be sent again: after a second at first (RFC 6347 4.2.4.1). It is long enough for a socket to
 * block.
 */
const FIRST_WAIT_MS = 20;

/** Memory for what nobody reads any more. */
const dropped = new Uint8Array(16_384);

/** Drives a session; each call is bounded in time. */
export class SessionDriver {
  /** What it drives. */
  readonly session: TlsSession;
  readonly #socket: SessionSocket;
  readonly #closeTimeoutMs: number;
  readonly #emit = (bytes: Uint8Array) => this.#transmit(bytes);
  /** Counts how much was put out. */
  readonly #emitAnswer = (bytes: Uint8Array) => {
    this.#answered += bytes.length;
    this.#transmit(bytes);
  };
  #answered = 0;
  readonly #answers = new WaitingAnswers();
  #resumed: boolean | undefined;
  /** Set while the system's buffer is full: what follows is sent after it. */
  #sending: Promise<void> | undefined;
  #closed = false;

  /**
   * Takes session and socket over.
   *
   * @param closeTimeoutMs longest wait for the peer's close_notify
   */
  constructor(session: TlsSession, socket: SessionSocket, closeTimeoutMs: number) {
    this.session = session;
    this.#socket = socket;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** What was agreed on; asked for after the handshake. */
  get security(): Security {
    return toSecurity(this.session.info());
  }

  /** Whether the session was a resumed one. */
  get resumed(): boolean {
    return this.#resumed ??= this.session.resumed;
  }

  /** Completes the handshake; what it waits for, and until when, the session says. */
  handshake(timeoutMs: number): MaybePromise<void> {
    return this.#advance(performance.now() + timeoutMs, true);
  }

  /** @param isFed false where the peer has been waited for in vain */
  #advance(dueMs: number, isFed: boolean): MaybePromise<void> {
    try {
      for (let fed = isFed;;) {
        if (!fed) this.session.handleTimeout();
        const done = this.session.handshake();
        const sending = this.#flush();
        if (done) {
          this.#socket.established?.();
          return sending;
        }
        const leftMs = dueMs - performance.now();
        if (leftMs <= 0) throw this.session.timeoutError();
        const waitMs = fed ? FIRST_WAIT_MS : this.session.timeoutMs() ?? Infinity;
        const feeding = this.#socket.feed(Math.min(leftMs, waitMs));
        if (feeding instanceof Promise) return this.#handshakeLater(feeding, dueMs);
        fed = feeding;
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #handshakeLater(feeding: Promise<boolean>, dueMs: number): Promise<void> {
    let fed: boolean;
    try {
      fed = await feeding;
    } catch (error) {
      throw this.#failed(error);
    }
    return this.#advance(dueMs, fed);
  }

  /** The alert that says why goes out all the same. */
  #failed(error: unknown): unknown {
    this.session.fail();
    try {
      this.#flush();
    } catch {
      // The peer cannot be told; what went wrong first is what counts.
    }
    return error;
  }

  /**
   * Receives into `into`, on DTLS one message.
   *
   * @returns how many bytes, `ENDED`, `TOO_LATE` when nothing came in time
   * @throws {RunError} where the peer asks for answers of TLS itself and does not read them
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
        return feeding.then((fed) => fed ? this.#receive(into, timeoutMs, due) : TOO_LATE);
      }
      if (!feeding) return TOO_LATE;
    }
  }

  /** Sends all bytes, borrowed for the call; on DTLS one message. */
  send(bytes: Uint8Array): MaybePromise<void> {
    if (bytes.length <= PIECE_BYTES) {
      this.session.write(bytes as Uint8Array<ArrayBuffer>);
    } else {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        this.session.write(bytes.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>);
        this.#flush();
      }
    }
    return this.#flush();
  }

  /** Says that no more will be sent, and waits a bounded time for the peer to say so, too. */
  shutdown(): MaybePromise<void> {
    const ended = this.session.shutdown() || this.session.peerEnded;
    const sending = this.#flush();
    return ended ? sending : this.#untilEnded(performance.now() + this.#closeTimeoutMs);
  }

  /** Where the peer has gone without a word, there is nobody left to be told. */
  #untilEnded(dueMs: number): MaybePromise<void> {
    try {
      for (;;) {
        const receiving = this.#receive(dropped, this.#closeTimeoutMs, dueMs);
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

  /** Frees both without a word to the peer. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.session.close();
    this.#socket.close();
  }

  /** Sends what the session has put out. */
  #flush(): MaybePromise<void> {
    this.session.drain(this.#emit);
    return this.#sending;
  }

  /**
   * Sends what reading has brought about.
   *
   * @throws {RunError} where too much of it waits already
   */
  #flushAnswers(): void {
    this.#answered = 0;
    this.session.drain(this.#emitAnswer);
    if (!this.#sending || this.#answered === 0) return;
    const tooMuch = this.#answers.add(this.#answered, this.#sending);
    if (tooMuch) throw tooMuch;
  }

  #transmit(bytes: Uint8Array): void {
    let sending: MaybePromise<void>;
    if (this.#sending) {
      const copy = bytes.slice();
      sending = this.#sending.then(() => this.#socket.send(copy));
    } else {
      sending = this.#socket.send(bytes);
    }
    if (!(sending instanceof Promise)) return;
    this.#sending = sending;
    const done = () => void (this.#sending === sending && (this.#sending = undefined));
    // Whoever waits for it is told of an error; a later call meets it by itself.
    sending.then(done, done);
  }
}
