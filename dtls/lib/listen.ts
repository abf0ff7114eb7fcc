/**
 * DTLS servers.
 *
 * @module
 */
import { formatAddress } from "../../common/base/addresses.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { ReplacedError } from "../../common/base/errors.ts";
import { listenHost } from "../../common/deno/lookup.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { DtlsEndpoint } from "../../common/secure/endpoint.ts";
import { notify } from "../../common/openssl/bindings/calls.ts";
import { SessionLimits } from "../../common/secure/limits.ts";
import type { TlsSession } from "../../common/openssl/session.ts";
import { HANDSHAKE_TIMEOUT_MS, type ListenerCounters } from "../../common/openssl/settings.ts";
import { contextPart, SERVER_CONTEXT } from "../../common/openssl/settings_table.ts";
import {
  LISTENER_BUFFER_BYTES,
  type ReceiveBufferState,
} from "../../common/posix/receive_buffer.ts";
import type { MaybePromise } from "../../common/base/maybe_promise.ts";
import { checkSettings } from "../../common/settings/check.ts";
import { afterWoken, UdpSocket } from "../../common/deno/udp.ts";
import type { DtlsConnOptions } from "./socket.ts";
import { DtlsConn } from "./conn.ts";
import { IDLE_TIMEOUT_MS, LISTEN_DTLS, type ListenDtlsOptions } from "./settings.ts";

/** So many connections are kept for `accept()` although they have failed; no more are. */
const MAX_FAILED_WAITING = 256;

const REPLACED = "the client has begun a new session from the same address";

/**
 * Listens for DTLS clients: one UDP socket, many sessions. A client is answered without keeping
 * anything of it until it has shown, with a cookie, that it is where it says (RFC 6347 4.2.1).
 *
 * @returns the listener, which the caller closes; it owns the connections that it hands out
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind or without its other half
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {RunError} where the address cannot be bound
 * @throws {Deno.errors.NotCapable} without `--allow-net` or `--allow-ffi`
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const client = await connectDtls({ port: listener.addr.port, psk });
 * await client.send(new TextEncoder().encode("hello"));
 * const server = await listener.accept();
 * const message = new TextDecoder().decode(await server!.receive() ?? undefined);
 * await client.close();
 * if (message !== "hello") throw new Error(message);
 * ```
 */
export function listenDtls(options: ListenDtlsOptions): DtlsListener {
  return new DtlsListener(options);
}

/**
 * The connections of a DTLS server, as their cookies come back; their handshakes may still run.
 *
 * It owns socket and connections: closing it closes them all.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const echoing = (async () => {
 *   for await (const conn of listener) {
 *     for await (const message of conn) await conn.send(message);
 *   }
 * })();
 * const client = await connectDtls({ port: listener.addr.port, psk });
 * await client.send(new TextEncoder().encode("hello"));
 * const echo = new TextDecoder().decode(await client.receive(undefined, 5000) ?? undefined);
 * await client.close();
 * listener.stopAccepting();
 * await echoing;
 * if (echo !== "hello") throw new Error(echo);
 * ```
 */
export class DtlsListener implements AsyncIterable<DtlsConn>, AsyncDisposable {
  /** Where it listens; `port` is the one that was found where 0 was asked for. */
  readonly addr: Deno.NetAddr;
  readonly #socket: UdpSocket;
  readonly #context: TlsContext;
  readonly #endpoint: DtlsEndpoint<DtlsConn, Deno.NetAddr>;
  readonly #deadlines = new Deadlines();
  readonly #limits: SessionLimits;
  readonly #options: ListenDtlsOptions;
  readonly #connOptions: DtlsConnOptions;
  /** Those that nobody has taken yet, the oldest first. */
  readonly #waiting = new Set<DtlsConn>();
  readonly #running: Promise<void>;
  readonly #wakers: (() => void)[] = [];
  readonly #onAbort = () => this.stopAccepting();
  #accepting = true;
  #failure: unknown;
  #lastFrom: Deno.NetAddr | null = null;
  #lastKey = "";

  /** See {@linkcode listenDtls}, which throws the same. */
  constructor(settings: ListenDtlsOptions) {
    const options = this.#options = checkSettings(LISTEN_DTLS, settings, "listen");
    const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, signal } = options;
    const { idleTimeoutMs = IDLE_TIMEOUT_MS, inboxBytes } = options;
    this.#limits = new SessionLimits(options);
    this.#connOptions = { handshakeTimeoutMs, idleTimeoutMs, inboxBytes, signal };
    const secure = contextPart(SERVER_CONTEXT.dtls, options);
    using made = new DisposableStack();
    this.#context = made.use(new TlsContext({ ...secure, role: "server", datagram: true }));
    this.#endpoint = made.use(
      new DtlsEndpoint<DtlsConn, Deno.NetAddr>(this.#context, {
        nowMs: () => performance.now(),
        transmit: (datagram, to) => this.#sendCookie(datagram, to),
        refuse: (alert, to) => this.#socket.answer(alert, to),
        admit: (from) => this.#limits.admits(from.hostname),
        accept: (session, from) => this.#newConn(session, from),
        drive: (conn, datagram) => {
          if (datagram) conn.session.feed(datagram);
          conn.advance();
        },
        replaced: (conn) => conn.fail(new ReplacedError(REPLACED)),
      }, options.mtu),
    );
    const { hostname, port, receiveBufferBytes = LISTENER_BUFFER_BYTES } = options;
    this.#socket = new UdpSocket(listenHost(hostname), port, receiveBufferBytes);
    made.move();
    this.addr = this.#socket.addr;
    this.#running = this.#socket.run((bytes, from) => this.#onDatagram(bytes, from))
      .catch((error) => void (this.#failure = error)).finally(() => this.#wake());
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.stopAccepting();
  }

  /** What was counted until now; a copy. */
  get counters(): ListenerCounters {
    return { ...this.#limits.counters };
  }

  /**
   * What is known of the socket's receive buffer: less than was asked for where the system has a limit
   * (`net.core.rmem_max` of Linux), and how many datagrams were lost as it was full.
   */
  get receiveBuffer(): ReceiveBufferState {
    return this.#socket.receiveBuffer!;
  }

  /**
   * The next client's connection. Its handshake may still run, and fail.
   *
   * @returns null once the listener is closed or accepts no more
   * @throws {Error} where the socket has failed: what the system said of it
   */
  async accept(): Promise<DtlsConn | null> {
    while (this.#accepting && this.#failure === undefined && this.#waiting.size === 0) {
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
    const [next] = this.#waiting;
    if (next) this.#waiting.delete(next);
    return next ?? null;
  }

  /** The connections, one after the other, until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<DtlsConn> {
    for (let conn; (conn = await this.accept());) yield conn;
  }

  /** Takes no new clients; sessions that are open live on. */
  stopAccepting(): void {
    this.#accepting = false;
    this.#endpoint.stopAccepting();
    this.#wake();
  }

  /**
   * Ends every session in order, which takes half a second at most, and frees them and the socket.
   * May be called twice.
   */
  async close(): Promise<void> {
    this.stopAccepting();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#waiting.clear();
    await Promise.allSettled([...this.#endpoint.peers()].map((conn) => conn.close()));
    this.#socket.close();
    await this.#running;
    this.#endpoint.close();
    this.#context.close();
    this.#deadlines.close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wake(): void {
    for (const waker of this.#wakers.splice(0)) waker();
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, from: Deno.NetAddr): MaybePromise<void> {
    if (!this.#endpoint.receive(bytes, this.#keyOf(from), from)) return;
    return afterWoken();
  }

  /** Most datagrams come from where the last one came from. */
  #keyOf(from: Deno.NetAddr): string {
    const last = this.#lastFrom;
    if (last?.port !== from.port || last.hostname !== from.hostname) {
      this.#lastFrom = from;
      this.#lastKey = formatAddress(from.hostname, from.port);
    }
    return this.#lastKey;
  }

  /** A stranger's cookie that gets lost is asked for again. */
  #sendCookie(datagram: Uint8Array, to: Deno.NetAddr): void {
    this.#limits.counters.cookies++;
    this.#socket.answer(datagram, to);
  }

  #newConn(session: TlsSession, remoteAddr: Deno.NetAddr): DtlsConn {
    const key = this.#keyOf(remoteAddr);
    const { counters } = this.#limits;
    const slot = this.#limits.enter(remoteAddr.hostname, () => conn.fail(crowded()));
    let mayReturn = false;
    const socket = {
      remoteAddr,
      transmit: (datagram: Uint8Array) => this.#socket.send(datagram, remoteAddr),
      established: () => {
        if (!slot.established()) return conn.fail(crowded());
        counters.established++;
        this.#endpoint.established(key, conn);
      },
      failed: (error: unknown) => {
        mayReturn = error instanceof Deno.errors.Busy;
        if (mayReturn || error instanceof ReplacedError || session.established) return;
        counters.errors++;
        notify("onError", this.#options.onError, error, remoteAddr);
      },
      release: () => {
        slot.leave();
        this.#endpoint.forget(key, conn, mayReturn);
        if (mayReturn || this.#waiting.size > MAX_FAILED_WAITING) this.#waiting.delete(conn);
      },
    };
    const conn: DtlsConn = new DtlsConn(session, socket, this.#deadlines, this.#connOptions);
    this.#waiting.add(conn);
    this.#wake();
    return conn;
  }
}

/** Nothing is wrong with a client that gives way: it may come again at once. */
function crowded(): Error {
  return new Deno.errors.Busy("there are too many handshakes or sessions at once");
}
