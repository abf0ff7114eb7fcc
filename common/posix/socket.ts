/**
 * Sockets as the system has them: every call is one system call and returns at once, or after a
 * slice of time at most.
 *
 * @module
 */
import { bindError } from "../base/network_errors.ts";
import { NOT_YET } from "../base/read_result.ts";
import { setupStep } from "../base/setup_steps.ts";
import { MAX_ADDRESS_BYTES, SocketAddress } from "./address.ts";
import { EAGAIN, EALREADY, EINPROGRESS, EINTR, EISCONN, PosixError } from "./errors.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { AF_INET, IPPROTO_TCP, POLLIN, SOCK_DGRAM, SOCK_STREAM, TCP_NODELAY } from "./platform.ts";

/** The longest that one call keeps the thread, in milliseconds: so long Ctrl-C may go unheard. */
export const SLICE_MS = 20;

/** Spinning, the clock is asked after so many calls: one call takes about half a microsecond. */
const CALLS_PER_LOOK = 32;

/** After so many calls, some hundred microseconds, another program may have the core. */
const YIELD_AFTER_CALLS = 256;

/** An option's value: an int that is not 0. */
const ON = bytesOf(Int32Array.of(1));

/** A slice as a struct timeval of sys/time.h: seconds, microseconds. */
const SLICE = bytesOf(BigInt64Array.of(0n, BigInt(SLICE_MS * 1000)));

/** Where C says who has sent or connected; what is there is read before the next call. */
const ADDRESS = new Uint8Array(MAX_ADDRESS_BYTES);
const ADDRESS_LENGTH = new Uint32Array(1);

/** How a call waits for what is not there yet. */
export type Patience =
  /** The system puts the thread to sleep. */
  | "block"
  /** The call is made again and again: no core has to be woken up. */
  | "spin";

/** A socket of the internet, IPv4 or IPv6; its owner closes it. */
export class PosixSocket implements Disposable {
  /** The file descriptor. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #spins: boolean;
  /** Flags of calls that may wait, and of those that may not. */
  readonly #waiting: number;
  readonly #atOnce: number;
  #sender: SocketAddress | null = null;
  /** Of the last recvfrom(2). */
  #errno = 0;
  #closed = false;

  private constructor(fd: number, patience: Patience) {
    const libc = this.#libc = loadLibc();
    const { MSG_DONTWAIT, MSG_NOSIGNAL } = libc.platform;
    this.fd = fd;
    this.#spins = patience === "spin";
    this.#atOnce = MSG_DONTWAIT | MSG_NOSIGNAL;
    this.#waiting = this.#spins ? this.#atOnce : MSG_NOSIGNAL;
  }

  /**
   * Makes a socket.
   *
   * @param kind "stream" for TCP, "datagram" for UDP
   * @param hostname an address of the family that is wanted
   * @throws {PosixError}
   */
  static open(kind: "stream" | "datagram", hostname: string, patience: Patience): PosixSocket {
    return setupStep("socket", () => PosixSocket.#open(kind, hostname, patience));
  }

  static #open(kind: "stream" | "datagram", hostname: string, patience: Patience): PosixSocket {
    const libc = loadLibc();
    const family = hostname.includes(":") ? libc.platform.AF_INET6 : AF_INET;
    const fd = libc.socket(family, kind === "stream" ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (fd < 0) throw new PosixError("socket", libc.errno[0]!);
    const socket = new PosixSocket(fd, patience);
    try {
      socket.#boundWaits();
      if (kind === "stream") socket.#setOption(IPPROTO_TCP, TCP_NODELAY, ON);
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Gives it an address of this machine; port 0 takes a free one. */
  bind(hostname: string, port: number): void {
    const { bytes } = SocketAddress.of(hostname, port);
    const libc = this.#libc;
    setupStep(
      "bind",
      () => check("bind", libc.bind(this.fd, bytes, bytes.length), libc.errno[0]!),
    );
  }

  /**
   * Gives it an address of this machine to connect from, and any free port.
   *
   * @throws {Deno.errors.AddrNotAvailable} where the address is none of this machine's
   */
  bindLocal(address: string): void {
    try {
      this.bind(address, 0);
    } catch (cause) {
      throw bindError(address, cause);
    }
  }

  /** Takes connections from now on; the port of one that was closed lately can be used again. */
  listen(hostname: string, port: number, backlog: number): void {
    const { SOL_SOCKET, SO_REUSEADDR } = this.#libc.platform;
    this.#setOption(SOL_SOCKET, SO_REUSEADDR, ON);
    this.bind(hostname, port);
    const libc = this.#libc;
    setupStep(
      "listen",
      () => check("listen", libc.listen(this.fd, backlog), libc.errno[0]!),
    );
  }

  /** Where it is bound. */
  get address(): SocketAddress {
    const bytes = new Uint8Array(MAX_ADDRESS_BYTES);
    const result = this.#libc.getsockname(this.fd, bytes, Uint32Array.of(MAX_ADDRESS_BYTES));
    check("getsockname", result, this.#libc.errno[0]!);
    return SocketAddress.from(bytes);
  }

  /**
   * Connects.
   *
   * @returns false where it takes longer: call {@linkcode connected} when it can be written to
   * @throws {PosixError} ECONNREFUSED, where nothing listens, and others
   */
  connect({ bytes }: SocketAddress): boolean {
    if (this.#libc.connect(this.fd, bytes, bytes.length) === 0) return true;
    const errno = this.#libc.errno[0]!;
    if (isLater(errno) || errno === EINPROGRESS || errno === EALREADY) return false;
    if (errno === EISCONN) return true;
    throw new PosixError("connect", errno);
  }

  /** Throws where a connection that took longer has failed: SO_ERROR of socket(7). */
  connected(): void {
    const { SOL_SOCKET, SO_ERROR } = this.#libc.platform;
    const error = new Int32Array(1);
    const length = Uint32Array.of(4);
    const result = this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, bytesOf(error), length);
    check("getsockopt", result, this.#libc.errno[0]!);
    if (error[0] !== 0) throw new PosixError("connect", error[0]!);
  }

  /**
   * Accepts a connection; options of this socket are the new one's, too (tcp(7), socket(7)).
   *
   * @param mayWait whether it may take a slice of time
   * @returns null where no client has connected yet
   */
  accept(mayWait: boolean): { socket: PosixSocket; peer: SocketAddress } | null {
    // Where accept(2) keeps to the slice by itself, no question comes first.
    const blocks = mayWait && !this.#spins && this.#libc.platform.acceptTimesOut;
    if (!blocks && !this.#isReadable(mayWait)) return null;
    ADDRESS_LENGTH[0] = MAX_ADDRESS_BYTES;
    const fd = this.#libc.accept(this.fd, ADDRESS, ADDRESS_LENGTH);
    const errno = this.#libc.errno[0]!;
    if (fd < 0) return later("accept", errno), null;
    const socket = new PosixSocket(fd, this.#spins ? "spin" : "block");
    return { socket, peer: this.#readAddress() };
  }

  /** Whether a connection can be accepted; it may take a slice of time. */
  #isReadable(mayWait: boolean): boolean {
    const pollFd = bytesOf(Int32Array.of(this.fd, POLLIN));
    const timeoutMs = mayWait && !this.#spins ? SLICE_MS : 0;
    const untilMs = mayWait && this.#spins ? performance.now() + SLICE_MS : 0;
    do {
      const ready = this.#libc.poll(pollFd, 1, timeoutMs);
      const errno = this.#libc.errno[0]!;
      if (ready > 0) return true;
      if (ready < 0) return later("poll", errno), false;
    } while (this.#spins && performance.now() < untilMs);
    return false;
  }

  /**
   * Receives into `into`.
   *
   * @param mayWait whether it may take a slice of time
   * @param from whether {@linkcode PosixSocket.sender} is to tell who has sent it
   * @returns how many bytes, 0 at the end of a stream (or of an empty datagram), or
   * {@linkcode NOT_YET}
   * @throws {PosixError} ECONNRESET and others
   */
  receive(into: Uint8Array<ArrayBuffer>, mayWait: boolean, from = false): number {
    const libc = this.#libc;
    const flags = mayWait ? this.#waiting : this.#atOnce;
    for (let calls = 0, untilMs = 0;;) {
      const received = from
        ? this.#receiveFrom(into, flags)
        : libc.recv(this.fd, into, into.length, flags);
      const errno = from ? this.#errno : libc.errno[0]!;
      if (received >= 0) {
        if (from) this.#readAddress();
        return received;
      }
      later("recv", errno);
      if (!this.#spins || !mayWait) return NOT_YET;
      if (calls > YIELD_AFTER_CALLS) libc.sched_yield();
      if (calls++ % CALLS_PER_LOOK !== 0) continue;
      const nowMs = performance.now();
      if (calls === 1) untilMs = nowMs + SLICE_MS;
      else if (nowMs >= untilMs) return NOT_YET;
    }
  }

  #receiveFrom(into: Uint8Array<ArrayBuffer>, flags: number): number {
    ADDRESS_LENGTH[0] = MAX_ADDRESS_BYTES;
    const libc = this.#libc;
    const received = libc.recvfrom(this.fd, into, into.length, flags, ADDRESS, ADDRESS_LENGTH);
    this.#errno = libc.errno[0]!;
    return received;
  }

  /** Who has sent what was received last, where that was asked for; the same object for the same one. */
  get sender(): SocketAddress {
    return this.#sender!;
  }

  #readAddress(): SocketAddress {
    const last = this.#sender;
    if (last?.is(ADDRESS)) return last;
    return this.#sender = SocketAddress.from(ADDRESS, this.#libc.platform, last);
  }

  /**
   * Sends to the peer that it is connected with, or a datagram to an address.
   *
   * @param mayWait whether it may take a slice of time
   * @returns how many bytes were taken, or {@linkcode NOT_YET}
   * @throws {PosixError} EPIPE, ECONNRESET and others
   */
  send(bytes: Uint8Array<ArrayBuffer>, mayWait: boolean, to?: SocketAddress): number {
    const flags = mayWait ? this.#waiting : this.#atOnce;
    const libc = this.#libc;
    const sent = to
      ? libc.sendto(this.fd, bytes, bytes.length, flags, to.bytes, to.bytes.length)
      : libc.send(this.fd, bytes, bytes.length, flags);
    const errno = libc.errno[0]!;
    return sent >= 0 ? sent : later("send", errno);
  }

  /** Gives it back. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#libc.close(this.fd);
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * No call that sleeps takes longer than a slice: SO_RCVTIMEO and SO_SNDTIMEO of socket(7). Of
   * those of a spinning end, connect(2) does where no answer comes.
   */
  #boundWaits(): void {
    const { SOL_SOCKET, SO_RCVTIMEO, SO_SNDTIMEO } = this.#libc.platform;
    this.#setOption(SOL_SOCKET, SO_RCVTIMEO, SLICE);
    this.#setOption(SOL_SOCKET, SO_SNDTIMEO, SLICE);
  }

  #setOption(level: number, name: number, value: Uint8Array<ArrayBuffer>): void {
    const result = this.#libc.setsockopt(this.fd, level, name, value, value.length);
    check("setsockopt", result, this.#libc.errno[0]!);
  }
}

// Both are handed errno by the caller, right after the system call: where a function begins, the
// runtime may do work of its own that changes it.

/** {@linkcode NOT_YET} where a call was only too early. */
function later(call: string, errno: number): typeof NOT_YET {
  if (isLater(errno)) return NOT_YET;
  throw new PosixError(call, errno);
}

function check(call: string, result: number, errno: number): void {
  if (result < 0) throw new PosixError(call, errno);
}

/** A signal ends a call, too: the event loop has to hear of it. */
function isLater(errno: number): boolean {
  return errno === EAGAIN || errno === EINTR;
}

function bytesOf(view: Int32Array | BigInt64Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
}
