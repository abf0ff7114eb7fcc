/**
 * One DTLS connection on Deno's event loop.
 *
 * @module
 */
import { BoundedQueue } from "../../common/base/bounded_queue.ts";
import type { Deadline, Deadlines } from "../../common/base/deadline.ts";
import { TimeoutError } from "../../common/base/errors.ts";
import type { TlsSession } from "../../common/openssl/session.ts";
import { ENDED, NOT_YET } from "../../common/base/read_result.ts";
import { SecureConn } from "../../common/secure/secure_conn.ts";
import { bytesOf, checkInto, checkWait } from "../../common/settings/kinds.ts";
import { type DtlsConnOptions, type DtlsSocket, INBOX_BYTES } from "./socket.ts";

/** A DTLS record carries at most 2^14 bytes of a message (RFC 6347 4.1). */
export const MAX_MESSAGE_BYTES = 16_384;

/** How long `close()` waits for the peer's close_notify; on UDP it may be lost. */
const CLOSE_TIMEOUT_MS = 500;

interface Reader extends Omit<PromiseWithResolvers<Uint8Array | null>, "promise"> {
  /** Where the message goes; absent for memory of its own. */
  into: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * A DTLS connection: whole messages, each of which may get lost.
 *
 * Made by `connectDtls` and by a listener; `send` and `receive` wait for the handshake. What comes
 * while nobody receives is kept, up to `inboxBytes` (default 256 KiB); what comes then is lost, as on
 * UDP. Whoever has it closes it; a listener closes its own. After a failure every call rejects with what it was.
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
  readonly #deadlines: Deadlines;
  readonly #readDeadline: Deadline;
  readonly #timer: Deadline;
  readonly #idle: Deadline;
  readonly #idleTimeoutMs: number;
  readonly #startedMs = performance.now();
  readonly #handshakeDue: number;
  readonly #handshake = Promise.withResolvers<void>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#fail(this.#signal!.reason);
  readonly #inbox: BoundedQueue<Uint8Array>;
  /** Resolved when nothing is to be waited for any more; every shutdown() that runs sees it. */
  readonly #over = Promise.withResolvers<void>();
  /** A datagram is copied, as the session's memory is used again before it has left. */
  readonly #transmit = (datagram: Uint8Array) => {
    const free = this.#spare?.length === datagram.length ? this.#spare : null;
    const copy = this.#copy = free ?? new Uint8Array(datagram.length);
    this.#spare = null;
    copy.set(datagram);
    const sending = this.#socket.transmit(copy);
    this.#sent = this.#sent ? Promise.all([this.#sent, sending]) : sending;
  };
  /** What the last {@linkcode #flush} has transmitted at last. */
  #copy: Uint8Array | null = null;
  /** What it has transmitted, and has left: memory for the next datagram, if that is as long. */
  #spare: Uint8Array | null = null;
  /** What the last {@linkcode #flush} has begun to send. */
  #sent: Promise<unknown> | undefined;
  #reader: Reader | null = null;
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
    this.#deadlines = deadlines;
    this.#readDeadline = deadlines.add((error) => this.#settle(null, error));
    this.#timer = deadlines.add((error) => this.#onTimer(error));
    this.#idle = deadlines.add((error) => this.#onIdle(error));
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#inbox = new BoundedQueue(options.inboxBytes ?? INBOX_BYTES, ({ length }) => length);
    this.#handshakeDue = this.#startedMs + options.handshakeTimeoutMs;
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#onAbort);
    // Whoever never asks for the handshake's outcome meets it at the next call.
    this.#handshake.promise.catch(() => {});
    if (options.signal?.aborted) this.#onAbort();
  }

  /** The peer; a name's other addresses may be tried until it has answered. */
  get remoteAddr(): Deno.NetAddr {
    return this.#socket.remoteAddr;
  }

  /**
   * Completes the handshake, which runs by itself: later calls wait for the same one.
   *
   * @throws {CertificateError} where the peer's certificate does not pass
   * @throws {OpenSslError} where the peer refuses or breaks the protocol
   * @throws {TimeoutError} where it takes too long
   * @throws {Deno.errors.ConnectionRefused} where nobody listens there
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
   * @throws {TimeoutError} where the handshake took too long, or the peer was silent too long
   */
  async send(message: ArrayBuffer | ArrayBufferView): Promise<void> {
    const bytes = bytesOf(message, "message");
    const { length } = bytes;
    if (length < 1 || length > MAX_MESSAGE_BYTES) {
      throw new RangeError(
        `Cannot send a message of ${length} bytes: 1 to ${MAX_MESSAGE_BYTES} fit a DTLS record`,
      );
    }
    if (!this.session.established) await this.handshake();
    if (this.#failure !== undefined) throw this.#failure;
    this.session.write(bytes);
    const sending = this.#flush();
    const copy = this.#copy;
    await sending;
    this.#spare = copy;
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
    if (this.#reader) {
      return Promise.reject(
        new TypeError("Cannot receive: another receive() is still waiting"),
      );
    }
    const kept = this.#inbox.shift();
    if (kept) return Promise.resolve(into ? cutOff(kept, into) : kept);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed || this.session.peerEnded) return Promise.resolve(null);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>();
    this.#reader = { into: into as Uint8Array<ArrayBuffer> | undefined, resolve, reject };
    if (timeoutMs !== undefined && timeoutMs < Infinity) this.#readDeadline.arm(timeoutMs);
    return promise;
  }

  /** The messages, one after the other, until the peer has ended. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    for (let message; (message = await this.receive());) yield message;
  }

  /**
   * Says that no more will be sent (close_notify, RFC 5246 7.2.1), and waits for the peer to say
   * so, too, for half a second: on UDP its word may be lost.
   */
  async shutdown(): Promise<void> {
    if (this.#closed || this.#failure !== undefined || !this.session.established) return;
    const ended = this.session.shutdown() || this.session.peerEnded;
    await this.#flush();
    if (ended || this.#closed) return;
    using deadline = this.#deadlines.add(() => this.#over.resolve());
    deadline.arm(CLOSE_TIMEOUT_MS);
    await this.#over.promise;
  }

  /** Frees the connection without a word to the peer. May be called twice. */
  abandon(): void {
    if (this.#closed) return;
    this.#handshake.reject(new Deno.errors.BadResource("the connection is closed"));
    this.#settle(null);
    this.#over.resolve();
    this.#free();
  }

  /** Gives everything back but what was received and what is known. */
  #free(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const deadline of [this.#readDeadline, this.#timer, this.#idle]) {
      deadline[Symbol.dispose]();
    }
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.session.close();
    this.#socket.release();
  }

  /**
   * For the driver below: begins a client's handshake, or goes on after a datagram was fed.
   *
   * @ignore
   */
  advance(): void {
    if (this.#closed || this.#failure !== undefined) return;
    let heard: boolean;
    try {
      heard = this.session.established ? this.#readAll() : this.#shake() && (this.#readAll(), true);
    } catch (error) {
      return this.#fail(error);
    }
    // A callback may have ended it.
    if (this.#closed || this.#failure !== undefined) return;
    // What nobody has authenticated is no sign of life: it may be forged.
    if (heard && this.#idleTimeoutMs < Infinity) this.#idle.arm(this.#idleTimeoutMs);
    this.#flush()?.catch((error) => this.#fail(error));
    this.#setTimer();
  }

  /**
   * One step of the handshake; the first answer tells how long a round trip takes.
   *
   * @returns true when it is complete, and goes on
   */
  #shake(): boolean {
    const { statistics } = this.session;
    if (statistics.datagramsReceived > 0 && statistics.datagramsSent > 0) {
      statistics.roundTripMs ??= performance.now() - this.#startedMs;
    }
    if (!this.session.handshake() || this.#closed) return false;
    this.#socket.established?.();
    this.#handshake.resolve();
    return this.#failure === undefined;
  }

  #onIdle(error: Error): void {
    if (error instanceof TimeoutError) this.#fail(new TimeoutError("the peer was silent too long"));
  }

  /**
   * One datagram may hold several messages: all are taken before the next is fed.
   *
   * @returns whether there was one, or the peer's end
   */
  #readAll(): boolean {
    for (let heard = false;; heard = true) {
      const reader = this.#reader;
      // What a short buffer left of a message would be read as the next one.
      const own = reader?.into;
      // Its memory may have been given away since.
      checkInto(own);
      const into = own && own.length >= MAX_MESSAGE_BYTES ? own : scratch();
      const length = this.session.read(into);
      if (length === NOT_YET) return heard;
      if (length === ENDED) {
        this.#settle(null);
        // Answered at once: the peer waits for it.
        this.session.shutdown();
        this.#over.resolve();
        return true;
      }
      if (reader && own) this.#settle(cutOff(into.subarray(0, length), own));
      else if (reader) this.#settle(into.slice(0, length));
      else if (this.#inbox.hasRoomFor(length)) this.#inbox.push(into.slice(0, length));
    }
  }

  /** Sends what the session has put out; there may be nothing to wait for. */
  #flush(): Promise<unknown> | undefined {
    this.#sent = undefined;
    this.#copy = null;
    this.session.drain(this.#transmit);
    return this.#sent;
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
      return this.#fail(this.session.timeoutError());
    }
    try {
      this.session.handleTimeout();
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#closed || this.#failure !== undefined) return;
    this.#flush()?.catch((error) => this.#fail(error));
    this.#setTimer();
  }

  /**
   * For the driver below: the socket has failed, or the listener gives the connection up.
   *
   * @ignore
   */
  fail(error: unknown): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#closed) return;
    this.#failure = error;
    // Nobody reads what still comes; the alert that says why goes out all the same.
    this.session.fail();
    this.#timer.disarm();
    if (this.session.established) void this.info;
    this.#handshake.reject(error);
    this.#settle(null, error);
    this.#over.resolve();
    const sending = this.#flush() ?? Promise.resolve();
    // It may be closed by who is told.
    this.#socket.failed?.(error);
    const free = () => this.#free();
    sending.then(free, free);
  }

  #settle(message: Uint8Array | null, error?: unknown): void {
    const reader = this.#reader;
    if (!reader) return;
    this.#reader = null;
    this.#readDeadline.disarm();
    if (error === undefined) reader.resolve(message);
    else reader.reject(error);
  }
}

/** As much of a message as `into` has room for, there. */
function cutOff(message: Uint8Array, into: Uint8Array): Uint8Array {
  const part = message.subarray(0, into.length);
  if (part.buffer !== into.buffer) into.set(part);
  return into.subarray(0, part.length);
}

let scratchMemory: Uint8Array<ArrayBuffer> | undefined;

/** Memory for messages that nobody waits for; they are copied out of it at once. */
function scratch(): Uint8Array<ArrayBuffer> {
  return scratchMemory ??= new Uint8Array(MAX_MESSAGE_BYTES);
}
