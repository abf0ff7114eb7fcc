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
import { ReusedMemory } from "../base/reused_memory.ts";
import { TimeoutError } from "../base/errors.ts";
import { type CallRecord, enterCall, report } from "./calls.ts";
import { SSL_CTRL, SSL_ERROR, SSL_OP } from "./constants.ts";
import type { TlsContext } from "./context.ts";
import { CertificateError, OpenSslError, takeError } from "./errors.ts";
import { HandshakeInput } from "./session/handshake_input.ts";
import { type HandshakeStatistics, readInfo, type TlsInfo } from "./info.ts";
import { cString, type OpenSsl } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";
import {
  ENOUGH_SEALED_BYTES,
  isOneRecord,
  isPlausible,
  MIN_SEALED_BYTES,
  packDatagrams,
  sealedBytes,
} from "./records.ts";
import { exportKeyingMaterial } from "./session/exporter.ts";
import { expectName } from "./session/peer_name.ts";
import { Resumption } from "./session/resumption.ts";
import type { SavedSession } from "./saved_session.ts";
import { DEFAULT_MTU } from "./settings.ts";

/** No single thing that a session puts out at once is longer: some records of 2^14 bytes. */
const OUTPUT_BYTES = 128 * 1024;

/** One buffer serves all sessions: what is drained is handed over before the next call. */
let output: ReusedMemory | undefined;

/** What SSL_state_string(3) says after a fatal error, and when a ChangeCipherSpec was read. */
const FAILED_STATE = "SSLERR";
const CIPHER_CHANGED_STATE = "TRCCS";

/** A struct timeval of sys/time.h, seconds and microseconds: one serves all sessions. */
const timeval = new BigInt64Array(2);
const timevalBytes = new Uint8Array(timeval.buffer);

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
  /** Counts of the handshake; the round trip is for whoever has a clock. */
  readonly statistics: HandshakeStatistics = {
    bytesSent: 0,
    bytesReceived: 0,
    datagramsSent: 0,
    datagramsReceived: 0,
    retransmissions: 0,
    roundTripMs: null,
  };
  /** What a handshake that has failed has put out at last: the alert that says why. */
  lastWords: Uint8Array<ArrayBuffer> | null = null;
  readonly #context: TlsContext;
  readonly #lib: OpenSsl;
  readonly #datagram: boolean;
  readonly #serverName: string | undefined;
  readonly #resumption: Resumption;
  readonly #mtu: number;
  readonly #input: Deno.PointerObject;
  readonly #output: Deno.PointerObject;
  #ssl: Deno.PointerValue;
  /** Asked for when it matters. */
  #minSealedBytes: number | null = null;
  /** Set when OpenSSL was told to ask for cookies. */
  #asksForCookies = false;
  /** After a fatal error nothing more may be called (SSL_get_error(3)). */
  #broken = false;
  /** False where nothing was fed since OpenSSL has said that it wants more. */
  #unread = false;
  /** True where all that is unread is one record. */
  #single = false;
  /** False where nothing can have been put out since the last {@linkcode drain}. */
  #undrained = false;
  /** Set when the peer has been told that no more comes. */
  #ended = false;
  /** Set when the handshake's last bytes have been drained. */
  #finished = false;
  /** DTLS: what bounds the handshake's datagrams; null on TLS. */
  readonly #handshakeInput: HandshakeInput | null;
  /** Set while one of its calls is on the stack, from which C may call back. */
  #running = false;
  /** Set when a callback has given it up, and so the call's result is nobody's. */
  #givenUp = false;
  /** Set when a callback has closed it: it is freed when the call has returned. */
  #closing = false;
  /** Whose call was on the stack before. */
  #outer: CallRecord | null = null;
  readonly #calls: CallRecord = {
    pskIdentity: null,
    origin: null,
    isWelcome: false,
    failure: null,
  };

  /**
   * The context may be closed before the session is: it counts its sessions.
   *
   * @throws {TypeError} where the context or the session to resume is closed
   */
  constructor(context: TlsContext, options: TlsSessionOptions = {}) {
    const lib = this.#lib = context.lib;
    this.#context = context;
    this.#datagram = context.datagram;
    this.#handshakeInput = context.datagram ? new HandshakeInput(this.statistics) : null;
    this.#serverName = options.serverName;
    const { serverName, checksName = true } = options;
    this.#resumption = new Resumption(context, { serverName, checksName }, this.#calls);
    this.#mtu = options.mtu ?? DEFAULT_MTU;
    // Before anything is made that would have to be freed: a closed one throws.
    const saved = options.session?.pointer && options.session;
    lib.ERR_clear_error();
    using input = new MemoryBio(lib);
    using outgoing = new MemoryBio(lib);
    const ssl = lib.SSL_new(context.pointer);
    if (ssl === null) throw takeError(lib, "make a TLS session");
    this.#ssl = ssl;
    this.#input = input.giveAway();
    this.#output = outgoing.giveAway();
    context.retain();
    live++;
    lib.SSL_set_bio(ssl, this.#input, this.#output);
    if (context.datagram) lib.SSL_ctrl(ssl, SSL_CTRL.SET_MTU, BigInt(this.#mtu), null);
    if (context.timer !== null) lib.DTLS_set_timer_cb(ssl, context.timer);
    if (context.role === "client") {
      lib.SSL_set_connect_state(ssl);
      try {
        if (serverName !== undefined) expectName(lib, ssl, serverName, checksName);
        if (saved) this.#resumption.offer(ssl, saved);
      } catch (error) {
        this.close();
        throw error;
      }
    } else {
      lib.SSL_set_accept_state(ssl);
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
    if (this.#datagram && !this.#isPlausible(this.#ssl, bytes)) return;
    if (!this.established) return this.#feedHandshake(bytes);
    this.#lib.BIO_write(this.#input, bytes, bytes.length);
    this.#single = !this.#unread && isOneRecord(bytes, this.#datagram);
    this.#unread = true;
  }

  #feedHandshake(received: Uint8Array<ArrayBuffer>): void {
    const bytes = this.#handshakeInput ? this.#handshakeInput.take(received) : received;
    if (bytes === null) return;
    this.statistics.datagramsReceived++;
    this.statistics.bytesReceived += received.length;
    if (bytes.length > 0) this.#lib.BIO_write(this.#input, bytes, bytes.length);
    this.#single = false;
    this.#unread = true;
  }

  /** Feeds what has come before its time. */
  #feedEarly(input: HandshakeInput): void {
    const bytes = input.takeEarly();
    this.#lib.BIO_write(this.#input, bytes, bytes.length);
  }

  /** Only a short record is worth the question how short the cipher's may be. */
  #isPlausible(ssl: Deno.PointerObject, datagram: Uint8Array): boolean {
    if (isPlausible(datagram, ENOUGH_SEALED_BYTES)) return true;
    if (!this.established) return isPlausible(datagram, MIN_SEALED_BYTES);
    if (this.#minSealedBytes === null) {
      const cipher = this.#lib.SSL_CIPHER_get_name(this.#lib.SSL_get_current_cipher(ssl));
      this.#minSealedBytes = sealedBytes(cString(cipher) ?? "");
    }
    return isPlausible(datagram, this.#minSealedBytes);
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
      this.#undrained = true;
      this.#emptyQueue();
      const input = this.#handshakeInput;
      const cookies = this.#asksForCookies ? this.#context.cookies : null;
      if (cookies) cookies.isKnown = true;
      let result = this.#lib.SSL_do_handshake(ssl);
      // The peer's Finished is read once its ChangeCipherSpec was.
      while (result !== 1 && input?.hasEarly && this.#isIn(ssl, CIPHER_CHANGED_STATE)) {
        this.#feedEarly(input);
        this.#emptyQueue();
        result = this.#lib.SSL_do_handshake(ssl);
      }
      if (cookies) cookies.isKnown = false;
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
      if (input?.hasEarly) this.#feedEarly(input);
      return this.established = true;
    } finally {
      this.#leave();
    }
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
      this.#undrained = true;
      // Not on the context: there it would make every handshake ask for a cookie again.
      if (!this.#asksForCookies) this.#lib.SSL_set_options(ssl, BigInt(SSL_OP.COOKIE_EXCHANGE));
      this.#asksForCookies = true;
      this.#lib.ERR_clear_error();
      const result = this.#lib.DTLSv1_listen(ssl, address);
      if (result < 0) throw takeError(this.#lib, "read a ClientHello");
      // What came without a good cookie was another client's, or this one's before it.
      if (result === 0) this.statistics.datagramsReceived = this.statistics.bytesReceived = 0;
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
    if (!this.#unread && !this.#broken && this.#ssl !== null) {
      return this.peerEnded ? ENDED : NOT_YET;
    }
    const ssl = this.#enter();
    try {
      this.#emptyQueue();
      const result = this.#lib.SSL_read(ssl, into, into.length);
      this.#lib.queueIsEmpty = result > 0;
      if (result > 0 && this.#single) {
        // A record is read to its end where there is room: then OpenSSL need not be asked for more.
        // And one with data in it has nothing else, that would be answered.
        if (result < into.length) this.#unread = false;
        return result;
      }
      this.#undrained = true;
      if (result > 0) return result;
      if (!this.#wantsMore(ssl, result, "read")) return ENDED;
      this.#unread = false;
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
      this.#undrained = true;
      this.#emptyQueue();
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
    if (this.#ssl === null || !this.#undrained) return;
    this.#undrained = false;
    output ??= new ReusedMemory(OUTPUT_BYTES);
    let length: number;
    do {
      length = this.#lib.BIO_read(this.#output, output.bytes, OUTPUT_BYTES);
      if (length <= 0) break;
      const bytes = output.first(length);
      if (this.#broken && !this.established) this.lastWords = bytes.slice();
      const out = this.#finished ? emit : this.#counting(emit);
      if (this.#datagram) packDatagrams(bytes, this.#mtu, out);
      else out(bytes);
    } while (length === OUTPUT_BYTES);
    // The last flight, if it is this end's, is drained after the handshake and belongs to it.
    this.#finished = this.established;
  }

  #counting(emit: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
    return (bytes) => {
      this.statistics.datagramsSent++;
      this.statistics.bytesSent += bytes.length;
      emit(bytes);
    };
  }

  /**
   * Says that no more will be sent (close_notify); drain it. Does nothing after a fatal error.
   *
   * @returns true when the peer has said so, too
   */
  shutdown(): boolean {
    if (this.#ssl === null || this.#broken || !this.established || this.#running) return true;
    const ssl = this.#enter();
    try {
      this.#undrained = true;
      this.#emptyQueue();
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
    if (!this.#datagram || this.#ssl === null || this.#broken) return null;
    const set = this.#lib.SSL_ctrl(this.#ssl, SSL_CTRL.DTLS_GET_TIMEOUT, 0n, timevalBytes);
    if (set !== 1n) return null;
    // On macOS the microseconds have 32 bits, little-endian too.
    return Number(timeval[0]) * 1000 + Number(BigInt.asIntN(32, timeval[1]!)) / 1000;
  }

  /**
   * DTLS: sends the last flight again when its time has come; drain it. On TLS it does nothing.
   *
   * @throws {OpenSslError} where it was sent too often
   */
  handleTimeout(): void {
    if (!this.#datagram) return;
    const ssl = this.#enter();
    try {
      this.#undrained = true;
      this.#lib.ERR_clear_error();
      const result = this.#lib.SSL_ctrl(ssl, SSL_CTRL.DTLS_HANDLE_TIMEOUT, 0n, null);
      if (result < 0n) throw this.#broke(takeError(this.#lib, "complete the handshake", ssl));
      if (result > 0n) this.statistics.retransmissions++;
    } finally {
      this.#leave();
    }
  }

  /** Whether the session was resumed; a TLS 1.3 handshake with a pre-shared key is a new one. */
  get resumed(): boolean {
    return this.#resumption.resumed;
  }

  /**
   * What to say of a handshake that takes too long. A peer that finds the pre-shared key wrong says
   * nothing on DTLS: it drops what it cannot read (RFC 6347 4.1.2.7).
   */
  timeoutError(): TimeoutError {
    const isLikely = this.#calls.pskIdentity !== null && this.statistics.bytesReceived > 0;
    const hint = isLikely ? "; it has answered the hello: the pre-shared key may be wrong" : "";
    return new TimeoutError(`the peer did not answer the handshake in time${hint}`);
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
    this.#givenUp ||= this.#running;
  }

  /** Frees it, and with it the two BIOs. May be called twice. */
  close(): void {
    if (this.#ssl === null) return;
    if (this.#running) {
      // A callback hangs up from within a call of this session's.
      this.fail();
      this.#closing = true;
      return;
    }
    // SSL_free(3) lets no session be resumed that has not been shut down, whoever saved it; RFC 5246
    // 7.2.1 asks for that after a fatal error alone. What it writes here is freed with the BIO.
    if (this.established && !this.#ended && !this.#hasFailed(this.#ssl)) {
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

  #hasFailed(ssl: Deno.PointerObject): boolean {
    return this.#isIn(ssl, FAILED_STATE);
  }

  #isIn(ssl: Deno.PointerObject, state: string): boolean {
    return cString(this.#lib.SSL_state_string(ssl)) === state;
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
    if (this.#running) {
      throw new TypeError("Cannot use a TLS session: a callback runs within one of its calls");
    }
    this.#running = true;
    this.#outer = enterCall(this.#calls);
    return ssl;
  }

  /**
   * After a call, whatever it has returned or thrown: what a callback has done counts for more. Its
   * failure is thrown once, or told where nobody waits for the call any more.
   */
  #leave(): void {
    this.#running = false;
    enterCall(this.#outer);
    const { failure } = this.#calls;
    this.#calls.failure = null;
    if (failure && !this.#givenUp) {
      // An alert goes out; what would go on with the handshake does not.
      this.#undrained = this.#hasFailed(this.#ssl!);
      throw this.#broke(failure);
    }
    if (failure) report(failure);
    if (!this.#closing) return;
    this.#closing = false;
    this.close();
    throw new Deno.errors.BadResource("the connection is closed");
  }

  /** Whether a callback has failed, or has given it up, in the call that is running. */
  get #isRefused(): boolean {
    return this.#broken || this.#calls.failure !== null;
  }

  /** After a fatal error. */
  #broke(error: Error): Error {
    this.#broken = true;
    return error;
  }

  /** SSL_get_error(3) wants it empty before a call; see `queueIsEmpty`. */
  #emptyQueue(): void {
    if (this.#lib.queueIsEmpty) this.#lib.queueIsEmpty = false;
    else this.#lib.ERR_clear_error();
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
        if (this.#datagram && !this.#hasFailed(ssl)) return true;
    }
    const error = takeError(this.#lib, action, ssl, this.#serverName);
    throw this.#broke(this.#explained(error));
  }

  /** What OpenSSL says of a certificate is no help where a key is the only way in. */
  #explained(error: OpenSslError): OpenSslError {
    const { usesPsk, keyAlone, role } = this.#context;
    const said = (what: string) =>
      new OpenSslError(`Cannot complete the handshake: ${what}`, error);
    if (usesPsk && error instanceof CertificateError) {
      return said(
        "the server showed a certificate instead of using the pre-shared key; " +
          "it may not know its identity",
      );
    }
    const isWithoutKey = role === "server" && keyAlone &&
      error.reason === "no suitable signature algorithm";
    return isWithoutKey ? said("the client's pre-shared key is not known here") : error;
  }
}
