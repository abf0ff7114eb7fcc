/**
 * DTLS servers.
 *
 * @module
 */
import { offAbort, onAbort } from "../../common/base/abort_listeners.ts";
import { addressOf } from "../../common/base/addresses.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import type { MaybePromise } from "../../common/base/maybe_promise.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import { listenHost } from "../../common/deno/lookup.ts";
import { afterWoken, UdpSocket } from "../../common/deno/udp.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import type { PemOrDer, ServerIdentity } from "../../common/openssl/identity_settings.ts";
import type { TlsSession } from "../../common/openssl/session.ts";
import { HANDSHAKE_TIMEOUT_MS, type ListenerCounters } from "../../common/openssl/settings.ts";
import { contextPart, SERVER_CONTEXT } from "../../common/openssl/settings_table.ts";
import {
  LISTENER_BUFFER_BYTES,
  type ReceiveBufferState,
} from "../../common/posix/receive_buffer.ts";
import { type ConnPlace, DtlsListenerCore } from "../../common/secure/listener_core.ts";
import { LISTENER_CORE } from "../../common/secure/listener_settings.ts";
import { checkSettings } from "../../common/settings/check.ts";
import { DtlsConn } from "./conn.ts";
import { BorrowedSocket } from "./program_socket.ts";
import {
  checkSocket,
  IDLE_TIMEOUT_MS,
  LISTEN_DTLS,
  type ListenDtlsOptions,
  OWN_SOCKET,
} from "./settings.ts";
import { divided } from "./shared_socket.ts";
import type { DtlsConnOptions } from "./socket.ts";

/**
 * Listens for DTLS clients: one UDP socket, many sessions. A client is answered without keeping
 * anything of it until it has shown, with a cookie, that it is where it says (RFC 6347 4.2.1).
 *
 * @returns the listener, which the caller closes; it owns the connections that it hands out
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind or without its other half, or
 * that the socket cannot be set to
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
 * @throws {AddressError} where `hostname` wants a network interface that is not there
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
 *     // Not awaited: a client that fails, or takes its time, is nobody else's trouble.
 *     (async () => {
 *       for await (const message of conn) await conn.send(message);
 *     })().finally(() => conn.close()).catch(() => {});
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
  readonly #core: DtlsListenerCore<DtlsConn, Deno.NetAddr>;
  readonly #deadlines = new Deadlines();
  readonly #connOptions: DtlsConnOptions;
  readonly #running: Promise<void>;
  readonly #wakers: (() => void)[] = [];
  readonly #onAbort = () => this.stopAccepting();
  #lastFrom: Deno.NetAddr | null = null;
  #lastKey = "";

  /** See {@linkcode listenDtls}, which throws the same. */
  constructor(settings: ListenDtlsOptions) {
    const own = ["hostname", "port", ...OWN_SOCKET] as const;
    const options = checkSocket(checkSettings(LISTEN_DTLS, settings, "listen"), own, "listen");
    const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, signal } = options;
    const { idleTimeoutMs = IDLE_TIMEOUT_MS, inboxBytes } = options;
    this.#connOptions = { handshakeTimeoutMs, idleTimeoutMs, inboxBytes, signal };
    const secure = contextPart(SERVER_CONTEXT.dtls, options);
    const context = this.#context = setupStep(
      "context",
      () => new TlsContext({ ...secure, role: "server", datagram: true }),
    );
    using made = new DisposableStack();
    this.#core = made.use(
      new DtlsListenerCore<DtlsConn, Deno.NetAddr>(context, {
        answer: (datagram, to) => this.#socket.answer(datagram, to),
        open: (session, from, place) => this.#newConn(session, from, place),
        drive: (conn, datagram) => {
          if (datagram) conn.session.feed(datagram);
          conn.advance();
        },
        wake: () => this.#wake(),
      }, contextPart(LISTENER_CORE, options)),
    );
    this.#socket = socketOf(options);
    made.move();
    this.addr = this.#socket.addr;
    const take = (bytes: Uint8Array<ArrayBuffer>, from: Deno.NetAddr) =>
      this.#onDatagram(bytes, from);
    const { socket, onOtherDatagram } = options;
    this.#running = this.#socket.run(socket ? divided(take, onOtherDatagram) : take)
      .catch((error) => this.#core.fail(error));
    onAbort(signal, this.#onAbort);
    if (signal?.aborted) this.stopAccepting();
  }

  /** What was counted until now; a copy. */
  get counters(): ListenerCounters {
    return this.#core.counters;
  }

  /**
   * What is known of the socket's receive buffer: less than was asked for where the system has a limit
   * (`net.core.rmem_max` of Linux), and how many datagrams were lost as it was full.
   */
  get receiveBuffer(): ReceiveBufferState {
    return this.#socket.receiveBuffer ?? { askedBytes: null, bytes: null, dropped: null };
  }

  /**
   * The next client's connection. Its handshake may still run, and fail.
   *
   * @returns null once the listener is closed or accepts no more
   * @throws {Error} where the socket has failed: what the system said of it
   */
  async accept(): Promise<DtlsConn | null> {
    while (this.#core.mustWait) {
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
    return this.#core.take();
  }

  /** The connections, one after the other, until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<DtlsConn> {
    for (let conn; (conn = await this.accept());) yield conn;
  }

  /**
   * Shows other certificates from now on, as when they are renewed, without a restart: connections and
   * handshakes that are there go on with what they have, and sessions can be resumed as before.
   *
   * @param identities one or more; a single one without `names` is for all clients
   * @throws {TypeError} naming what is unknown, missing or of the wrong kind, or where the listener has
   * no certificate, only `pskLookup`
   * @throws {RangeError} naming what cannot be used; then all stays as it was
   * @throws {OpenSslError} where OpenSSL does not take a certificate or a key, likewise
   */
  setIdentities(identities: readonly ServerIdentity[]): void {
    this.#context.setIdentities(identities);
  }

  /**
   * Looks up in other lists from now on what authorities have revoked, as when newer ones are there:
   * connections live on, but sessions from before are not resumed.
   *
   * @param crls what `crls` of the settings may be; none ends the check
   * @throws {TypeError} where it is no list of PEM or DER, or where clients show no certificate
   * @throws {PemError} where one cannot be read; then all stays as it was
   */
  setCrls(crls: readonly PemOrDer[]): void {
    this.#context.setCrls(crls);
  }

  /**
   * Seals tickets with other keys from now on, without a restart: see `ticketKeys`. Tickets whose key
   * is not among them lead to a full handshake.
   *
   * @param keys the first one seals, all of them read: 80 bytes each, copied
   * @throws {TypeError} where they are of the wrong kind, or the listener is closed or without tickets
   * @throws {RangeError} where there is none, one is too short or too long, or two begin with the same
   * 16 bytes, their name
   */
  setTicketKeys(keys: readonly (ArrayBuffer | ArrayBufferView)[]): void {
    this.#context.setTicketKeys(keys);
  }

  /** Takes no new clients; sessions that are open live on. */
  stopAccepting(): void {
    this.#core.stopAccepting();
  }

  /**
   * Ends every session in order, which takes half a second at most, and frees them and the socket.
   * May be called twice.
   */
  async close(): Promise<void> {
    offAbort(this.#connOptions.signal, this.#onAbort);
    await Promise.allSettled(this.#core.end().map((conn) => conn.close()));
    this.#socket.close();
    await this.#running;
    this.#core.close();
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
    if (this.#core.receive(bytes, this.#keyOf(from), from)) return afterWoken();
  }

  /** Most datagrams come from where the last one came from. */
  #keyOf(from: Deno.NetAddr): string {
    const last = this.#lastFrom;
    if (last?.port !== from.port || last.hostname !== from.hostname) {
      this.#lastFrom = from;
      this.#lastKey = addressOf(from);
    }
    return this.#lastKey;
  }

  #newConn(session: TlsSession, remoteAddr: Deno.NetAddr, place: ConnPlace): DtlsConn {
    const transmit = (datagram: Uint8Array) => this.#socket.send(datagram, remoteAddr);
    const socket = { remoteAddr, localAddr: this.addr, transmit, ...place };
    return new DtlsConn(session, socket, this.#deadlines, this.#connOptions);
  }
}

function socketOf(options: ListenDtlsOptions): UdpSocket {
  const { socket, hostname, port, receiveBufferBytes = LISTENER_BUFFER_BYTES } = options;
  if (socket) return new UdpSocket(new BorrowedSocket(socket));
  if (port !== undefined) {
    return UdpSocket.at(listenHost(hostname), port, { ...options, receiveBufferBytes });
  }
  throw new TypeError(`Cannot listen: port is missing; it must be ${LISTEN_DTLS.port.allowed}`);
}
