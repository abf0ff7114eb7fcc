/**
 * The core of TLS and DTLS, free of I/O: bytes or datagrams go in, bytes or datagrams come out.
 *
 * It owns no socket, starts no timer and awaits nothing. Whoever drives it feeds what arrived,
 * asks it to go on, sends what it drains, and comes back when {@linkcode TlsSession.timeoutMs}
 * is over.
 *
 * @module
 */
import { isIP } from "node:net";
import { Borrowed } from "../borrowed.ts";
import { SSL_CTRL, SSL_ERROR, SSL_OP, TLSEXT_NAMETYPE_HOST_NAME } from "./constants.ts";
import type { TlsContext } from "./context.ts";
import { takeError } from "./errors.ts";
import { type HandshakeStatistics, readInfo, type TlsInfo } from "./info.ts";
import { cString, type OpenSsl, toCString } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";
import {
  ENOUGH_SEALED_BYTES,
  isOneRecord,
  isPlausible,
  MIN_SEALED_BYTES,
  packDatagrams,
  sealedBytes,
} from "./records.ts";
import { SavedSession } from "./saved_session.ts";

/** What {@linkcode TlsSession.read} returns when nothing is there yet. */
export const NOT_YET = 0;
/** What it returns when the peer has ended the session. */
export const ENDED = -1;

/**
 * UDP payload that handshake datagrams keep to: fits Ethernet's 1500 bytes less an IPv6 header
 * (40) and a UDP header (8), with room for a tunnel's.
 */
export const DEFAULT_MTU = 1400;

/** No single thing that a session puts out at once is longer: some records of 2^14 bytes. */
const OUTPUT_BYTES = 128 * 1024;

/** Under 256 OpenSSL cannot write a handshake; over 65507 UDP cannot send it (RFC 768). */
const MTU_LIMITS = { min: 256, max: 65_507 } as const;

/** One buffer serves all sessions: what is drained is handed over before the next call. */
let output: Borrowed | undefined;

/** What SSL_state_string(3) says after a fatal error. */
const FAILED_STATE = "SSLERR";

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
  serverName?: string;
  /** Client: false sends the name and does not check it (default true). */
  checksName?: boolean;
  /** DTLS: longest UDP payload of the handshake in bytes, 256 to 65507. */
  mtu?: number;
  /** Client: a session to resume; where the server does not want it, the handshake is a full one. */
  session?: SavedSession;
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
  readonly #context: TlsContext;
  readonly #lib: OpenSsl;
  readonly #datagram: boolean;
  readonly #serverName: string | undefined;
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

  /**
   * The context may be closed before the session is: it counts its sessions.
   *
   * @throws {RangeError} where the name or the MTU cannot be used
   * @throws {TypeError} where the context or the session to resume is closed
   */
  constructor(context: TlsContext, options: TlsSessionOptions = {}) {
    checkOptions(options);
    const lib = this.#lib = context.lib;
    this.#context = context;
    this.#datagram = context.datagram;
    this.#serverName = options.serverName;
    this.#mtu = options.mtu ?? DEFAULT_MTU;
    // Before anything is made that would have to be freed: a closed one throws.
    const saved = options.session?.pointer;
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
      if (saved) lib.SSL_set_session(ssl, saved);
      if (options.serverName !== undefined) {
        this.#expect(ssl, options.serverName, options.checksName ?? true);
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
    this.#lib.BIO_write(this.#input, bytes, bytes.length);
    this.#single = !this.#unread && isOneRecord(bytes, this.#datagram);
    this.#unread = true;
    if (!this.established) {
      this.statistics.datagramsReceived++;
      this.statistics.bytesReceived += bytes.length;
    }
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
   * @throws {OpenSslError} where the handshake failed otherwise; drain the alert all the same
   */
  handshake(): boolean {
    if (this.established) return true;
    const ssl = this.#usable();
    this.#undrained = true;
    this.#emptyQueue();
    const result = this.#lib.SSL_do_handshake(ssl);
    if (result === 1) return this.established = true;
    this.#wantsMore(ssl, result, "complete the handshake");
    return false;
  }

  /**
   * Server over datagrams: the stateless beginning (DTLSv1_listen(3)), once a datagram.
   *
   * @param address a BIO_ADDR to be filled, which memory BIOs leave empty
   * @returns true when the client's cookie is good: go on with the handshake
   */
  listen(address: Deno.PointerObject): boolean {
    const ssl = this.#usable();
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
  }

  /**
   * Reads application data.
   *
   * @returns bytes read into `into`, {@linkcode NOT_YET} or {@linkcode ENDED}
   * @throws {OpenSslError} where the session is broken
   */
  read(into: Uint8Array<ArrayBuffer>): number {
    const ssl = this.#usable();
    if (!this.#unread) return this.peerEnded ? ENDED : NOT_YET;
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
  }

  /**
   * Seals application data; drain it afterwards. On DTLS one call is one record.
   *
   * @param bytes at least one; on DTLS at most 16384 (RFC 6347 4.1)
   * @throws {OpenSslError} where the session is broken or the bytes are too many
   */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    const ssl = this.#usable();
    this.#undrained = true;
    this.#emptyQueue();
    const result = this.#lib.SSL_write(ssl, bytes, bytes.length);
    // A memory BIO takes everything: there is no "not yet" and no part.
    if (result <= 0) throw takeError(this.#lib, "write", ssl);
    this.#lib.queueIsEmpty = true;
  }

  /**
   * Hands over what is to be sent: on DTLS a datagram at a time, on TLS all bytes.
   *
   * @param emit the bytes are borrowed for the call
   */
  drain(emit: (bytes: Uint8Array) => void): void {
    if (this.#ssl === null || !this.#undrained) return;
    this.#undrained = false;
    output ??= new Borrowed(OUTPUT_BYTES);
    let length: number;
    do {
      length = this.#lib.BIO_read(this.#output, output.bytes, OUTPUT_BYTES);
      if (length <= 0) break;
      const bytes = output.first(length);
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
    if (this.#ssl === null || this.#broken || !this.established) return true;
    this.#undrained = true;
    this.#emptyQueue();
    const result = this.#lib.SSL_shutdown(this.#ssl);
    if (result >= 0) this.#ended = true;
    return result === 1;
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
    const ssl = this.#usable();
    if (!this.#datagram) return;
    this.#undrained = true;
    this.#lib.ERR_clear_error();
    const result = this.#lib.SSL_ctrl(ssl, SSL_CTRL.DTLS_HANDLE_TIMEOUT, 0n, null);
    if (result < 0n) {
      this.#broken = true;
      throw takeError(this.#lib, "complete the handshake", ssl);
    }
    if (result > 0n) this.statistics.retransmissions++;
  }

  /** Whether the session was resumed. */
  get resumed(): boolean {
    return this.#lib.SSL_session_reused(this.#open()) === 1;
  }

  /** What was agreed on; for a session that is, or was, established. */
  info(): TlsInfo {
    this.#lib.ERR_clear_error();
    return readInfo(this.#lib, this.#open(), this.statistics);
  }

  /**
   * Client: what is needed to resume this session later; the caller closes it. In TLS 1.3 it comes
   * after the handshake: take it after the first answer.
   *
   * @returns null where the server has not given it
   */
  save(): SavedSession | null {
    const lib = this.#lib;
    lib.ERR_clear_error();
    const pointer = lib.SSL_get1_session(this.#open());
    if (pointer === null) return null;
    const session = new SavedSession(lib, pointer);
    if (lib.SSL_SESSION_is_resumable(pointer) === 1) return session;
    session.close();
    return null;
  }

  /**
   * Secrets for other protocols' use: RFC 5705, RFC 8446 7.5.
   *
   * @param label such as "EXTRACTOR-dtls_srtp"
   * @param length in bytes
   * @param context bound into the secret; absent is not the same as empty, up to version 1.2
   */
  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    const lib = this.#lib;
    if (!this.established) throw new TypeError("Cannot export keying material: no handshake yet");
    const out = new Uint8Array(length);
    const name = new TextEncoder().encode(label);
    const bound = context ? context.slice() : new Uint8Array();
    lib.ERR_clear_error();
    const done = lib.SSL_export_keying_material(
      this.#open(),
      out,
      BigInt(length),
      name,
      BigInt(name.length),
      bound,
      BigInt(bound.length),
      context ? 1 : 0,
    );
    if (done !== 1) throw takeError(lib, "export keying material");
    return out;
  }

  /** Gives it up: nothing more is read or written, and what is fed is dropped. */
  fail(): void {
    this.#broken = true;
  }

  /** Frees it, and with it the two BIOs. May be called twice. */
  close(): void {
    if (this.#ssl === null) return;
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
    return cString(this.#lib.SSL_state_string(ssl)) === FAILED_STATE;
  }

  #open(): Deno.PointerObject {
    if (this.#ssl === null) throw new TypeError("Cannot use a TLS session: it is closed");
    return this.#ssl;
  }

  #usable(): Deno.PointerObject {
    const ssl = this.#open();
    if (this.#broken) throw new TypeError("Cannot use a TLS session: it has failed");
    return ssl;
  }

  /** SSL_get_error(3) wants it empty before a call; see `queueIsEmpty`. */
  #emptyQueue(): void {
    if (this.#lib.queueIsEmpty) this.#lib.queueIsEmpty = false;
    else this.#lib.ERR_clear_error();
  }

  /** The name check (SSL_set1_host(3)); an address is checked as one and is no server name. */
  #expect(ssl: Deno.PointerObject, serverName: string, checks: boolean): void {
    const lib = this.#lib;
    const name = toCString(serverName);
    if (isIP(serverName) !== 0 && !checks) return;
    if (checks && lib.X509_VERIFY_PARAM_set1_ip_asc(lib.SSL_get0_param(ssl), name) === 1) return;
    lib.ERR_clear_error();
    if (checks && lib.SSL_set1_host(ssl, name) !== 1) {
      const error = takeError(lib, `check the name ${serverName}`);
      this.close();
      throw error;
    }
    const type = BigInt(TLSEXT_NAMETYPE_HOST_NAME);
    lib.SSL_ctrl(ssl, SSL_CTRL.SET_TLSEXT_HOSTNAME, type, name);
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
    this.#broken = true;
    throw takeError(this.#lib, action, ssl, this.#serverName);
  }
}

function checkOptions({ serverName, mtu }: TlsSessionOptions): void {
  // SSL_set1_host(3) takes no name for no check, and C ends a name at its first zero byte.
  if (serverName === "" || serverName?.includes("\0")) {
    throw new RangeError(`Cannot check the server name ${JSON.stringify(serverName)}`);
  }
  const { min, max } = MTU_LIMITS;
  if (mtu !== undefined && !(Number.isInteger(mtu) && mtu >= min && mtu <= max)) {
    throw new RangeError(`Cannot use an MTU of ${mtu}: it is ${min} to ${max} bytes`);
  }
}
