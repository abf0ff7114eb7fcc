/**
 * A session of TLS or DTLS, free of I/O: bytes or datagrams go in, bytes or datagrams come out.
 *
 * @module
 */
import { ENDED, NOT_YET } from "../base/read_result.ts";
import type { TimeoutError } from "../base/errors.ts";
import type { TlsContext } from "./context.ts";
import type { CookieSecrets } from "./cookies.ts";
import { type HandshakeStatistics, readInfo, type TlsInfo } from "./info.ts";
import { emptyQueue, type OpenSsl } from "./bindings/library.ts";
import type { SavedSession } from "./saved_session.ts";
import { bytesOf, checkInto } from "../settings/kinds.ts";
import { checkMessageBytes, notAFunction } from "./session/arguments.ts";
import { checkSession, type TlsSessionOptions } from "./session_settings.ts";
import { SessionData } from "./session/data.ts";
import { exportKeyingMaterial } from "./session/exporter.ts";
import { HandshakeCounters } from "./session/handshake_counters.ts";
import { noAnswerInTime } from "./session/handshake_errors.ts";
import { stepHandshake, stepListen } from "./session/handshake_step.ts";
import { SessionInput } from "./session/input.ts";
import { SessionOutput } from "./session/output.ts";
import { expectName } from "./session/peer_name.ts";
import { Resumption } from "./session/resumption.ts";
import { SessionSsl } from "./session/ssl.ts";
import { sendAgain, timeLeftMs } from "./session/timer.ts";
import { DEFAULT_MTU } from "./settings.ts";

export { liveSessions } from "./session/ssl.ts";
export type { TlsSessionOptions } from "./session_settings.ts";

/**
 * For the drivers: feeds bytes of a stream that stay what they are until `read()` wants more; long ones
 * are not copied.
 */
export let feedLent: (session: TlsSession, bytes: Uint8Array<ArrayBuffer>) => void;

/** For the connections: how to learn where a session's peer is. */
export let setRemoteAddr: (session: TlsSession, ask: () => Deno.NetAddr | null) => void;

/**
 * A TLS or DTLS connection as bytes in and bytes out.
 *
 * Its driver repeats: {@linkcode feed} what has arrived, {@linkcode handshake} until that is complete,
 * {@linkcode read} until nothing is there, and after each of these {@linkcode drain}, as any of them may
 * have put something out. On DTLS it calls {@linkcode handleTimeout} when {@linkcode timeoutMs} is over.
 *
 * Who makes it frees it with {@linkcode close}: nothing else does. After a failure, which is thrown
 * once, it can be drained (an alert says why) and closed; other steps are TypeErrors, and after close()
 * so is what needs it. From `emit`, and from functions of the context, only fail() and close() are called.
 *
 * @example
 * ```ts
 * import { TlsContext, TlsSession } from "../secure/core.ts";
 *
 * using context = new TlsContext({ role: "client", datagram: false });
 * using session = new TlsSession(context, { serverName: "server.example" });
 * session.handshake();
 * session.drain((bytes) => console.log(`a ClientHello of ${bytes.length} bytes goes first`));
 * ```
 */
export class TlsSession implements Disposable {
  readonly #counters = new HandshakeCounters();
  /** Counts of the handshake; the round trip is set by the session's driver, which has a clock. */
  readonly statistics: HandshakeStatistics = this.#counters.statistics;
  readonly #context: TlsContext;
  readonly #lib: OpenSsl;
  readonly #ssl: SessionSsl;
  readonly #resumption: Resumption;
  readonly #input: SessionInput;
  readonly #output: SessionOutput;
  readonly #data: SessionData;
  /** Told that the client is known, where OpenSSL was told to ask for cookies. */
  #cookies: CookieSecrets | null = null;

  static {
    feedLent = (session, bytes) => session.#feedLent(bytes);
    setRemoteAddr = (session, ask) => void (session.#ssl.calls.remoteAddr = ask);
  }

  /**
   * The context may be closed before the session is: it counts its sessions.
   *
   * @throws {TypeError} naming what is of the wrong kind, in the wrong place, missing or closed
   * @throws {RangeError} naming an option whose value cannot be used
   */
  constructor(context: TlsContext, options: TlsSessionOptions = {}) {
    const checked = checkSession(context, options);
    const lib = this.#lib = context.lib;
    this.#context = context;
    const { serverName, session: saved, mtu = DEFAULT_MTU } = checked;
    const checksName = !checked.unsafelySkipNameCheck;
    const ssl = this.#ssl = new SessionSsl(context, mtu);
    this.#input = new SessionInput(context, ssl.input, this.#counters);
    this.#output = new SessionOutput(lib, ssl.output, context.datagram ? mtu : null);
    const { datagram } = context;
    this.#data = new SessionData({ lib, ssl, datagram, input: this.#input, output: this.#output });
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

  /** True once the peer has said that it sends no more. */
  get peerEnded(): boolean {
    return this.#ssl.peerEnded;
  }

  /** What a handshake that has failed has put out at last: the alert that says why. */
  get lastWords(): Uint8Array<ArrayBuffer> | null {
    return this.#output.lastWords;
  }

  /**
   * Settles when the handshake can go on that waits for what a function of the program has promised,
   * and when the session ends; null where it waits for none. Datagrams that come meanwhile may be fed.
   */
  get waiting(): Promise<void> | null {
    return this.#ssl.calls.keys.waiting?.promise ?? null;
  }

  /** True once the handshake is complete; it stays so when the session fails or is closed. */
  get established(): boolean {
    return this.#ssl.phase !== "handshaking";
  }

  /**
   * Takes what arrived: on DTLS exactly one datagram, after which the session has to be driven
   * until it wants more. The bytes are copied. After a failure, and after {@linkcode close}, they are
   * dropped: a datagram may be on its way here then.
   *
   * @param bytes any view or ArrayBuffer; an empty one is nothing
   * @throws {TypeError} where it is neither
   */
  feed(bytes: ArrayBuffer | ArrayBufferView): void {
    const arrived = bytesOf(bytes, "bytes");
    const ssl = this.#ssl;
    if (!ssl.isOpen || arrived.length === 0) return;
    if (this.#context.datagram && this.waiting && !this.#input.hasRoomFor(arrived.length)) return;
    ssl.trace?.fed(arrived);
    if (ssl.phase === "handshaking") this.#input.feedHandshake(ssl.pointer, arrived);
    else this.#input.feed(ssl.pointer, arrived);
  }

  #feedLent(bytes: Uint8Array<ArrayBuffer>): void {
    const isLent = this.#ssl.isOpen && this.established && this.#input.takesLent(bytes);
    if (!isLent) return this.feed(bytes);
    this.#ssl.trace?.fed(bytes);
    this.#input.feedLent(this.#ssl.pointer, bytes);
  }

  /**
   * Goes on with the handshake, unless it waits for the program: see {@linkcode waiting}.
   *
   * @returns true when it is complete
   * @throws {CertificateError} where the peer's certificate does not pass
   * @throws {CallbackError} where a function of the program has failed in it
   * @throws {OpenSslError} where the handshake failed otherwise; drain the alert all the same
   * @throws {Deno.errors.BadResource} where a function of the program has closed the session
   */
  handshake(): boolean {
    if (this.established) return true;
    if (this.#ssl.isOpen && this.waiting) return false;
    const ssl = this.#ssl.begin();
    this.#ssl.trace?.accepts();
    try {
      this.#resumption.reconsider(ssl);
      if (this.#ssl.isRefused && this.#context.role === "client") return false;
      this.#output.isPending = true;
      const { identities } = this.#input;
      if (identities?.ask(this.#lib, ssl, this.#context.pskLookup!) === "later") return false;
      if (this.#ssl.isRefused && !this.#ssl.calls.failure) return false;
      const result = stepHandshake(this.#lib, ssl, this.#input, this.#cookies);
      // Before it counts as established. After an error its queue is still to be read.
      if (result === 1) this.#ssl.trace?.deliver();
      if (this.#ssl.isRefused) return false;
      if (result !== 1) {
        this.#ssl.wantsMore(ssl, result, "complete the handshake");
        return false;
      }
      const refusal = this.#resumption.complete(ssl);
      // The program is asked for the key again.
      if (refusal === "later" || this.#ssl.isRefused) return false;
      if (refusal) {
        // The peer is through with its handshake: it is told that the connection has ended.
        this.#lib.SSL_shutdown(ssl);
        throw this.#ssl.failed(refusal);
      }
      if (this.#input.hasEarly) this.#input.feedEarly(ssl);
      this.#ssl.phase = "established";
      this.#ssl.calls.keys.known.clear();
      return true;
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /**
   * Server over datagrams: the stateless beginning, once a ClientHello; see `stepListen()`. True when
   * the client's cookie is good: go on with the handshake.
   *
   * @ignore
   */
  listen(hello: Uint8Array<ArrayBuffer>, address: Deno.PointerObject): boolean {
    // What came before was another client's, or this one's before its cookie.
    this.#counters.forget();
    this.#input.forget();
    this.feed(hello);
    const ssl = this.#ssl.begin();
    this.#ssl.trace?.listens();
    try {
      this.#output.isPending = true;
      const isGood = stepListen(this.#lib, ssl, address, this.#cookies === null);
      this.#cookies = this.#context.cookies;
      if (isGood) this.#output.continueFrom(hello);
      return isGood;
    } finally {
      this.#ssl.end(this.#output);
    }
  }

  /**
   * Reads application data: of a stream as much as is there, or one message, of which a later call gives what
   * does not fit.
   *
   * @param into borrowed for the call; 16384 bytes fit every message
   * @returns how many bytes, {@linkcode NOT_YET}, or {@linkcode ENDED} when the peer sends no more; 0
   * where `into` is empty
   * @throws {OpenSslError} where the session is broken
   * @throws {TypeError} where `into` is no Uint8Array, and before the handshake is complete
   */
  read(into: Uint8Array): number {
    checkInto(into ?? null);
    if (into.length === 0) return 0;
    if (this.#input.unread === "nothing" && this.#ssl.isOpen) {
      return this.#ssl.peerEnded ? ENDED : NOT_YET;
    }
    if (!this.established) throw new TypeError("Cannot read: no handshake yet");
    return this.#data.read(into as Uint8Array<ArrayBuffer>);
  }

  /**
   * Seals application data; drain it afterwards. On DTLS one call is one record.
   *
   * @param bytes any view or ArrayBuffer, borrowed for the call; on DTLS 1 to 16384 (RFC 6347 4.1)
   * @throws {OpenSslError} where the session is broken, and after {@linkcode shutdown}
   * @throws {KeyLimitError} where its keys have sealed as much as is safe
   * @throws {RangeError} where a message is empty or too long
   * @throws {TypeError} where it is neither, and before the handshake is complete
   */
  write(bytes: ArrayBuffer | ArrayBufferView): void {
    const plain = bytesOf(bytes, "bytes");
    if (this.#context.datagram) checkMessageBytes(plain.length);
    else if (plain.length === 0) return;
    if (!this.established) throw new TypeError("Cannot write: no handshake yet");
    this.#data.write(plain);
  }

  /**
   * Hands over what is to be sent, after a failure, too: on DTLS a datagram at a time, on TLS all bytes.
   *
   * @param emit the bytes are borrowed for the call, and with them the memory of all sessions: keep a
   * copy, or send them at once. What it throws is thrown on, and the rest is lost
   * @throws {TypeError} where it is no function
   */
  drain(emit: (bytes: Uint8Array) => void): void {
    if (typeof emit !== "function") throw notAFunction("emit", emit);
    if (!this.#output.isPending || this.#ssl.isFreed) return;
    if (this.#counters.isOver) return this.#output.drain(emit);
    const isLast = !this.#ssl.isOpen && !this.established;
    this.#output.drain(this.#counters.counting(emit), isLast);
    // The last flight, if it is this end's, is drained after the handshake and belongs to it.
    this.#counters.isOver = this.established;
  }

  /**
   * Says that no more will be sent (close_notify); drain it. Does nothing after a fatal error, nor twice.
   * @returns true when the peer has said so, too: {@linkcode read} hears of it
   */
  shutdown(): boolean {
    if (!this.#ssl.isOpen || !this.established || this.#ssl.isRunning) return true;
    // A second SSL_shutdown(3) reads, and fails for ever over data that is still to be read.
    if (this.#ssl.phase === "ended") return this.peerEnded;
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

  /** DTLS: milliseconds until {@linkcode handleTimeout} is wanted, 0 for now; null for never. */
  timeoutMs(): number | null {
    if (!this.#context.datagram || !this.#ssl.isOpen || this.waiting) return null;
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
    return noAnswerInTime({
      identity: pskIdentity,
      hasAnswered: this.statistics.bytesReceived > 0,
      isUnreadable: this.#input.isUnreadable && this.#context.role === "server",
      isOwn: this.#ssl.calls.keys.waiting !== null,
    });
  }

  /**
   * What was agreed on.
   * @throws {TypeError} before the handshake is complete, and after {@linkcode close}
   */
  info(): TlsInfo {
    const ssl = this.#ssl.pointer;
    if (!this.established) throw new TypeError("Cannot tell the info: no handshake yet");
    this.#lib.ERR_clear_error();
    const { resumed, pskIdentity } = this.#resumption;
    const known = { resumed, pskIdentity, statistics: this.statistics };
    return readInfo(this.#lib, ssl, known, this.#ssl.calls.hello);
  }

  /**
   * Client: what is needed to resume this session later, which the caller closes; null where the server
   * has not given it. In TLS 1.3 it comes after the handshake: take it after the first answer.
   */
  save(): SavedSession | null {
    const ssl = this.#ssl.pointer;
    return this.established ? this.#resumption.save(ssl) : null;
  }

  /**
   * Secrets for other protocols' use: RFC 5705, RFC 8446 7.5.
   *
   * @param label such as "EXTRACTOR-dtls_srtp", 1 to 249 bytes; length 1 to 8160
   * @param context bound into the secret; absent is not the same as empty, up to version 1.2
   * @throws {TypeError} before the handshake, after {@linkcode close}, or naming a wrong argument
   * @throws {RangeError} naming an argument whose value cannot be used
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
}
