/**
 * TCP through the system's own calls: streams that return values while they can, and promises when
 * other connections have to have their turn.
 *
 * @module
 */
import { TimeoutError } from "../base/errors.ts";
import { listenError } from "../base/network_errors.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { EXHAUSTED_PAUSE_MS, isExhausted, isGone } from "../base/system_errors.ts";
import type { SocketAddress } from "./address.ts";
import { POLLIN, POLLOUT } from "./platform.ts";
import type { PollLoop, Wait } from "./poll_loop.ts";
import { Pollable } from "./pollable.ts";
import { PosixSocket } from "./socket.ts";
import { ENDED, NOT_YET } from "../base/read_result.ts";

/** Connections that wait to be accepted: what Deno's own listener has. */
const BACKLOG = 511;

/** One connection; each call is bounded in time. */
export class PosixTcp extends Pollable {
  /** The other end. */
  readonly peer: SocketAddress;
  readonly #timeoutMs: number;
  readonly #onClose: () => void;
  /** Set while the system's buffer is full: what is sent then goes after it. */
  #sending: Promise<void> | undefined;

  /**
   * Takes the socket over.
   *
   * @param timeoutMs longest wait until bytes are sent
   */
  constructor(
    socket: PosixSocket,
    peer: SocketAddress,
    loop: PollLoop,
    timeoutMs: number,
    onClose: () => void = () => {},
  ) {
    super(socket, loop);
    this.peer = peer;
    this.#timeoutMs = timeoutMs;
    this.#onClose = onClose;
  }

  /**
   * Connects.
   *
   * @param from this end's own address; the system's choice where it is null
   * @throws {PosixError} where nothing listens there
   * @throws {Deno.errors.AddrNotAvailable} where this end cannot have that address
   * @throws {TimeoutError} where no answer comes in time
   */
  static connect(
    to: SocketAddress,
    loop: PollLoop,
    timeoutMs: number,
    from: string | null = null,
  ): MaybePromise<PosixTcp> {
    const socket = PosixSocket.open("stream", to.hostname, loop.patience);
    const tcp = new PosixTcp(socket, to, loop, timeoutMs);
    try {
      if (from !== null) socket.bindLocal(from);
      return socket.connect(to) ? tcp : tcp.#connectLater();
    } catch (error) {
      tcp.close();
      throw error;
    }
  }

  async #connectLater(): Promise<PosixTcp> {
    try {
      const ready = await this.until(POLLOUT, performance.now() + this.#timeoutMs);
      if (!ready) throw new TimeoutError(`timed out after ${this.#timeoutMs} ms`);
      this.socket.connected();
      return this;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  override tryReceive(into: Uint8Array, timeoutMs: number): number {
    return this.loop.mayBlock(timeoutMs) ? this.#receive(into, this.loop.alone) : NOT_YET;
  }

  override receiveNow(into: Uint8Array): number {
    this.checkOpen();
    return this.#receive(into, false);
  }

  #receive(into: Uint8Array, mayWait: boolean): number {
    const received = this.socket.receive(into as Uint8Array<ArrayBuffer>, mayWait);
    return received === 0 ? ENDED : received;
  }

  /** Sends all bytes, borrowed for the call, after those of earlier calls. */
  send(bytes: Uint8Array): MaybePromise<void> {
    if (this.#sending) {
      const copy = bytes.slice();
      return this.#untilSent(this.#sending.then(() => this.#sendRest(copy)));
    }
    const sent = this.socket.send(bytes as Uint8Array<ArrayBuffer>, this.loop.alone);
    if (sent < bytes.length) return this.#untilSent(this.#sendRest(bytes.slice(Math.max(sent, 0))));
  }

  #untilSent(sending: Promise<void>): Promise<void> {
    this.#sending = sending;
    const done = () => void (this.#sending === sending && (this.#sending = undefined));
    sending.then(done, done);
    return sending;
  }

  /** The system takes a part where its buffer is full. */
  async #sendRest(bytes: Uint8Array): Promise<void> {
    const dueMs = performance.now() + this.#timeoutMs;
    for (let rest = bytes as Uint8Array<ArrayBuffer>; rest.length > 0;) {
      if (!await this.until(POLLOUT, dueMs)) {
        throw new TimeoutError(`timed out after ${this.#timeoutMs} ms`);
      }
      this.checkOpen();
      rest = rest.subarray(Math.max(this.socket.send(rest, false), 0));
    }
  }

  protected override closedError(): Error {
    return new Deno.errors.BadResource("the connection is closed");
  }

  protected override released(): void {
    this.#onClose();
  }
}

/** Listens for TCP connections until it is closed. */
export class PosixTcpListener {
  /** Where it listens. */
  readonly address: SocketAddress;
  readonly #socket: PosixSocket;
  readonly #loop: PollLoop;
  readonly #timeoutMs: number;
  #wait: Wait | null = null;
  /** Set where descriptors or memory had run out: then the next wait is a rest. */
  #exhausted = false;
  #closed = false;

  /**
   * @param hostname an address
   * @param timeoutMs of its connections, see {@linkcode PosixTcp}
   * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
   */
  constructor(hostname: string, port: number, loop: PollLoop, timeoutMs: number) {
    this.#loop = loop;
    this.#timeoutMs = timeoutMs;
    using made = new DisposableStack();
    try {
      this.#socket = made.use(PosixSocket.open("stream", hostname, loop.patience));
      this.#socket.listen(hostname, port, BACKLOG);
      this.address = this.#socket.address;
    } catch (cause) {
      throw listenError(hostname, port, cause);
    }
    made.move();
  }

  /**
   * The next connection; null after `close()`. It counts among the loop's users until it is closed.
   * One that is gone before it is accepted is passed over, and where descriptors have run out those
   * that come wait.
   *
   * @param take what is made of it
   */
  accept<T>(take: (tcp: PosixTcp) => T): MaybePromise<T | null> {
    const accepted = this.#closed || this.#loop.isDue() ? null : this.#try(this.#loop.users === 0);
    return accepted ? take(accepted) : this.#acceptLater(take);
  }

  async #acceptLater<T>(take: (tcp: PosixTcp) => T): Promise<T | null> {
    while (!this.#closed) {
      const loop = this.#loop;
      const wait = this.#wait = this.#exhausted
        ? loop.sleep(performance.now() + EXHAUSTED_PAUSE_MS)
        : loop.wait(this.#socket.fd, POLLIN, Infinity);
      this.#exhausted = false;
      await wait.ready;
      const accepted = this.#closed ? null : this.#try(false);
      if (accepted) return take(accepted);
    }
    return null;
  }

  #try(mayWait: boolean): PosixTcp | null {
    const loop = this.#loop;
    try {
      const accepted = this.#socket.accept(mayWait);
      if (!accepted) return null;
      loop.users++;
      const left = () => void loop.users--;
      return new PosixTcp(accepted.socket, accepted.peer, loop, this.#timeoutMs, left);
    } catch (error) {
      this.#exhausted = isExhausted(error);
      if (this.#exhausted || isGone(error)) return null;
      throw error;
    }
  }

  /** Stops listening. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wait?.settle(false);
    this.#socket.close();
  }
}
