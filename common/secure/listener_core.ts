/**
 * A DTLS listener, free of I/O: it tells which connection a datagram belongs to, keeps to its limits,
 * and has new clients wait until they are accepted. A shell around it moves the datagrams.
 *
 * @module
 */
import { ReplacedError } from "../base/errors.ts";
import type { TlsContext } from "../openssl/context.ts";
import { isClientHello, isSealed, numberLike } from "../openssl/records.ts";
import type { TlsSession } from "../openssl/session.ts";
import type { ListenerCounters } from "../openssl/settings.ts";
import { show } from "../settings/kind.ts";
import { bytesOf } from "../settings/kinds.ts";
import { type ClientEntry, ClientTable, ownerOf } from "./client_table.ts";
import { CookieExchange } from "./cookie_exchange.ts";
import { SessionLimits, type Slot } from "./limits.ts";
import {
  checkListener,
  type DtlsListenerOptions,
  MAX_FAILED_WAITING,
} from "./listener_settings.ts";
import { PastHellos } from "./past_hellos.ts";

/** What a shell makes of a client's session. */
export interface ListenedConn {
  /** The one that it was made with; the shell closes it. */
  readonly session: TlsSession;
  /**
   * Ends the connection: its client has begun anew, or there are too many. It closes the session, and
   * releases its place.
   */
  fail(error: Error): void;
}

/**
 * A connection's place in its listener, which the connection tells how it goes on; from when `open` has
 * returned.
 */
export interface ConnPlace {
  /** The handshake is complete. */
  established(): void;
  /** The connection fails, before or after its handshake. */
  failed(error: unknown): void;
  /** The connection is over. May be called twice. */
  release(): void;
}

const SHELL = ["answer", "open", "drive", "wake"] as const;

/** What a shell does for its core. What these throw, {@linkcode DtlsListenerCore.receive} throws. */
export interface DtlsListenerShell<Conn extends ListenedConn, Address> {
  /** Answers a client that has no connection; the bytes are borrowed for the call. */
  answer(datagram: Uint8Array, to: Address): void;
  /** Takes over the session of a client whose cookie was good; it is driven afterwards. */
  open(session: TlsSession, from: Address, place: ConnPlace): Conn;
  /** Feeds a connection's session a datagram, borrowed for the call, and drives it; or drives it alone. */
  drive(conn: Conn, datagram: Uint8Array<ArrayBuffer> | null): void;
  /** Told that {@linkcode DtlsListenerCore.mustWait} may have changed. */
  wake(): void;
}

export type { DtlsListenerOptions } from "./listener_settings.ts";

/**
 * All DTLS connections behind one socket, or whatever else carries datagrams; `Address` is what the
 * shell sends with. A client is asked for a cookie before anything is kept of it (RFC 6347 4.2.1); then
 * the shell is handed its session, which it drives and closes.
 *
 * Who makes it closes it, with {@linkcode close}, after the connections that {@linkcode end} has left.
 *
 * @example
 * ```ts
 * import { DtlsListenerCore, TlsContext, TlsSession } from "./core.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * using clients = new TlsContext({ role: "client", datagram: true, psk });
 * using client = new TlsSession(clients);
 * const servers = new TlsContext({ role: "server", datagram: true, pskLookup: () => psk.key });
 * const toServer: Uint8Array[] = [], toClient: Uint8Array[] = [];
 * const send = (datagram: Uint8Array) => void toClient.push(datagram.slice());
 * using core = new DtlsListenerCore(servers, {
 *   answer: send,
 *   open: (session, _from: { hostname: string }, place) => ({
 *     ...{ session, place },
 *     fail() {
 *       session.close();
 *       place.release();
 *     },
 *   }),
 *   drive({ session, place }, datagram) {
 *     if (datagram) session.feed(datagram);
 *     if (!session.established && session.handshake()) place.established();
 *     session.drain(send);
 *   },
 *   wake() {},
 * });
 * const from = { hostname: "client-1" };
 * while (!client.handshake()) {
 *   client.drain((datagram) => toServer.push(datagram.slice()));
 *   for (const datagram of toServer.splice(0)) core.receive(datagram, "client-1", from);
 *   for (const datagram of toClient.splice(0)) client.feed(datagram);
 * }
 * if (core.counters.established !== 1) throw new Error("it is there");
 * for (const conn of core.end()) conn.fail();
 * ```
 */
export class DtlsListenerCore<
  Conn extends ListenedConn,
  Address extends { readonly hostname: string },
> implements Disposable {
  readonly #context: TlsContext;
  readonly #shell: DtlsListenerShell<Conn, Address>;
  readonly #limits: SessionLimits<Address>;
  readonly #cookies: CookieExchange;
  readonly #clients = new ClientTable<Conn>();
  readonly #past: PastHellos;
  readonly #maxFailedWaiting: number;
  /** Those that no `accept()` has taken yet, the oldest first. */
  readonly #waiting = new Set<Conn>();
  #failure: unknown;
  #accepting = true;
  #ended = false;
  #closed = false;

  /**
   * Takes the context over: it is closed with the core.
   *
   * @throws {TypeError} naming what is of the wrong kind, or a context that is closed, a client's or for TLS
   * @throws {RangeError} naming an option whose value cannot be used
   */
  constructor(
    context: TlsContext,
    shell: DtlsListenerShell<Conn, Address>,
    options: DtlsListenerOptions<Address> = {},
  ) {
    const checked = checkListener(context, shell, SHELL, options);
    const { nowMs = () => performance.now(), mtu, onError } = checked;
    using made = new DisposableStack();
    this.#context = made.use(context);
    this.#cookies = new CookieExchange(context, nowMs, mtu);
    made.move();
    this.#shell = shell;
    this.#limits = new SessionLimits(checked, onError);
    this.#past = new PastHellos(nowMs);
    this.#maxFailedWaiting = checked.maxFailedWaiting ?? MAX_FAILED_WAITING;
  }

  /** What was counted until now; a copy. */
  get counters(): ListenerCounters {
    return { ...this.#limits.counters };
  }

  /** Number of addresses that have a connection. */
  get size(): number {
    return this.#clients.size;
  }

  /** The connections, as the shell keeps them. */
  conns(): Iterable<Conn> {
    return this.#clients.conns();
  }

  /**
   * Takes one datagram, and has the connection driven that it is for.
   *
   * @param datagram any view or ArrayBuffer, borrowed for the call
   * @param key a text that stands for the address, and for no other
   * @param from where it came from; limits per address are of its `hostname`
   * @returns whether it was for a connection
   * @throws {TypeError} naming an argument of the wrong kind, and after {@linkcode close}
   */
  receive(datagram: ArrayBuffer | ArrayBufferView, key: string, from: Address): boolean {
    const bytes = bytesOf(datagram, "datagram");
    if (typeof key !== "string") throw new TypeError(`key must be a text, not ${show(key)}`);
    if (typeof from?.hostname !== "string") {
      throw new TypeError(`from must be an object with a hostname, not ${show(from)}`);
    }
    return this.#receive(bytes, key, from);
  }

  #receive(datagram: Uint8Array<ArrayBuffer>, key: string, from: Address): boolean {
    if (this.#closed) throw new TypeError("Cannot receive: the DTLS listener is closed");
    if (this.#context.closed) throw new TypeError("Cannot receive: the TLS context is closed");
    const entry = this.#clients.get(key);
    if (isClientHello(datagram)) return this.#receiveHello(entry, datagram, key, from);
    if (!entry) return false;
    // Sealed ones may be for either: what is not its own a session drops (RFC 6347 4.1.2.7).
    if (!entry.next || isSealed(datagram)) this.#shell.drive(entry.conn, datagram);
    if (entry.next) this.#shell.drive(entry.next.conn, datagram);
    return true;
  }

  #receiveHello(
    entry: ClientEntry<Conn> | undefined,
    hello: Uint8Array<ArrayBuffer>,
    key: string,
    from: Address,
  ): boolean {
    const owner = entry && ownerOf(entry, hello);
    if (!owner) return this.#accepting && this.#begin(hello, key, from);
    this.#shell.drive(owner, hello);
    return true;
  }

  /** Goes on with a client that has no connection for its hello. */
  #begin(hello: Uint8Array<ArrayBuffer>, key: string, from: Address): boolean {
    if (this.#isPast(hello, key, from)) return false;
    // Who has a session already takes its place.
    const hasPlace = this.#clients.get(key)?.conn.session.established;
    if (!hasPlace && !this.#limits.admits(from.hostname)) return false;
    const session = this.#cookies.listen(hello, key, (question) => {
      // A cookie that gets lost is asked for again.
      this.#limits.counters.cookies++;
      this.#shell.answer(question, from);
    });
    if (!session) return false;
    const conn = this.#open(session, key, from);
    this.#replace(this.#clients.begin(key, conn, hello));
    this.#shell.drive(conn, null);
    return true;
  }

  /** A hello that has had its session comes again: a refusal is told again, and nothing begins. */
  #isPast(hello: Uint8Array, key: string, from: Address): boolean {
    const past = this.#past.find(key, hello);
    if (past?.answer) {
      numberLike(hello, past.answer);
      this.#shell.answer(past.answer, from);
    }
    return past !== null;
  }

  #open(session: TlsSession, key: string, from: Address): Conn {
    const slot = this.#limits.enter(from.hostname, () => conn.fail(crowded()));
    /** Whether the client may begin once more with the same hello, as it did nothing wrong. */
    let mayReturn = false;
    const conn: Conn = this.#opened(session, slot, () =>
      this.#shell.open(session, from, {
        established: () => {
          const replaces = this.#clients.replaces(key, conn);
          if (!slot.established(replaces)) return conn.fail(crowded());
          const old = this.#clients.established(key, conn);
          if (!old) return;
          this.#past.remember(key, old.random, null);
          this.#replace(old.conn);
        },
        failed: (error) => {
          mayReturn = error instanceof Deno.errors.Busy;
          if (mayReturn || error instanceof ReplacedError || session.established) return;
          this.#limits.failed(error, from);
        },
        release: () => {
          slot.leave();
          this.#forget(key, conn, mayReturn);
        },
      }));
    this.#waiting.add(conn);
    this.#shell.wake();
    return conn;
  }

  /** What a shell has made of a session; where that has failed, nobody else would free it. */
  #opened(session: TlsSession, slot: Slot, open: () => Conn): Conn {
    try {
      const conn = open();
      if (conn?.session === session && typeof conn.fail === "function") return conn;
      throw new TypeError("shell.open() must return an object with the session and with fail()");
    } catch (error) {
      slot.leave();
      session.close();
      throw error;
    }
  }

  #replace(old: Conn | null): void {
    old?.fail(new ReplacedError("the client has begun a new session from the same address"));
  }

  #forget(key: string, conn: Conn, mayReturn: boolean): void {
    const gone = this.#clients.remove(key, conn);
    if (gone && !mayReturn) {
      const { established, lastWords } = conn.session;
      this.#past.remember(key, gone.random, established ? null : lastWords);
    }
    const isKept = !mayReturn && this.#waiting.size <= this.#maxFailedWaiting;
    // No accept() will hand it out, to be closed by a program.
    if (!isKept && this.#waiting.delete(conn)) conn.session.close();
    if (this.#accepting && !this.#closed && !this.#context.closed) this.#cookies.prepare();
  }

  /** Whether `accept()` has to wait: there is no client, but one may come. */
  get mustWait(): boolean {
    return this.#accepting && this.#failure === undefined && this.#waiting.size === 0;
  }

  /**
   * The client that has waited longest; its handshake may still run, or have failed.
   *
   * @returns null where there is none
   * @throws what the socket has failed with
   */
  take(): Conn | null {
    if (this.#failure !== undefined) throw this.#failure;
    const [next] = this.#waiting;
    if (this.#ended || !next) return null;
    this.#waiting.delete(next);
    return next;
  }

  /** What the socket has failed with; undefined where it has not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The socket has failed: no more clients come. */
  fail(error: unknown): void {
    this.#failure = error;
    this.#shell.wake();
  }

  /** Answers new clients no more; connections that are there live on. */
  stopAccepting(): void {
    this.#accepting = false;
    this.#shell.wake();
  }

  /**
   * As {@linkcode stopAccepting}, and hands no client out any more.
   *
   * @returns the connections that are left, to be closed by the shell
   */
  end(): Conn[] {
    this.#ended = true;
    this.stopAccepting();
    return [...this.conns()];
  }

  /** Frees what is its own; the connections are the shell's. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.end();
    this.#closed = true;
    this.#cookies[Symbol.dispose]();
    this.#clients.clear();
    this.#past.clear();
    this.#waiting.clear();
    this.#context.close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Nothing is wrong with a client that gives way: it may come again at once. */
function crowded(): Error {
  return new Deno.errors.Busy("there are too many handshakes or sessions at once");
}
