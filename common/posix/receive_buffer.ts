/**
 * The memory in which the system keeps a socket's datagrams until the program takes them: what does
 * not fit is lost.
 *
 * @module
 */
import { descriptorOf } from "./descriptors.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { askForBuffer, readOption } from "./socket_options.ts";

/** What a listener asks the system for, where nothing else is said, in bytes. */
export const LISTENER_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * What is known of a socket's receive buffer.
 *
 * @example
 * ```ts
 * import { listenDtls } from "../../dtls/mod.ts";
 *
 * const settings = { hostname: "127.0.0.1", port: 0, pskLookup: () => null };
 * await using listener = listenDtls({ ...settings, receiveBufferBytes: 65_536 });
 * const buffer: ReceiveBufferState = listener.receiveBuffer;
 * if (buffer.bytes !== null && buffer.bytes < 65_536) throw new Error("the system has a limit");
 * if (buffer.dropped) throw new Error("nothing was sent");
 * ```
 */
export interface ReceiveBufferState {
  /** Bytes asked for; null where the system's own size was wanted. */
  readonly askedBytes: number | null;
  /** Bytes that the system gives; null where that cannot be known. */
  readonly bytes: number | null;
  /** Datagrams that were lost as it was full; null where that cannot be known. */
  readonly dropped: number | null;
}

/** Where each figure of SO_MEMINFO stands: linux/sock_diag.h. */
const SK_MEMINFO_DROPS = 8;
const SK_MEMINFO_VARS = 9;

/** A socket's receive buffer. It is closed before the socket is. */
export class ReceiveBuffer {
  readonly #libc: Libc | null;
  readonly #fd: number;
  readonly #askedBytes: number | null;
  #last: ReceiveBufferState | null = null;

  /**
   * Asks for a size; what the system gives may be less.
   *
   * @param libc null where nothing can be asked
   * @param askedBytes null leaves the system's own
   */
  constructor(libc: Libc | null, fd: number, askedBytes: number | null) {
    this.#libc = libc;
    this.#fd = fd;
    this.#askedBytes = askedBytes;
    if (libc && askedBytes !== null) askForBuffer(libc, fd, "RCV", askedBytes);
  }

  /** That of a UDP socket of Deno's own: nothing can be done or known without `--allow-ffi`. */
  static of(local: Deno.NetAddr, askedBytes: number | null): ReceiveBuffer {
    const fd = descriptorOf(local);
    return new ReceiveBuffer(fd === null ? null : loadLibc(), fd ?? -1, askedBytes);
  }

  /** What it is now, or was when the socket was closed. */
  get state(): ReceiveBufferState {
    return this.#last ?? this.#read();
  }

  /** The socket is about to be closed: its number will be another's. */
  close(): void {
    this.#last ??= this.#read();
  }

  #read(): ReceiveBufferState {
    const libc = this.#libc;
    const askedBytes = this.#askedBytes;
    if (!libc) return { askedBytes, bytes: null, dropped: null };
    const { SOL_SOCKET, SO_RCVBUF, SO_MEMINFO, doublesBuffers } = libc.platform;
    const size = readOption(libc, this.#fd, SOL_SOCKET, SO_RCVBUF)?.[0];
    const bytes = size === undefined ? null : doublesBuffers ? size / 2 : size;
    const info = SO_MEMINFO === null
      ? null
      : readOption(libc, this.#fd, SOL_SOCKET, SO_MEMINFO, SK_MEMINFO_VARS);
    return { askedBytes, bytes, dropped: info?.[SK_MEMINFO_DROPS] ?? null };
  }
}
