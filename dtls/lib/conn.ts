/**
 * One DTLS connection on Deno's event loop.
 *
 * @module
 */
import { offAbort, onAbort } from "../../common/base/abort_listeners.ts";
import { CLOSE_TIMEOUT_MS } from "../../common/secure/close_timeout.ts";
import type { Deadline, Deadlines } from "../../common/base/deadline.ts";
import { known, TimeoutError } from "../../common/base/errors.ts";
import type { TlsSession } from "../../common/openssl/session.ts";
import { checkMessageBytes } from "../../common/openssl/session/arguments.ts";
import { SecureConn } from "../../common/secure/secure_conn.ts";
import { SessionSteps } from "../../common/secure/session_steps.ts";
import { messagesOfConn, writableOf } from "../../common/secure/streams.ts";
import { bytesOf, checkInto, checkWait } from "../../common/settings/kinds.ts";
import { DatagramSender } from "./datagram_sender.ts";
import { Inbox } from "./inbox.ts";
import { type DtlsConnOptions, type DtlsSocket, INBOX_BYTES } from "./socket.ts";

/**
 * A DTLS connection: whole messages, each of which may get lost.
 *
 * Made by `connectDtls` and by a listener; `send` and `receive` wait for the handshake. What comes
 * while no receive() waits is kept, up to `inboxBytes` (default 256 KiB); what comes then is lost, as on
 * UDP. Its owner closes it; a listener closes its own. After a failure every call
 * rejects with what it was.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * await conn.send(new TextEncoder().encode("ping"));
 * const server = await listener.accept();
 * const ping = await server!.receive(new Uint8Array(1500), 5000);
 * await server!.send(ping!);
 * const pong = new TextDecoder().decode(await conn.receive(undefined, 5000) ?? undefined);
 * if (pong !== "ping") throw new Error(pong);
 * ```
 */
export class DtlsConn extends SecureConn {
  readonly #socket: DtlsSocket;
  readonly #steps: SessionSteps;
  readonly #deadlines: Deadlines;
  readonly #timer: Deadline;
  readonly #idle: Deadline;
  readonly #idleTimeoutMs: number;
  readonly #handshakeDue: number;
  readonly #handshake = Promise.withResolvers<void>();
  /** Set when that is resolved. */
  #hasShaken = false;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.fail(this.#signal!.reason);
  readonly #inbox: Inbox;
  /** Resolved when nothing is to be waited for any more; every shutdown() that runs sees it. */
  readonly #over = Promise.withResolvers<void>();
  /** What the handshake waits for of the program. */
  #waiting: Promise<void> | null = null;
  #failure: unknown;
  #closed = false;

  /**
   * For the drivers below; it takes the session over.
   *
   * @ignore
   */
  constructor(
    session: TlsSession,
    socket: DtlsSocket,
    deadlines: Deadlines,
    options: DtlsConnOptions,
  ) {
    super(session);
    this.#socket = socket;
    this.#steps = new SessionSteps(session, new DatagramSender(socket));
    this.#deadlines = deadlines;
    this.#timer = deadlines.add((error) => this.#onTimer(error));
    this.#idle = deadlines.add((error) => this.#onIdle(error));
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#inbox = new Inbox(options.inboxBytes ?? INBOX_BYTES, deadlines);
    this.#handshakeDue = performance.now() + options.handshakeTimeoutMs;
    this.#signal = options.signal;
    onAbort(this.#signal, this.#onAbort);
    // A program that never asks for the handshake's outcome meets it at the next call.
    this.#handshake.promise.catch(() => {});
    if (options.signal?.aborted) this.#onAbort();
  }

  /** The peer; a name's other addresses may be tried until it has answered. */
  get remoteAddr(): Deno.NetAddr {
    return this.#socket.remoteAddr;
  }

  /**
   * This end: where its socket is bound. Of a client's that is often every address of the machine,
   * "0.0.0.0" or "::".
   */
  get localAddr(): Deno.NetAddr {
    return this.#socket.localAddr;
  }

  /**
   * Completes the handshake, which runs by itself: later calls wait for the same one.
   *
   * @throws {CertificateError} where the peer's certificate does not pass
   * @throws {OpenSslError} where the peer refuses or breaks the protocol
   * @throws {TimeoutError} where it takes too long
   * @throws {Deno.errors.ConnectionRefused} where nothing listens there
   * @throws {Deno.errors.BadResource} where the connection is closed before
   */
  handshake(): Promise<void> {
    return this.#handshake.promise;
  }

  /**
   * Sends one message, in one datagram, after the handshake. That it arrives is not said.
   *
   * @param message 1 to 16384 bytes (RFC 6347 4.1), any view or ArrayBuffer, borrowed for the call
   * @throws {RangeError} where it is empty or too long
   * @throws {TypeError} where it is neither a view nor an ArrayBuffer, or after {@linkcode close}
   * @throws {OpenSslError} after {@linkcode shutdown}, or where the peer has broken the protocol
   * @throws {KeyLimitError} where its keys have sealed as much as is safe
   * @throws {TimeoutError} where the handshake took too long, or the peer was silent too long
   */
  async send(message: ArrayBuffer | ArrayBufferView): Promise<void> {
    const bytes = bytesOf(message, "message");
    checkMessageBytes(bytes.length);
    if (!this.session.established) await this.handshake();
    if (this.#failure !== undefined) throw this.#failure;
    const sending = this.#steps.send(bytes);
    if (!sending) return;
    try {
      await sending;
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  /**
   * Receives one message. One call at a time.
   *
   * @param into where it goes (a longer message is cut off), borrowed until the promise settles;
   * default is memory of its own, which is the caller's
   * @param timeoutMs longest wait in milliseconds after the handshake; default is for ever
   * @returns the part of `into` that holds the message, or null when the peer has ended
   * @throws {TimeoutError} when nothing came in time; the connection lives on
   * @throws {TypeError} where another call is still waiting, or an argument is of the wrong kind
   * @throws {RangeError} where `timeoutMs` is negative or NaN
   * @throws {ReplacedError} where the client has begun anew
   * @throws {OpenSslError} where the peer has broken the protocol
   */
  receive(into?: Uint8Array, timeoutMs?: number): Promise<Uint8Array | null> {
    try {
      checkInto(into);
      checkWait(timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.session.established) return this.#receive(into, timeoutMs);
    return this.handshake().then(() => this.#receive(into, timeoutMs));
  }

  /** Not async: a message that is waited for, as most are, is one promise. */
  #receive(into?: Uint8Array, timeoutMs?: number): Promise<Uint8Array | null> {
    if (this.#inbox.isAwaited) {
      return Promise.reject(
        new TypeError("Cannot receive: another receive() is still waiting"),
      );
    }
    const kept = this.#inbox.take(into);
    if (kept) return Promise.resolve(kept);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed || this.session.peerEnded) return Promise.resolve(null);
    return this.#inbox.next(into, timeoutMs);
  }

  /** The messages, one after the other, until the peer has ended. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    for (let message; (message = await this.receive());) yield message;
  }

  /**
   * The messages as a stream, a chunk each, until the peer has ended; cancelling it closes the
   * connection. Where it is read, {@linkcode receive} is not called.
   */
  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= messagesOfConn(this);
  }
  #readable: ReadableStream<Uint8Array> | undefined;

  /**
   * A stream that sends each chunk as one message: closing it is {@linkcode shutdown}, aborting it
   * {@linkcode abandon}.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableOf({
      write: (message) => this.send(message),
      end: () => this.shutdown(),
      abandon: () => this.abandon(),
    });
  }
  #writable: WritableStream<Uint8Array> | undefined;

  /**
   * Says that no more will be sent (close_notify, RFC 5246 7.2.1), and waits for the peer to say
   * so, too, for half a second: on UDP its word may be lost.
   */
  async shutdown(): Promise<void> {
    if (this.#closed || this.#failure !== undefined || !this.session.established) return;
    const ended = this.#steps.end();
    const { sending } = this.#steps;
    if (ended && !sending) return;
    using deadline = this.#deadlines.add(() => this.#over.resolve());
    deadline.arm(CLOSE_TIMEOUT_MS.dtls);
    // A program's socket need not ever say that it has sent it.
    await Promise.race([sending, this.#over.promise]);
    if (!ended && !this.#closed) await this.#over.promise;
  }

  /** Frees the connection without a word to the peer. May be called twice. */
  abandon(): void {
    if (this.#closed) return;
    if (!this.#hasShaken) {
      this.#handshake.reject(new Deno.errors.BadResource("the connection is closed"));
    }
    this.#inbox.settle(null);
    this.#over.resolve();
    this.#free();
  }

  /** Gives everything back but what was received and what is known. */
  #free(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const own of [this.#inbox, this.#timer, this.#idle]) own[Symbol.dispose]();
    offAbort(this.#signal, this.#onAbort);
    this.#steps.close();
  }

  /**
   * For the driver below: begins a client's handshake, or goes on after a datagram was fed.
   *
   * @param isFed false where the time has come to send a flight again
   *
   * @ignore
   */
  advance(isFed = true): void {
    if (this.#isOver) return;
    const { established } = this.session;
    let heard = false;
    try {
      if (established || this.#completesHandshake(isFed)) {
        // One datagram may hold several messages: all are taken before the next is fed.
        heard = this.#inbox.fill(this.session) || !established;
        if (this.session.peerEnded) {
          // Answered at once: the peer waits for it.
          this.session.shutdown();
          this.#over.resolve();
        }
        this.#steps.flush();
        this.#watchSending();
      }
    } catch (error) {
      return this.fail(error);
    }
    // A callback may have ended it.
    if (this.#isOver) return;
    this.#watchWaiting();
    // What is not authenticated is no sign of life: it may be forged.
    if (heard && this.#idleTimeoutMs < Infinity) this.#idle.arm(this.#idleTimeoutMs);
    this.#setTimer();
  }

  /** Goes on when what the handshake waits for is there; what comes meanwhile changes nothing. */
  #watchWaiting(): void {
    const { waiting } = this.session;
    if (!waiting || waiting === this.#waiting) return;
    this.#waiting = waiting;
    void waiting.then(() => this.advance());
  }

  get #isOver(): boolean {
    return this.#closed || this.#failure !== undefined;
  }

  /** One step of the handshake; it may be the last, or end the connection. */
  #completesHandshake(isFed: boolean): boolean {
    const done = this.#steps.advance(isFed);
    this.#watchSending();
    if (!done || this.#isOver) return false;
    this.#handshake.resolve();
    this.#hasShaken = true;
    return true;
  }

  /** What no call waits for has to leave all the same. */
  #watchSending(): void {
    this.#steps.sending?.catch((error) => this.fail(error));
  }

  #onIdle(error: Error): void {
    if (error instanceof TimeoutError) this.fail(new TimeoutError("the peer was silent too long"));
  }

  /** The next thing the clock brings: a flight to be sent again, or the handshake's end. */
  #setTimer(): void {
    if (this.session.established) return this.#timer.disarm();
    const left = this.#handshakeDue - performance.now();
    const retransmit = this.session.timeoutMs() ?? Infinity;
    this.#timer.arm(Math.max(Math.min(left, retransmit), 0));
  }

  #onTimer(error: Error): void {
    if (performance.now() >= this.#handshakeDue || !(error instanceof TimeoutError)) {
      return this.fail(this.session.timeoutError());
    }
    this.advance(false);
  }

  /**
   * For the driver below: the socket has failed, or the listener gives the connection up.
   *
   * @ignore
   */
  fail(reason: unknown): void {
    if (this.#failure !== undefined || this.#closed) return;
    const error = this.#failure = known(reason);
    this.#timer.disarm();
    if (this.session.established) void this.info;
    this.#handshake.reject(error);
    this.#inbox.settle(null, error);
    this.#over.resolve();
    // The socket's user is told of it, and may close it.
    const sending = this.#steps.fail(error);
    const late = sending && this.#deadlines.add(() => free());
    late?.arm(CLOSE_TIMEOUT_MS.dtls);
    const free = () => {
      late?.[Symbol.dispose]();
      this.#free();
    };
    Promise.resolve(sending).then(free, free);
  }
}
