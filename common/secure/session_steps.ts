/**
 * The steps of a TLS or DTLS session over a socket. None of them waits for the peer: what waits is
 * built on them, the driver that asks for bytes and the connection that is handed datagrams.
 *
 * @module
 */
import { toSecurity } from "../openssl/info.ts";
import type { TlsSession } from "../openssl/session.ts";
import type { Security } from "../model/protocol.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";

/** What takes a session's bytes or datagrams. */
export interface SessionSender {
  /**
   * Sends bytes or a datagram, borrowed for the call. The bytes of a stream go after those of earlier
   * calls.
   */
  send(bytes: Uint8Array): MaybePromise<void>;
  /** Told once, when the handshake is complete and its last flight on its way. */
  established?(): void;
  /** Told of a failure, with the alert that says why on its way. */
  failed?(error: unknown): void;
  /** Gives the socket back. May be called twice. */
  close(): void;
}

/** Longest piece of a stream that is sealed and sent at once: some full records. */
export const PIECE_BYTES = 65_536;

/** Each step sends what the session has put out. */
export class SessionSteps {
  /** What the steps belong to. */
  readonly session: TlsSession;
  /**
   * Settles when everything has left that the last step has put out; undefined where it has. It
   * rejects where that failed, so that each step's has to be looked at.
   */
  sending: Promise<void> | undefined;
  /** How many bytes the last step has put out. */
  protected outBytes = 0;
  readonly #sender: SessionSender;
  readonly #startedMs = performance.now();
  readonly #emit = (bytes: Uint8Array) => {
    this.outBytes += bytes.length;
    const sending = this.#sender.send(bytes);
    if (!(sending instanceof Promise)) return;
    this.sending = this.sending ? both(this.sending, sending) : sending;
  };
  #resumed: boolean | undefined;
  #closed = false;

  /** Takes session and socket over. */
  constructor(session: TlsSession, sender: SessionSender) {
    this.session = session;
    this.#sender = sender;
  }

  /** What was agreed on; asked for after the handshake. */
  get security(): Security {
    return toSecurity(this.session.info());
  }

  /** Whether the session was a resumed one. */
  get resumed(): boolean {
    return this.#resumed ??= this.session.resumed;
  }

  /**
   * Begins the handshake, or goes on with it; the first answer tells how long a round trip takes.
   *
   * @param isFed false where the time is over that the session has said: a flight is sent again
   * @returns true when it is complete
   */
  advance(isFed: boolean): boolean {
    const { session } = this;
    const { statistics } = session;
    if (!isFed) session.handleTimeout();
    else if (statistics.datagramsReceived > 0 && statistics.datagramsSent > 0) {
      statistics.roundTripMs ??= performance.now() - this.#startedMs;
    }
    const done = session.handshake();
    this.flush();
    if (done) this.#sender.established?.();
    return done;
  }

  /** Sends all bytes, borrowed for the call; on DTLS one message. */
  send(bytes: Uint8Array): MaybePromise<void> {
    if (bytes.length <= PIECE_BYTES) {
      this.session.write(bytes as Uint8Array<ArrayBuffer>);
      return this.flush();
    }
    this.#begin();
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.session.write(bytes.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>);
      this.session.drain(this.#emit);
    }
    return this.sending;
  }

  /**
   * Says that no more will be sent.
   *
   * @returns true when the peer has said so, too
   */
  end(): boolean {
    const before = this.sending;
    const ended = this.session.shutdown() || this.session.peerEnded;
    this.flush();
    // Where it was said before, that may still be on its way.
    this.sending ??= before;
    return ended;
  }

  /** Gives the session up; what was put out before, and the alert that says why, go out all the same. */
  fail(error: unknown): MaybePromise<void> {
    this.session.fail();
    try {
      this.session.drain(this.#emit);
    } catch {
      // The peer cannot be told; what went wrong first is what counts.
    }
    const { sending } = this;
    this.#sender.failed?.(error);
    return sending;
  }

  /** Sends what the session has put out. */
  flush(): MaybePromise<void> {
    this.#begin();
    this.session.drain(this.#emit);
    return this.sending;
  }

  /** Frees session and socket without a word to the peer. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.session.close();
    this.#sender.close();
  }

  #begin(): void {
    this.sending = undefined;
    this.outBytes = 0;
  }
}

/**
 * Waits for what a session waits for ({@linkcode TlsSession.waiting}), and no longer than it may.
 *
 * @returns true: nothing is to be sent again meanwhile
 */
export async function settledWithin(waiting: Promise<void>, timeoutMs: number): Promise<true> {
  if (timeoutMs === Infinity) return await waiting.then(() => true as const);
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(timeoutMs, MAX_TIMER_MS));
  await Promise.race([waiting, over]);
  clearTimeout(timer);
  return true;
}

/** setTimeout takes 31 bits. */
const MAX_TIMER_MS = 0x7fff_ffff;

async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  await Promise.all([one, other]);
}
