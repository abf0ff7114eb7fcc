/**
 * TLS servers through OpenSSL.
 *
 * @module
 */
import { offAbort, onAbort } from "../../common/base/abort_listeners.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import { BoundedTcpListener } from "../../common/deno/tcp.ts";
import { listenHost } from "../../common/deno/lookup.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import type { PemOrDer, ServerIdentity } from "../../common/openssl/identity_settings.ts";
import { SessionLimits } from "../../common/secure/limits.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { HANDSHAKE_TIMEOUT_MS, type ListenerCounters } from "../../common/openssl/settings.ts";
import { contextPart, SERVER_CONTEXT } from "../../common/openssl/settings_table.ts";
import { checkSettings } from "../../common/settings/check.ts";
import { TlsConn } from "./conn.ts";
import { LISTEN_TLS, type ListenTlsOptions } from "./settings.ts";

/**
 * Listens for TLS clients, with client certificates where they are asked for.
 *
 * @returns the listener, which the caller closes; it owns the connections that it hands out
 * @throws {PemError} where a certificate or a key cannot be read, or does not belong to the other
 * @throws {OpenSslError} where an algorithm cannot be used
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind or without its other half, and
 * where `reusePort` cannot be had
 * @throws {RangeError} naming a setting whose value cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {Deno.errors.AddrInUse} where the port is taken; other errors of the system likewise
 * @throws {AddressError} where `hostname` wants a network interface that is not there
 * @throws {Deno.errors.NotCapable} without `--allow-net` or `--allow-ffi`
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const client = await connectTls({ port: listener.addr.port, psk });
 * const writing = client.write(new TextEncoder().encode("hello"));
 * const server = await listener.accept();
 * const bytes = new Uint8Array(16);
 * const length = await server!.read(bytes);
 * await writing;
 * await Promise.all([client.close(), server!.close()]);
 * if (length !== 5) throw new Error(`${length} bytes`);
 * ```
 */
export function listenTls(options: ListenTlsOptions): TlsListener {
  return new TlsListener(options);
}

/**
 * The connections of a TLS server, as they come; their handshakes run by themselves.
 *
 * It owns socket and connections: closing it closes them all.
 *
 * @example
 * ```ts
 * import { connectTls, listenTls } from "../mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * const echoing = (async () => {
 *   for await (const conn of listener) {
 *     // Not awaited: a client that fails, or takes its time, is nobody else's trouble.
 *     conn.readable.pipeTo(conn.writable).finally(() => conn.close()).catch(() => {});
 *   }
 * })();
 * const client = await connectTls({ port: listener.addr.port, psk });
 * await client.write(new TextEncoder().encode("hello"));
 * await client.closeWrite();
 * const echo = await new Response(client.readable).text();
 * await client.close();
 * await listener.close();
 * await echoing;
 * if (echo !== "hello") throw new Error(echo);
 * ```
 */
export class TlsListener implements AsyncIterable<TlsConn>, AsyncDisposable {
  /** Where it listens; `port` is the one that was found where 0 was asked for. */
  readonly addr: Deno.NetAddr;
  readonly #listener: BoundedTcpListener;
  readonly #context: TlsContext;
  readonly #deadlines = new Deadlines();
  readonly #limits: SessionLimits;
  readonly #options: ListenTlsOptions;
  readonly #open = new Set<TlsConn>();
  readonly #onAbort = () => this.stopAccepting();
  #accepting = true;

  /** See {@linkcode listenTls}, which throws the same. */
  constructor(settings: ListenTlsOptions) {
    const options = this.#options = checkSettings(LISTEN_TLS, settings, "listen");
    this.#limits = new SessionLimits(options, options.onError);
    const secure = contextPart(SERVER_CONTEXT.tls, options);
    using made = new DisposableStack();
    this.#context = made.use(
      setupStep("context", () => new TlsContext({ ...secure, role: "server", datagram: false })),
    );
    this.#listener = new BoundedTcpListener(
      listenHost(options.hostname),
      options.port,
      options.reusePort,
    );
    made.move();
    const { hostname, port } = this.#listener;
    this.addr = { transport: "tcp", hostname, port };
    onAbort(options.signal, this.#onAbort);
    if (options.signal?.aborted) this.stopAccepting();
  }

  /** What was counted until now; a copy. */
  get counters(): ListenerCounters {
    return { ...this.#limits.counters };
  }

  /**
   * The next client's connection; one call at a time. Its handshake may still run, and fail.
   * Clients beyond the limits are closed here, unseen.
   *
   * @returns null once the listener is closed or accepts no more
   * @throws {Deno.errors.Busy} where another call is still waiting
   * @throws {Error} where the socket has failed: one of Deno.errors
   */
  async accept(): Promise<TlsConn | null> {
    for (let tcp; (tcp = await this.#listener.accept());) {
      // It may have come right before the listener was closed.
      const isWanted = this.#accepting && this.#limits.admits(tcp.remoteAddr.hostname);
      if (isWanted) return this.#newConn(tcp);
      tcp.close();
    }
    return null;
  }

  /** The connections, one after the other, until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<TlsConn> {
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

  /** Takes no new clients; connections that are open live on. */
  stopAccepting(): void {
    if (!this.#accepting) return;
    this.#accepting = false;
    this.#listener.close();
  }

  /**
   * Ends every connection in order, which takes two seconds at most, and frees them and the socket.
   * May be called twice.
   */
  async close(): Promise<void> {
    this.stopAccepting();
    offAbort(this.#options.signal, this.#onAbort);
    await Promise.allSettled([...this.#open].map((conn) => conn.close()));
    this.#context.close();
    this.#deadlines.close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #newConn(tcp: Deno.TcpConn): TlsConn {
    const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, signal } = this.#options;
    using made = new DisposableStack();
    made.use(tcp);
    const session = made.use(setupStep("session", () => new TlsSession(this.#context)));
    const slot = this.#limits.enter(tcp.remoteAddr.hostname, () => conn.abandon());
    const conn: TlsConn = new TlsConn(session, tcp, this.#deadlines, {
      handshakeTimeoutMs,
      isOwn: true,
      signal,
      released: () => {
        slot.leave();
        this.#open.delete(conn);
      },
      failed: (error) => {
        conn.abandon();
        this.#limits.failed(error, conn.remoteAddr);
      },
    });
    made.move();
    this.#open.add(conn);
    conn.handshake().then(() => slot.established() || conn.abandon(), () => {});
    return conn;
  }
}
