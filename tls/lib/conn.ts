/**
 * One TLS connection through OpenSSL, on Deno's event loop.
 *
 * @module
 */
import { offAbort, onAbort } from "../../common/base/abort_listeners.ts";
import { CLOSE_TIMEOUT_MS } from "../../common/secure/close_timeout.ts";
import type { MaybePromise } from "../../common/base/maybe_promise.ts";
import type { Deadline, Deadlines } from "../../common/base/deadline.ts";
import {
  KeyLimitError,
  known,
  TimeoutError,
  UnreadAnswersError,
} from "../../common/base/errors.ts";
import { ENDED } from "../../common/base/read_result.ts";
import type { TlsSession } from "../../common/openssl/session.ts";
import { DROPPED, SessionDriver } from "../../common/secure/driver.ts";
import { SecureConn } from "../../common/secure/secure_conn.ts";
import { PIECE_BYTES } from "../../common/secure/session_steps.ts";
import { bytesOfConn, writableOf } from "../../common/secure/streams.ts";
import { bytesOf, checkInto, checkWait } from "../../common/settings/kinds.ts";
import type { ByteStream } from "./byte_stream.ts";
import { StreamSocket } from "./stream_socket.ts";

/**
 * Settings of a connection.
 *
 * @example
 * ```ts
 * const options: TlsConnOptions = { handshakeTimeoutMs: 10_000 };
 * if (options.signal) throw new Error("there is none");
 * ```
 */
export interface TlsConnOptions {
  /** Longest time for the handshake in milliseconds. */
  handshakeTimeoutMs: number;
  /** True where the stream below is a connection of Deno's that the program does not have. */
  isOwn?: boolean | undefined;
  /** Ends every wait when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Told once, when the connection needs its socket no more. */
  released?: (() => void) | undefined;
  /** Told once, when the handshake fails by anything but the connection's being closed. */
  failed?: ((error: unknown) => void) | undefined;
}

/**
 * A TLS connection: a stream of bytes, in the shape of `Deno.TlsConn`.
 *
 * Made by `connectTls` and by a listener; `read` and `write` wait for the handshake. Its owner closes
 * it; a listener closes its own. After a failure every call rejects with what it was.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const accepted = listener.accept();
 * await using conn = await connectTls({ port: listener.addr.port, psk });
 * await conn.write(new TextEncoder().encode("ping"));
 * await conn.closeWrite();
 * await using server = (await accepted)!;
 * const text = await new Response(server.readable).text();
 * if (text !== "ping") throw new Error(text);
 * ```
 */
export class TlsConn extends SecureConn {
  readonly #stream: ByteStream;
  readonly #socket: StreamSocket;
  readonly #driver: SessionDriver;
  readonly #deadlines: Deadlines;
  readonly #readDeadline: Deadline;
  /** For the next write that has one; null where none was made yet, or it is in use. */
  #writeDeadline: Deadline | null = null;
  readonly #options: TlsConnOptions;
  readonly #onAbort = () => this.#fail(this.#options.signal!.reason);
  #handshake: Promise<void> | null = null;
  #failure: unknown;
  /** Set when it is the program that has closed it, and nothing has failed before. */
  #closedInOrder = false;
  #reading = false;
  /** Settles when what is written in pieces has left, and all behind it; null where nothing is. */
  #inPieces: Promise<void> | null = null;
  /** Resolved when the read ends that {@linkcode shutdown} has met. */
  #readEnded: PromiseWithResolvers<void> | null = null;
  #closed = false;

  /**
   * For the drivers: takes session and socket over.
   *
   * @ignore
   */
  constructor(
    session: TlsSession,
    stream: ByteStream,
    deadlines: Deadlines,
    options: TlsConnOptions,
  ) {
    super(session);
    // What the program does while the alert that says why goes out is no reason any more.
    const failed = (error: unknown) => this.#failed(error);
    this.#stream = stream;
    this.#socket = new StreamSocket(stream, session, failed, options.isOwn);
    this.#driver = new SessionDriver(session, this.#socket, CLOSE_TIMEOUT_MS.tls);
    this.#deadlines = deadlines;
    this.#readDeadline = deadlines.add((error) => this.#fail(error));
    this.#options = options;
    onAbort(options.signal, this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
  }

  /**
   * The peer.
   *
   * @throws {TypeError} where the connection is on streams that have no address: see `startTls()`
   */
  get remoteAddr(): Deno.NetAddr {
    return netAddr(this.#stream.remoteAddr);
  }

  /**
   * This end.
   *
   * @throws {TypeError} where the connection is on streams that have no address
   */
  get localAddr(): Deno.NetAddr {
    return netAddr(this.#stream.localAddr);
  }

  /** Lets the process wait for the connection, which it does unless it was told not to. */
  ref(): void {
    this.#stream.ref?.();
  }

  /** Lets the process end while the connection is open; streams that cannot be told so are waited for. */
  unref(): void {
    this.#stream.unref?.();
  }

  /**
   * Completes the handshake; later calls wait for the same one.
   *
   * @throws {CertificateError} where the peer's certificate does not pass
   * @throws {OpenSslError} where the peer refuses or breaks the protocol
   * @throws {TimeoutError} where it takes too long
   * @throws {Deno.errors.UnexpectedEof} where the peer closes the connection instead
   * @throws {Deno.errors.BadResource} where it is closed before
   */
  handshake(): Promise<void> {
    return this.#handshake ??= this.#completeHandshake();
  }

  /**
   * Reads bytes. One call at a time.
   *
   * @param into where they go, borrowed until the promise settles; what is there comes at once, as far as it has room
   * @param timeoutMs longest wait in milliseconds, after which the connection has failed
   * @returns how many, or null when the peer has ended its stream in order
   * @throws {Deno.errors.UnexpectedEof} where the peer vanished: what came may be cut off
   * @throws {TimeoutError} when nothing came in time
   * @throws {TypeError} where another call is still waiting, or an argument is of the wrong kind
   * @throws {RangeError} where `timeoutMs` is negative or NaN
   * @throws {OpenSslError} where the peer has broken the protocol
   * @throws {UnreadAnswersError} where it asks for answers of TLS itself and does not read them, which ends the
   * connection: 64 KiB of them may wait to be written
   * @throws {Deno.errors.BadResource} after {@linkcode close}
   */
  async read(into: Uint8Array, timeoutMs?: number): Promise<number | null> {
    checkInto(into ?? null);
    checkWait(timeoutMs);
    if (!this.session.established) await this.handshake();
    if (this.#reading) throw new TypeError("Cannot read: another read() is still waiting");
    if (into.length === 0) return 0;
    this.#reading = true;
    if (timeoutMs !== undefined && timeoutMs < Infinity) this.#readDeadline.arm(timeoutMs);
    try {
      this.#checkOpen();
      // Deno takes no read back: when its time is over, the connection has failed.
      const received = await this.#driver.receive(into, Infinity);
      return received === ENDED ? null : received;
    } catch (error) {
      // Where this end has given up, a write() would wait for ever.
      if (error instanceof UnreadAnswersError) this.#fail(error);
      throw this.#failed(error);
    } finally {
      this.#reading = false;
      this.#readDeadline.disarm();
      this.#readEnded?.resolve();
      this.#readEnded = null;
    }
  }

  /**
   * Writes all bytes, in records of 16384 at most (RFC 8446 5.1). A call that does not wait for the one
   * before goes behind it.
   *
   * @param source bytes of any number, any view or ArrayBuffer, borrowed until the promise settles
   * @param timeoutMs longest wait in milliseconds until the system has taken them all, which it does not where the
   * peer does not read; then the connection has failed
   * @returns how many they were
   * @throws {TimeoutError} when they have not left in time
   * @throws {TypeError} where `source` is neither a view nor an ArrayBuffer, or `timeoutMs` no number
   * @throws {RangeError} where `timeoutMs` is negative or NaN
   * @throws {OpenSslError} after {@linkcode closeWrite}, or where the handshake failed
   * @throws {KeyLimitError} TLS 1.2: where its keys have sealed as much as is safe; reading goes on
   * @throws {Deno.errors.BrokenPipe} where the peer has gone; ConnectionReset likewise
   * @throws {Deno.errors.BadResource} after {@linkcode close}
   */
  async write(source: ArrayBuffer | ArrayBufferView, timeoutMs?: number): Promise<number> {
    const bytes = bytesOf(source, "source");
    checkWait(timeoutMs);
    if (!this.session.established) await this.handshake();
    this.#checkOpen();
    const deadline = timeoutMs !== undefined && timeoutMs < Infinity
      ? this.#boundWrite(timeoutMs)
      : null;
    try {
      if (bytes.length > PIECE_BYTES || this.#inPieces) await this.#writeInTurn(bytes);
      else if (bytes.length > 0) await this.#driver.send(bytes);
    } catch (error) {
      // It is the end of writing alone.
      throw error instanceof KeyLimitError ? error : this.#failed(error);
    } finally {
      if (deadline) this.#unboundWrite(deadline);
    }
    return bytes.length;
  }

  #boundWrite(timeoutMs: number): Deadline {
    const deadline = this.#writeDeadline ?? this.#deadlines.add((error) => this.#fail(error));
    this.#writeDeadline = null;
    deadline.arm(timeoutMs);
    return deadline;
  }

  /** One deadline serves one write after the other: most programs have one at a time. */
  #unboundWrite(deadline: Deadline): void {
    deadline.disarm();
    if (this.#closed || this.#writeDeadline) deadline[Symbol.dispose]();
    else this.#writeDeadline = deadline;
  }

  /** Between the pieces of a write there is nothing else. */
  #writeInTurn(bytes: Uint8Array): Promise<void> {
    const before = this.#inPieces;
    const writing = before ? before.then(() => this.#writePieces(bytes)) : this.#writePieces(bytes);
    const over = () => {
      if (this.#inPieces === settled) this.#inPieces = null;
    };
    const settled: Promise<void> = writing.then(over, over);
    this.#inPieces = settled;
    return writing;
  }

  /** While one piece is on its way to the socket, the next is sealed. */
  async #writePieces(bytes: Uint8Array): Promise<void> {
    let last: MaybePromise<void> = undefined;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const next = this.#driver.send(bytes.subarray(at, at + PIECE_BYTES));
      // Where the last one has failed, that is what went wrong first.
      next?.catch(() => {});
      await last;
      last = next;
    }
    await last;
  }

  /**
   * Says that no more will be written (close_notify, RFC 8446 6.1); reading goes on.
   *
   * @throws {Deno.errors.BadResource} after {@linkcode close}
   */
  async closeWrite(): Promise<void> {
    if (!this.session.established) await this.handshake();
    this.#checkOpen();
    if (this.#inPieces) await this.#inPieces;
    this.#checkOpen();
    try {
      this.#driver.end();
      await this.#driver.sending;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * The bytes as a stream, until the peer has ended; cancelling it closes the connection. Its
   * chunks have 65536 bytes at most. Where it is read, {@linkcode read} is not called.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= bytesOfConn(this);
  }
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  /** A stream that writes: closing is {@linkcode closeWrite}, aborting {@linkcode abandon}. */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableOf({
      write: (chunk) => this.write(chunk),
      end: () => this.closeWrite(),
      abandon: () => this.abandon(),
    });
  }
  #writable: WritableStream<Uint8Array> | undefined;

  /**
   * Says that no more will be written, and reads until the peer has said so, too, for two seconds
   * at most; what it still sends is dropped.
   */
  async shutdown(): Promise<void> {
    if (this.#closed || this.#failure !== undefined || !this.session.established) return;
    using deadline = this.#deadlines.add(() => this.#fail(new TimeoutError("no close_notify")));
    deadline.arm(CLOSE_TIMEOUT_MS.tls);
    try {
      if (this.#inPieces) await this.#inPieces;
      this.#driver.end();
      await this.#driver.sending;
      while (!this.session.peerEnded) {
        if (this.#reading) await (this.#readEnded ??= Promise.withResolvers<void>()).promise;
        else await this.read(DROPPED);
      }
    } catch {
      // The peer has gone without a word; nothing is left to be told.
    }
  }

  /** Frees the connection without a word to the peer. May be called twice. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closedInOrder = this.#failure === undefined;
    this.#failure ??= new Deno.errors.BadResource("the connection is closed");
    this.#readDeadline[Symbol.dispose]();
    this.#writeDeadline?.[Symbol.dispose]();
    offAbort(this.#options.signal, this.#onAbort);
    this.#driver.close();
    this.#options.released?.();
  }

  async #completeHandshake(): Promise<void> {
    // It bounds writing, too: the peer may not read.
    using deadline = this.#deadlines.add((error) =>
      this.#fail(error instanceof TimeoutError ? this.session.timeoutError() : error)
    );
    deadline.arm(this.#options.handshakeTimeoutMs);
    try {
      this.#checkOpen();
      await this.#driver.handshake(Infinity);
      // A callback, or the program meanwhile, may have ended it.
      this.#checkOpen();
    } catch (error) {
      const failure = this.#failed(error);
      if (!this.#closedInOrder) this.#options.failed?.(failure);
      throw failure;
    }
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** From outside a call: every call that waits on the socket ends with it. */
  #fail(error: unknown): void {
    this.#failed(error);
    this.#socket.close();
  }

  /** The reason of a failure counts for more than what a closed socket says of it. */
  #failed(error: unknown): unknown {
    this.session.fail();
    return this.#failure ??= known(error);
  }
}

function netAddr(address: Deno.Addr | undefined): Deno.NetAddr {
  if (address && "hostname" in address) return address;
  throw new TypeError("Cannot tell the address: the streams below have none");
}
