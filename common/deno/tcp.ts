/**
 * What the pairs on Deno's own sockets share: listeners, and streams whose waits are bounded.
 *
 * @module
 */
import type { Deadline, Deadlines } from "../base/deadline.ts";
import { connectInTurn } from "../base/in_turn.ts";
import { ENDED } from "../base/read_result.ts";
import { listenError } from "../base/network_errors.ts";
import { isExhausted, isGone, Pause } from "../base/system_errors.ts";
import { setupStep } from "../base/setup_steps.ts";

/** Listens for TCP connections until it is closed. */
export class BoundedTcpListener {
  /** Where it listens. */
  readonly hostname: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #pause = new Pause();
  #closed = false;

  /**
   * @param reusePort whether other listeners that say so may have the same port
   * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
   * @throws {TypeError} where the port cannot be shared
   */
  constructor(hostname: string, port: number, reusePort = false) {
    if (reusePort) checkUnstable("reusePort");
    try {
      this.#listener = setupStep("listen", () => Deno.listen({ hostname, port, reusePort }));
    } catch (cause) {
      throw listenError(hostname, port, cause);
    }
    this.hostname = this.#listener.addr.hostname;
    this.port = this.#listener.addr.port;
  }

  /**
   * The next connection, which sends without delay; null after `close()`. One that is gone before
   * it is accepted is passed over, and where descriptors have run out those that come wait.
   */
  async accept(): Promise<Deno.TcpConn | null> {
    while (!this.#closed) {
      try {
        return withoutDelay(await this.#listener.accept());
      } catch (error) {
        if (this.#closed) break;
        if (isExhausted(error)) await this.#pause.rest();
        else if (!isGone(error)) throw error;
      }
    }
    return null;
  }

  /** Stops listening. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pause.end();
    this.#listener.close();
  }
}

/**
 * Asked for what is unstable, Deno ends the whole program.
 *
 * @throws {TypeError} without `--unstable-net`
 */
function checkUnstable(setting: string): void {
  if ((Deno as Partial<typeof Deno>).listenDatagram) return;
  throw new TypeError(`Cannot listen: ${setting} needs Deno's --unstable-net`);
}

function withoutDelay(conn: Deno.TcpConn): Deno.TcpConn {
  try {
    conn.setNoDelay(true);
    return conn;
  } catch (cause) {
    conn.close();
    // setsockopt(2) of some systems tells by it that the peer has gone.
    throw new Deno.errors.ConnectionAborted("the peer has gone", { cause });
  }
}

/**
 * Connects, to one of a server's addresses after the other; a connection sends without delay.
 *
 * @param addresses at least one; the others are taken out when one was reached
 * @param signal ends the attempt with its reason
 * @throws {TimeoutError} where the time is over
 */
export async function connectTcp(
  addresses: string[],
  port: number,
  timeoutMs: number,
  deadlines: Deadlines,
  signal?: AbortSignal,
): Promise<Deno.TcpConn> {
  const conn = await bounded(deadlines, timeoutMs, async (timeout) => {
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const connect = (hostname: string) => connectOrAbort({ hostname, port, signal: either });
    return await connectInTurn(addresses, connect);
  });
  return withoutDelay(conn);
}

/**
 * As Deno.connect(), which drops its connection, open, where the signal was aborted when it had
 * just come about: it throws the signal's reason from a `finally`. Here it is closed.
 *
 * @param options with a signal that is made for this connection
 */
async function connectOrAbort(
  options: { hostname: string; port: number; signal: AbortSignal },
): Promise<Deno.TcpConn> {
  const { signal } = options;
  signal.throwIfAborted();
  Object.defineProperty(signal, "throwIfAborted", { value() {}, configurable: true });
  try {
    const conn = await Deno.connect(options);
    if (!signal.aborted) return conn;
    conn.close();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw signal.reason;
}

/** A TCP connection of Deno's each of whose waits ends at a deadline. */
export class BoundedTcp {
  readonly #conn: Deno.TcpConn;
  readonly #deadline: Deadline;
  #expired: Error | null = null;
  #closed = false;

  /** Takes the connection over: closing this closes it. */
  constructor(conn: Deno.TcpConn, deadlines: Deadlines) {
    this.#conn = conn;
    this.#deadline = deadlines.add((error) => {
      this.#expired = error;
      this.close();
    });
  }

  /** Connects: see {@linkcode connectTcp}. */
  static async connect(
    addresses: string[],
    port: number,
    timeoutMs: number,
    deadlines: Deadlines,
  ): Promise<BoundedTcp> {
    return new BoundedTcp(await connectTcp(addresses, port, timeoutMs, deadlines), deadlines);
  }

  /** The other end. */
  get remoteAddr(): Deno.NetAddr {
    return this.#conn.remoteAddr;
  }

  /**
   * Reads into `into`.
   *
   * @returns how many bytes, `ENDED` at the end of the stream
   * @throws {TimeoutError} where the time is over, and with it the connection
   */
  async read(into: Uint8Array, timeoutMs: number): Promise<number> {
    this.#deadline.arm(timeoutMs);
    try {
      return await this.#conn.read(into) ?? ENDED;
    } catch (error) {
      throw this.#expired ?? error;
    } finally {
      this.#deadline.disarm();
    }
  }

  /** Writes all bytes, borrowed for the call. */
  async write(bytes: Uint8Array, timeoutMs: number): Promise<void> {
    this.#deadline.arm(timeoutMs);
    try {
      let written = await this.#conn.write(bytes);
      while (written < bytes.length) written += await this.#conn.write(bytes.subarray(written));
    } catch (error) {
      throw this.#expired ?? error;
    } finally {
      this.#deadline.disarm();
    }
  }

  /** Closes the socket; pending calls reject. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline[Symbol.dispose]();
    this.#conn.close();
  }
}

/** Calls `abort` unless the promise settles within the time; then its error says so. */
export async function bounded<T>(
  deadlines: Deadlines,
  timeoutMs: number,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  using deadline = deadlines.add((error) => controller.abort(error));
  deadline.arm(timeoutMs);
  try {
    return await start(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  }
}
