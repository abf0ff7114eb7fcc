/**
 * A TLS connection of `node:tls` as a stream that is read into a caller's buffer and whose waits
 * all end at a deadline.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Deadline, Deadlines } from "../../common/base/deadline.ts";
import { RunError } from "../../common/base/errors.ts";
import { ENDED } from "../../common/base/read_result.ts";
import type { Role } from "../../common/model/protocol.ts";
import type { MaybePromise } from "../../common/base/maybe_promise.ts";
import { type Phase, streamError } from "./errors.ts";

/** What arrived and was not read yet; with more than this, in bytes, no more is taken in. */
const ARRIVED_LIMIT = 65_536;

/**
 * Reads, writes, ends and closes a TLS socket. One call at a time, but for `close()`.
 *
 * Deno tells the end of a session (close_notify), the bare end of the TCP connection and a reset
 * alike: a reader has to know by itself whether everything has come (RFC 8446 6.1, truncation).
 */
export class NodeTlsStream {
  /** The TCP socket beneath. */
  readonly raw: Socket;
  #socket: TLSSocket | null = null;
  readonly #peer: Role;
  readonly #deadline: Deadline;
  readonly #closed = Promise.withResolvers<void>();
  readonly #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  #paused = false;
  #phase: Phase;
  /** What had come by the end of a client's handshake, encrypted. */
  #handshakeBytes = 0;
  /** The peer has ended; what arrived before can still be read. */
  #ended = false;
  /** What arrives from now on is thrown away. */
  #discards = false;
  /** This end is being ended, and this is called when both are. */
  #finish: (() => void) | null = null;
  #failure: Error | null = null;
  /** The pending call, and where a read puts its bytes. */
  #resolve: ((value: unknown) => void) | null = null;
  #reject: ((error: Error) => void) | null = null;
  #into: Uint8Array | null = null;

  /**
   * Takes a TCP connection over: closing this closes it.
   *
   * @param peer which end is the other one
   */
  constructor(raw: Socket, peer: Role, deadlines: Deadlines) {
    this.raw = raw;
    this.#peer = peer;
    this.#phase = peer === "server" ? "handshake" : "unheard";
    this.#deadline = deadlines.add((error) => this.#fail(error));
  }

  /** Takes over what makes TLS of the connection; a client's may still be in its handshake. */
  secure(socket: TLSSocket): void {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => this.#onData(bytes));
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error) => this.#onError(error));
    socket.on("close", () => {
      this.#onError(new Deno.errors.UnexpectedEof());
      this.#closed.resolve();
    });
  }

  /** The TLS socket; there is none before {@linkcode secure}. */
  get socket(): TLSSocket {
    return this.#socket!;
  }

  /** Waits for the end of a client's handshake. */
  handshake(timeoutMs: number): Promise<void> {
    return this.#begin(timeoutMs, () => {
      this.socket.once("secureConnect", () => {
        this.#phase = "unheard";
        this.#handshakeBytes = this.raw.bytesRead;
        this.#settle();
      });
    });
  }

  /**
   * Reads into `into`.
   *
   * @returns the number of bytes, at once where some are there; `ENDED` where the peer ended or
   * vanished
   * @throws {RunError} where the session is broken, or nothing came in time
   */
  read(into: Uint8Array, timeoutMs: number): MaybePromise<number> {
    if (this.#arrivedBytes > 0) return this.#take(into);
    if (this.#ended && !this.#failure) return ENDED;
    return this.#begin(timeoutMs, () => this.#into = into);
  }

  /**
   * Writes all bytes, borrowed for the call.
   *
   * @throws {RunError} where the peer has vanished, or does not take them in time
   */
  write(bytes: Uint8Array, timeoutMs: number): Promise<void> {
    // Deno takes an empty write for a forbidden one.
    if (bytes.length === 0) return Promise.resolve();
    return this.#begin(timeoutMs, () => {
      this.socket.write(bytes, (error) => error ? this.#onError(error) : this.#settle());
    });
  }

  /**
   * Ends the session in order: sends close_notify and waits for the peer's. What arrives in the
   * meantime is thrown away.
   */
  shutdown(timeoutMs: number): Promise<void> {
    this.#discard();
    return this.#begin(timeoutMs, () => {
      this.#finish = () => this.#settle();
      this.socket.end(() => this.#ended && this.#finish?.());
    });
  }

  /** Gives the socket back; a pending call rejects. May be called twice. */
  async close(): Promise<void> {
    this.#fail(new RunError("the connection is closed"));
    if (this.#socket) await this.#closed.promise;
  }

  /** Starts a call that ends with #settle(), #fail(), or at its deadline. */
  #begin<T extends number | void>(timeoutMs: number, start: () => void): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve as (value: unknown) => void;
      this.#reject = reject;
      this.#deadline.arm(timeoutMs);
      start();
    });
  }

  #settle(value?: number): void {
    this.#deadline.disarm();
    this.#into = null;
    this.#reject = null;
    this.#resolve?.(value);
    this.#resolve = null;
  }

  #onData(bytes: Uint8Array): void {
    this.#phase = "open";
    if (this.#discards) return;
    this.#arrived.push(bytes);
    this.#arrivedBytes += bytes.length;
    if (this.#into) this.#settle(this.#take(this.#into));
    if (this.#arrivedBytes > ARRIVED_LIMIT) this.#pause();
  }

  /** Moves as much as there is and as there is room for. */
  #take(into: Uint8Array): number {
    let taken = 0;
    while (taken < into.length && this.#arrived.length > 0) {
      const first = this.#arrived[0]!;
      const part = first.subarray(0, into.length - taken);
      into.set(part, taken);
      taken += part.length;
      if (part.length === first.length) this.#arrived.shift();
      else this.#arrived[0] = first.subarray(part.length);
    }
    this.#arrivedBytes -= taken;
    if (this.#paused && this.#arrivedBytes === 0) this.#resume();
    return taken;
  }

  /**
   * The TCP socket waits, not the TLS one: paused itself, that one goes on taking bytes in without
   * a bound, and forgets a close_notify that comes in the meantime.
   */
  #pause(): void {
    this.#paused = true;
    this.raw.pause();
  }

  #resume(): void {
    this.#paused = false;
    // The two share a mark that says who reads; once the TLS socket has set it, resume() alone does
    // nothing.
    this.raw.pause();
    this.raw.resume();
  }

  #discard(): void {
    this.#discards = true;
    this.#arrived.length = 0;
    this.#arrivedBytes = 0;
    if (this.#paused) this.#resume();
  }

  #onEnd(): void {
    if (this.#isRefusal()) return this.#onError(new Deno.errors.UnexpectedEof());
    this.#ended = true;
    if (this.#into) this.#settle(ENDED);
    if (this.#finish && this.socket.writableFinished) this.#finish();
  }

  /**
   * A server of Deno's that refuses a certificate says nothing, neither why nor close_notify, and
   * as the client's handshake is done by then it would take this for an orderly end.
   */
  #isRefusal(): boolean {
    if (this.#peer === "client" || this.#phase === "open") return false;
    return !this.#finish || this.raw.bytesRead === this.#handshakeBytes;
  }

  #onError(error: Error): void {
    // Both have ended, and the peer was quicker to close: nothing is lost.
    if (this.#ended && this.#finish) this.#finish();
    else this.#fail(streamError(error, this.#peer, this.#phase));
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#deadline[Symbol.dispose]();
    this.#into = null;
    this.#reject?.(error);
    (this.#socket ?? this.raw).destroy();
  }
}
