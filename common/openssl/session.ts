/**
 * A session of TLS or DTLS, free of I/O: bytes or datagrams go in, bytes or datagrams come out.
 *
 * It owns no socket, starts no timer and awaits nothing. Its driver feeds what arrived, asks it to go
 * on, sends what it drains, and comes back when {@linkcode TlsSession.timeoutMs} is over.
 *
 * @module
 */
import { ENDED, NOT_YET } from "../base/read_result.ts";
import type { TimeoutError } from "../base/errors.ts";
import { SSL_OP } from "./bindings/constants.ts";
import type { TlsContext } from "./context.ts";
import type { CookieSecrets } from "./cookies.ts";
import { takeError } from "./bindings/errors.ts";
import { type HandshakeStatistics, readInfo, type TlsInfo } from "./info.ts";
import { emptyQueue, type OpenSsl } from "./bindings/library.ts";
import type { SavedSession } from "./saved_session.ts";
import { exportKeyingMaterial } from "./session/exporter.ts";
import { HandshakeCounters } from "./session/handshake_counters.ts";
import { explained, noAnswerInTime } from "./session/handshake_errors.ts";
import { stepHandshake } from "./session/handshake_step.ts";
import { SessionInput } from "./session/input.ts";
import { SessionOutput } from "./session/output.ts";
import { expectName } from "./session/peer_name.ts";
import { Resumption } from "./session/resumption.ts";
import { SessionSsl } from "./session/ssl.ts";
import { sendAgain, timeLeftMs } from "./session/timer.ts";
import { DEFAULT_MTU } from "./settings.ts";

export { liveSessions } from "./session/ssl.ts";

/** Settings of one session. */
export interface TlsSessionOptions {
  /** Client: name or IP address that the server's certificate has to be for. */
  serverName?: string | undefined;
  /** Client: false sends the name and does not check it (default true). */
  checksName?: boolean | undefined;
  /** DTLS: longest UDP payload of the handshake in bytes, 256 to 65507. */
  mtu?: number | undefined;
  /** Client: a session to resume; where the server does not want it, the handshake is a full one. */
  session?: SavedSession | undefined;
}

/** A TLS or DTLS connection as bytes in and bytes out; freed by `close()`. */
export class TlsSession implements Disposable {
  /** True once the peer has said that it sends no more. */
  peerEnded = false;
  readonly #counters = new HandshakeCounters();
  /** Counts of the handshake; the round trip is set by the session's driver, which has a clock. */
  readonly statistics: HandshakeStatistics = this.#counters.statistics;
  /** What a handshake that has failed has put out at last: the alert that says why. */
  lastWords: Uint8Array<ArrayBuffer> | null = null;
  readonly #context: TlsContext;
  readonly #lib: OpenSsl;
  readonly #serverName: string | undefined;
  readonly #ssl: SessionSsl;
  readonly #resumption: Resumption;
  readonly #input: SessionInput;
  readonly #output: SessionOutput;
  /** Told that the client is known, where OpenSSL was told to ask for cookies. */
  #cookies: CookieSecrets | null = null;
  /** What the next call throws. */
  #broken: { error: unknown } | null = null;

  /**
   * The context may be closed before the session is: it counts its sessions.
   *
   * @throws {TypeError} where the context or the session to resume is closed
   */
  constructor(context: TlsContext, options: TlsSessionOptions = {}) {
    const lib = this.#lib = context.lib;
    this.#context = context;
    const { serverName, checksName = true, mtu = DEFAULT_MTU } = options;
    this.#serverName = serverName;
    // Before anything is made that would have to be freed: a closed one throws.
    const saved = options.session?.pointer && options.session;
    const ssl = this.#ssl = new SessionSsl(context, mtu);
    this.#input = new SessionInput(lib, ssl.input, context.datagram, this.#counters);
    this.#output = new SessionOutput(lib, ssl.output, context.datagram ? mtu : null);
    this.#resumption = new Resumption(context, { serverName, checksName }, ssl.calls);
    if (context.role === "server") return;
    ssl.calls.peerName = serverName ?? null;
    try {
      if (serverName !== undefined) expectName(lib, ssl.pointer, serverName, checksName);
      if (saved) this.#resumption.offer(ssl.pointer, saved);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** True once the handshake is complete; it stays so when the session fails or is closed. */
  get established(): boolean {
    return this.#ssl.phase !== "handshaking";
  }

  /**
   * Takes what arrived: on DTLS exactly one datagram, after which the session has to be driven
   * until it wants more. The bytes are copied, unless they are lent. What comes after `close()` is dropped: a datagram
   * may be on its way here when a connection is closed, and the BIO is gone by then. So is what
   * comes after a failure, as nothing reads it any more.
   *
   * @param isLent true where a stream's stay what they are until `read()` wants more: they are not copied
   */
  feed(bytes: Uint8Array<ArrayBuffer>, isLent = false): void {
    const ssl = this.#ssl;
    if (!ssl.isOpen || bytes.length === 0) return;
    ssl.trace?.fed(bytes);
    if (ssl.phase === "handshaking") this.#input.feedHandshake(bytes);
    else if (isLent && this.#input.takesLent(bytes)) this.#input.feedLent(ssl.pointer, bytes);
    else this.#input.feed(ssl.pointer, bytes);
  }

  /**
   * Goes on with the handshake.
   *
   * @returns true when it is complete
   * @throws {CertificateError} where the peer's certificate does not pass
   * @throws {CallbackError} where a function of the program has failed in it
   * @throws {OpenSslError} where the handshake failed otherwise; drain the alert all the same
   * @throws {Deno.errors.BadResource} where a function of the program has closed the session
   */
  handshake(): boolean {
    if (this.established) return true;
    const ssl = this.#ssl.begin();
    this.#ssl.trace?.accepts();
    try {
      this.#resumption.reconsider(ssl);
      if (this.#ssl.isRefused) return false;
      this.#output.isPending = true;
      const result = stepHandshake(this.#lib, ssl, this.#input, this.#cookies);
      // Before it counts as established. After an error its queue is still to be read.
      if (result === 1) this.#ssl.trace?.deliver();
      if (this.#ssl.isRefused) return false;
      if (result !== 1) {
        this.#wantsMore(ssl, result, "complete the handshake");
        return false;
      }
      const refusal = this.#resumption.complete(ssl);
      // The program is asked for the key again.
      if (this.#ssl.isRefused) return false;
      if (refusal) {
        // The peer is through with its handshake: it is told that the connection has ended.
        this.#lib.SSL_shutdown(ssl);
        throw this.#ssl.failed(refusal);
      }
      if (this.#input.hasEarly) this.#input.feedEarly();
      this.#ssl.phase = "established";
      return true;
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /**
   * Server over datagrams: the stateless beginning (DTLSv1_listen(3)), once a datagram.
   *
   * @param address a BIO_ADDR to be filled, which memory BIOs leave empty
   * @returns true when the client's cookie is good: go on with the handshake
   */
  listen(address: Deno.PointerObject): boolean {
    const ssl = this.#ssl.begin();
    this.#ssl.trace?.listens();
    try {
      this.#output.isPending = true;
      // Not on the context: there it would make every handshake ask for a cookie again.
      if (!this.#cookies) this.#lib.SSL_set_options(ssl, BigInt(SSL_OP.COOKIE_EXCHANGE));
      this.#cookies = this.#context.cookies;
      this.#lib.ERR_clear_error();
      const result = this.#lib.DTLSv1_listen(ssl, address);
      if (result < 0) throw takeError(this.#lib, "read a ClientHello");
      if (result === 0) this.#counters.forgetReceived();
      return result > 0;
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /**
   * Reads application data: on TLS as much as is there, on DTLS one message.
   *
   * @returns bytes read into `into`, {@linkcode NOT_YET} or {@linkcode ENDED}
   * @throws {OpenSslError} where the session is broken
   */
  read(into: Uint8Array<ArrayBuffer>): number {
    if (this.#input.unread === "nothing" && this.#ssl.isOpen) {
      return this.peerEnded ? ENDED : NOT_YET;
    }
    this.#checkWhole();
    const ssl = this.#ssl.begin();
    try {
      emptyQueue(this.#lib);
      const result = this.#lib.SSL_read(ssl, into, into.length);
      this.#lib.queueIsEmpty = result > 0;
      if (result > 0 && this.#input.unread === "one record") {
        // A record is read to its end where there is room: then OpenSSL need not be asked for more.
        // And one with data in it has nothing else, that would be answered.
        if (result < into.length) this.#input.unread = "nothing";
        return result;
      }
      this.#output.isPending = true;
      if (result > 0) return this.#context.datagram ? result : this.#readOn(ssl, into, result);
      return this.#nothingRead(ssl, result);
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /** Fills the rest of `into` from the records of a stream that are there: SSL_read gives one a call. */
  #readOn(ssl: Deno.PointerObject, into: Uint8Array<ArrayBuffer>, length: number): number {
    let at = length;
    while (at < into.length && !this.#ssl.isRefused) {
      const result = this.#lib.SSL_read(ssl, into.subarray(at), into.length - at);
      if (result <= 0) {
        this.#lib.queueIsEmpty = false;
        try {
          this.#nothingRead(ssl, result);
        } catch (error) {
          // What came before it counts first.
          this.#broken = { error };
        }
        break;
      }
      at += result;
    }
    return at;
  }

  #nothingRead(ssl: Deno.PointerObject, result: number): number {
    if (!this.#wantsMore(ssl, result, "read")) return ENDED;
    this.#input.unread = "nothing";
    return NOT_YET;
  }

  /** @throws what has broken the session after bytes that were read */
  #checkWhole(): void {
    if (this.#broken) throw this.#broken.error;
  }

  /**
   * Seals application data; drain it afterwards. On DTLS one call is one record.
   *
   * @param bytes at least one; on DTLS at most 16384 (RFC 6347 4.1)
   * @throws {OpenSslError} where the session is broken or the bytes are too many
   */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    this.#checkWhole();
    const ssl = this.#ssl.begin();
    try {
      this.#output.isPending = true;
      emptyQueue(this.#lib);
      const result = this.#lib.SSL_write(ssl, bytes, bytes.length);
      // A memory BIO takes everything: there is no "not yet" and no part.
      if (result <= 0) throw takeError(this.#lib, "write", ssl);
      this.#lib.queueIsEmpty = true;
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /**
   * Hands over what is to be sent: on DTLS a datagram at a time, on TLS all bytes.
   *
   * @param emit the bytes are borrowed for the call; see `keepOutput`
   */
  drain(emit: (bytes: Uint8Array) => void): void {
    if (!this.#output.isPending || this.#ssl.isFreed) return;
    if (this.#counters.isOver) return this.#output.drain(emit);
    const isLast = !this.#ssl.isOpen && !this.established;
    this.#output.drain(this.#counters.counting(emit), (bytes) => {
      if (isLast) this.lastWords = bytes.slice();
    });
    // The last flight, if it is this end's, is drained after the handshake and belongs to it.
    this.#counters.isOver = this.established;
  }

  /**
   * Says that no more will be sent (close_notify); drain it. Does nothing after a fatal error.
   *
   * @returns true when the peer has said so, too
   */
  shutdown(): boolean {
    if (!this.#ssl.isOpen || !this.established || this.#ssl.isRunning) return true;
    const ssl = this.#ssl.begin();
    try {
      this.#output.isPending = true;
      emptyQueue(this.#lib);
      const result = this.#lib.SSL_shutdown(ssl);
      if (result >= 0) this.#ssl.phase = "ended";
      return result === 1;
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /**
   * DTLS: milliseconds until {@linkcode handleTimeout} wants to be called, 0 for now; null where
   * nothing is waited for.
   */
  timeoutMs(): number | null {
    if (!this.#context.datagram || !this.#ssl.isOpen) return null;
    return timeLeftMs(this.#lib, this.#ssl.pointer);
  }

  /**
   * DTLS: sends the last flight again when its time has come; drain it. On TLS it does nothing.
   *
   * @throws {OpenSslError} where it was sent too often
   */
  handleTimeout(): void {
    if (!this.#context.datagram) return;
    const ssl = this.#ssl.begin();
    try {
      this.#output.isPending = true;
      if (sendAgain(this.#lib, ssl)) this.statistics.retransmissions++;
    } catch (error) {
      throw this.#ssl.failed(error);
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /** Which of its context's sessions it is, from 1. */
  get number(): number {
    return this.#ssl.number;
  }

  /** Whether the session was resumed; a TLS 1.3 handshake with a pre-shared key is a new one. */
  get resumed(): boolean {
    return this.#resumption.resumed;
  }

  /** What to say of a handshake that takes too long. */
  timeoutError(): TimeoutError {
    const { pskIdentity } = this.#ssl.calls;
    return noAnswerInTime(pskIdentity !== null && this.statistics.bytesReceived > 0);
  }

  /** What was agreed on; for a session that is, or was, established. */
  info(): TlsInfo {
    this.#lib.ERR_clear_error();
    const { resumed, pskIdentity } = this.#resumption;
    const known = { resumed, pskIdentity, statistics: this.statistics };
    return readInfo(this.#lib, this.#ssl.pointer, known);
  }

  /**
   * Client: what is needed to resume this session later; the caller closes it. In TLS 1.3 it comes
   * after the handshake: take it after the first answer.
   *
   * @returns null where the server has not given it
   */
  save(): SavedSession | null {
    const ssl = this.#ssl.pointer;
    return this.established ? this.#resumption.save(ssl) : null;
  }

  /**
   * Secrets for other protocols' use: RFC 5705, RFC 8446 7.5.
   *
   * @param label such as "EXTRACTOR-dtls_srtp"
   * @param length in bytes
   * @param context bound into the secret; absent is not the same as empty, up to version 1.2
   */
  exportKeyingMaterial(
    label: string,
    length: number,
    context?: ArrayBuffer | ArrayBufferView,
  ): Uint8Array {
    if (!this.established) throw new TypeError("Cannot export keying material: no handshake yet");
    return exportKeyingMaterial(this.#lib, this.#ssl.pointer, { label, length, context });
  }

  /** Gives it up: nothing more is read or written, and what is fed is dropped. */
  fail(): void {
    this.#ssl.giveUp();
  }

  /** Frees it, and with it the two BIOs. May be called twice. */
  close(): void {
    this.#ssl.close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** True where the session waits for the peer, false where the peer has ended it. */
  #wantsMore(ssl: Deno.PointerObject, result: number, action: string): boolean {
    const outcome = this.#ssl.outcomeOf(ssl, result);
    if (outcome === "ended") this.peerEnded = true;
    if (outcome !== "failed") return outcome === "not yet";
    const error = takeError(this.#lib, action, ssl, this.#serverName);
    throw this.#ssl.failed(explained(this.#context, error));
  }
}
