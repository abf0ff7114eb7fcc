/**
 * The core of TLS and DTLS, free of I/O: bytes or datagrams go in, bytes or datagrams come out.
 *
 * It owns no socket, starts no timer and awaits nothing. Whoever drives it feeds what arrived,
 * asks it to go on, sends what it drains, and comes back when {@linkcode TlsSession.timeoutMs}
 * is over.
 *
 * @module
 */
import { ENDED, NOT_YET } from "../base/read_result.ts";
import type { TimeoutError } from "../base/errors.ts";
import { SSL_ERROR, SSL_OP } from "./constants.ts";
import type { TlsContext } from "./context.ts";
import type { CookieSecrets } from "./cookies.ts";
import { takeError } from "./errors.ts";
import { type HandshakeStatistics, readInfo, type TlsInfo } from "./info.ts";
import { emptyQueue, type OpenSsl } from "./library.ts";
import type { SavedSession } from "./saved_session.ts";
import { exportKeyingMaterial } from "./session/exporter.ts";
import { HandshakeCounters } from "./session/handshake_counters.ts";
import { explained, noAnswerInTime } from "./session/handshake_errors.ts";
import { SessionInput } from "./session/input.ts";
import { newSsl } from "./session/new_ssl.ts";
import { SessionOutput } from "./session/output.ts";
import { expectName } from "./session/peer_name.ts";
import { Resumption } from "./session/resumption.ts";
import { RunningCall } from "./session/running_call.ts";
import { hasChangedCipher, hasFailed } from "./session/ssl_state.ts";
import { sendAgain, timeLeftMs } from "./session/timer.ts";
import { DEFAULT_MTU } from "./settings.ts";

let live = 0;

/** For tests: how many sessions there are that have not been closed. */
export function liveSessions(): number {
  return live;
}

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

/** An SSL between two memory BIOs; freed by `close()`. */
export class TlsSession implements Disposable {
  /** True once the handshake is complete. */
  established = false;
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
  readonly #call = new RunningCall();
  readonly #resumption: Resumption;
  readonly #input: SessionInput;
  readonly #output: SessionOutput;
  #ssl: Deno.PointerValue;
  /** Told that the client is known, where OpenSSL was told to ask for cookies. */
  #cookies: CookieSecrets | null = null;
  /** After a fatal error nothing more may be called (SSL_get_error(3)). */
  #broken = false;
  /** Set when the peer has been told that no more comes. */
  #ended = false;
  /** Set when a callback has closed it: it is freed when the call has returned. */
  #closing = false;

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
    this.#resumption = new Resumption(context, { serverName, checksName }, this.#call.record);
    // Before anything is made that would have to be freed: a closed one throws.
    const saved = options.session?.pointer && options.session;
    const { ssl, input, output } = newSsl(context, mtu);
    this.#ssl = ssl;
    this.#input = new SessionInput(lib, input, context.datagram, this.#counters);
    this.#output = new SessionOutput(lib, output, context.datagram ? mtu : null);
    context.retain();
    live++;
    if (context.role === "server") return;
    try {
      if (serverName !== undefined) expectName(lib, ssl, serverName, checksName);
      if (saved) this.#resumption.offer(ssl, saved);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Takes what arrived: on DTLS exactly one datagram, after which the session has to be driven
   * until it wants more. The bytes are copied. What comes after `close()` is dropped: a datagram
   * may be on its way here when a connection is closed, and the BIO is gone by then. So is what
   * comes after a failure, when nobody reads it any more.
   */
  feed(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#ssl === null || this.#broken || bytes.length === 0) return;
    if (this.established) this.#input.feed(this.#ssl, bytes);
    else this.#input.feedHandshake(bytes);
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
    const ssl = this.#enter();
    try {
      this.#output.isPending = true;
      const result = this.#doHandshake(ssl);
      if (this.#isRefused) return false;
      if (result !== 1) {
        this.#wantsMore(ssl, result, "complete the handshake");
        return false;
      }
      const refusal = this.#resumption.complete(ssl);
      // The program is asked for the key again.
      if (this.#isRefused) return false;
      if (refusal) {
        // The peer is through with its handshake: it is told that the connection has ended.
        this.#lib.SSL_shutdown(ssl);
        throw this.#broke(refusal);
      }
      if (this.#input.hasEarly) this.#input.feedEarly();
      return this.established = true;
    } finally {
      this.#leave();
    }
  }

  #doHandshake(ssl: Deno.PointerObject): number {
    emptyQueue(this.#lib);
    if (this.#cookies) this.#cookies.isKnown = true;
    let result = this.#lib.SSL_do_handshake(ssl);
    // The peer's Finished is read once its ChangeCipherSpec was.
    while (result !== 1 && this.#input.hasEarly && hasChangedCipher(this.#lib, ssl)) {
      this.#input.feedEarly();
      emptyQueue(this.#lib);
      result = this.#lib.SSL_do_handshake(ssl);
    }
    if (this.#cookies) this.#cookies.isKnown = false;
    return result;
  }

  /**
   * Server over datagrams: the stateless beginning (DTLSv1_listen(3)), once a datagram.
   *
   * @param address a BIO_ADDR to be filled, which memory BIOs leave empty
   * @returns true when the client's cookie is good: go on with the handshake
   */
  listen(address: Deno.PointerObject): boolean {
    const ssl = this.#enter();
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
      this.#leave();
    }
  }

  /**
   * Reads application data.
   *
   * @returns bytes read into `into`, {@linkcode NOT_YET} or {@linkcode ENDED}
   * @throws {OpenSslError} where the session is broken
   */
  read(into: Uint8Array<ArrayBuffer>): number {
    if (this.#input.unread === "nothing" && !this.#broken && this.#ssl !== null) {
      return this.peerEnded ? ENDED : NOT_YET;
    }
    const ssl = this.#enter();
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
      if (result > 0) return result;
      if (!this.#wantsMore(ssl, result, "read")) return ENDED;
      this.#input.unread = "nothing";
      return NOT_YET;
    } finally {
      this.#leave();
    }
  }

  /**
   * Seals application data; drain it afterwards. On DTLS one call is one record.
   *
   * @param bytes at least one; on DTLS at most 16384 (RFC 6347 4.1)
   * @throws {OpenSslError} where the session is broken or the bytes are too many
   */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    const ssl = this.#enter();
    try {
      this.#output.isPending = true;
      emptyQueue(this.#lib);
      const result = this.#lib.SSL_write(ssl, bytes, bytes.length);
      // A memory BIO takes everything: there is no "not yet" and no part.
      if (result <= 0) throw takeError(this.#lib, "write", ssl);
      this.#lib.queueIsEmpty = true;
    } finally {
      this.#leave();
    }
  }

  /**
   * Hands over what is to be sent: on DTLS a datagram at a time, on TLS all bytes.
   *
   * @param emit the bytes are borrowed for the call
   */
  drain(emit: (bytes: Uint8Array) => void): void {
    if (this.#ssl === null || !this.#output.isPending) return;
    if (this.#counters.isOver) return this.#output.drain(emit);
    const isLast = this.#broken && !this.established;
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
    if (this.#ssl === null || this.#broken || !this.established || this.#call.isRunning) {
      return true;
    }
    const ssl = this.#enter();
    try {
      this.#output.isPending = true;
      emptyQueue(this.#lib);
      const result = this.#lib.SSL_shutdown(ssl);
      if (result >= 0) this.#ended = true;
      return result === 1;
    } finally {
      this.#leave();
    }
  }

  /**
   * DTLS: milliseconds until {@linkcode handleTimeout} wants to be called, 0 for now; null where
   * nothing is waited for.
   */
  timeoutMs(): number | null {
    if (!this.#context.datagram || this.#ssl === null || this.#broken) return null;
    return timeLeftMs(this.#lib, this.#ssl);
  }

  /**
   * DTLS: sends the last flight again when its time has come; drain it. On TLS it does nothing.
   *
   * @throws {OpenSslError} where it was sent too often
   */
  handleTimeout(): void {
    if (!this.#context.datagram) return;
    const ssl = this.#enter();
    try {
      this.#output.isPending = true;
      if (sendAgain(this.#lib, ssl)) this.statistics.retransmissions++;
    } catch (error) {
      throw this.#broke(error);
    } finally {
      this.#leave();
    }
  }

  /** Whether the session was resumed; a TLS 1.3 handshake with a pre-shared key is a new one. */
  get resumed(): boolean {
    return this.#resumption.resumed;
  }

  /** What to say of a handshake that takes too long. */
  timeoutError(): TimeoutError {
    const { pskIdentity } = this.#call.record;
    return noAnswerInTime(pskIdentity !== null && this.statistics.bytesReceived > 0);
  }

  /** What was agreed on; for a session that is, or was, established. */
  info(): TlsInfo {
    this.#lib.ERR_clear_error();
    const { resumed, pskIdentity } = this.#resumption;
    const known = { resumed, pskIdentity, statistics: this.statistics };
    return readInfo(this.#lib, this.#open(), known);
  }

  /**
   * Client: what is needed to resume this session later; the caller closes it. In TLS 1.3 it comes
   * after the handshake: take it after the first answer.
   *
   * @returns null where the server has not given it
   */
  save(): SavedSession | null {
    const ssl = this.#open();
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
    return exportKeyingMaterial(this.#lib, this.#open(), { label, length, context });
  }

  /** Gives it up: nothing more is read or written, and what is fed is dropped. */
  fail(): void {
    this.#broken = true;
    this.#call.giveUp();
  }

  /** Frees it, and with it the two BIOs. May be called twice. */
  close(): void {
    if (this.#ssl === null) return;
    if (this.#call.isRunning) {
      // A callback hangs up from within a call of this session's.
      this.fail();
      this.#closing = true;
      return;
    }
    // SSL_free(3) lets no session be resumed that has not been shut down, whoever saved it; RFC 5246
    // 7.2.1 asks for that after a fatal error alone. What it writes here is freed with the BIO.
    if (this.established && !this.#ended && !hasFailed(this.#lib, this.#ssl)) {
      this.#lib.ERR_clear_error();
      this.#lib.SSL_shutdown(this.#ssl);
      this.#lib.ERR_clear_error();
    }
    this.#lib.SSL_free(this.#ssl);
    this.#ssl = null;
    live--;
    this.#context.release();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Deno.PointerObject {
    if (this.#ssl === null || this.#closing) {
      throw new TypeError("Cannot use a TLS session: it is closed");
    }
    return this.#ssl;
  }

  /** The SSL for a call, from which C may call back until {@linkcode #leave}. */
  #enter(): Deno.PointerObject {
    const ssl = this.#open();
    if (this.#broken) throw new TypeError("Cannot use a TLS session: it has failed");
    this.#call.begin();
    return ssl;
  }

  /** After a call, whatever it has returned or thrown: what a callback has done counts for more. */
  #leave(): void {
    const failure = this.#call.end();
    if (failure) {
      // An alert goes out; what would go on with the handshake does not.
      this.#output.isPending = hasFailed(this.#lib, this.#ssl!);
      throw this.#broke(failure);
    }
    if (!this.#closing) return;
    this.#closing = false;
    this.close();
    throw new Deno.errors.BadResource("the connection is closed");
  }

  /** Whether a callback has failed, or has given it up, in the call that is running. */
  get #isRefused(): boolean {
    return this.#broken || this.#call.record.failure !== null;
  }

  /** After a fatal error. */
  #broke<E>(error: E): E {
    this.#broken = true;
    return error;
  }

  /** True where the session waits for the peer, false where the peer has ended it. */
  #wantsMore(ssl: Deno.PointerObject, result: number, action: string): boolean {
    switch (this.#lib.SSL_get_error(ssl, result)) {
      case SSL_ERROR.WANT_READ:
      case SSL_ERROR.WANT_WRITE:
        this.#lib.queueIsEmpty = true;
        return true;
      case SSL_ERROR.ZERO_RETURN:
        this.#lib.queueIsEmpty = true;
        this.peerEnded = true;
        return false;
      case SSL_ERROR.SYSCALL:
        // An empty DTLS record, or a fragment that OpenSSL drops as impossible, reads like this,
        // with nothing in the queue (SSL_get_error(3)); the session lives on unless it says not.
        if (this.#context.datagram && !hasFailed(this.#lib, ssl)) return true;
    }
    const error = takeError(this.#lib, action, ssl, this.#serverName);
    throw this.#broke(explained(this.#context, error));
  }
}
