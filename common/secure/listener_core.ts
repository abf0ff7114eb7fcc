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
import { type ClientEntry, ClientTable, ownerOf } from "./client_table.ts";
import { CookieExchange } from "./cookie_exchange.ts";
import { type LimitSettings, SessionLimits } from "./limits.ts";
import { PastHellos } from "./past_hellos.ts";

/** So many connections are kept for `accept()` although they have failed; no more are. */
const MAX_FAILED_WAITING = 256;

/** What a shell makes of a client's session. */
export interface ListenedConn {
  readonly session: TlsSession;
  /** Ends the connection: its client has begun anew, or there are too many. */
  fail(error: Error): void;
}

/** A connection's place in its listener, which the connection tells how it goes on. */
export interface ConnPlace {
  /** The handshake is complete. */
  established(): void;
  /** The connection fails, before or after its handshake. */
  failed(error: unknown): void;
  /** The connection is over. May be called twice. */
  release(): void;
}

/** What a shell does for its core. */
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

/** Settings of a core. */
export interface DtlsListenerOptions<Address> extends LimitSettings {
  /** Longest UDP payload of the handshakes in bytes. */
  mtu?: number | undefined;
  /** Told of every client whose handshake failed. */
  onError?: ((error: unknown, address: Address) => void) | undefined;
  /** So many connections may wait to be accepted although they have failed (default 256). */
  maxFailedWaiting?: number | undefined;
  /** Any clock that does not run backwards, in milliseconds (default performance.now). */
  nowMs?: (() => number) | undefined;
}

/** All connections behind one UDP socket. `Address` is what the shell sends with. */
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

  /** Takes the context over. */
  constructor(
    context: TlsContext,
    shell: DtlsListenerShell<Conn, Address>,
    options: DtlsListenerOptions<Address>,
  ) {
    const { nowMs = () => performance.now(), mtu, onError } = options;
    using made = new DisposableStack();
    this.#context = made.use(context);
    this.#cookies = new CookieExchange(context, nowMs, mtu);
    made.move();
    this.#shell = shell;
    this.#limits = new SessionLimits(options, onError);
    this.#past = new PastHellos(nowMs);
    this.#maxFailedWaiting = options.maxFailedWaiting ?? MAX_FAILED_WAITING;
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
   * @param datagram borrowed for the call
   * @param key a text that stands for the address, and for no other
   * @returns whether it was for a connection
   * @throws {TypeError} after {@linkcode close}
   */
  receive(datagram: Uint8Array<ArrayBuffer>, key: string, from: Address): boolean {
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
    if (this.#isPast(hello, key, from) || !this.#limits.admits(from.hostname)) return false;
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
    const conn: Conn = this.#shell.open(session, from, {
      established: () => {
        if (!slot.established()) return conn.fail(crowded());
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
    });
    this.#waiting.add(conn);
    this.#shell.wake();
    return conn;
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
