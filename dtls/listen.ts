/**
 * DTLS servers.
 *
 * @module
 */
import { Deadlines } from "../common/deadline.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { DtlsEndpoint } from "../common/openssl/endpoint.ts";
import type { TlsSession } from "../common/openssl/session.ts";
import { formatAddress } from "../common/protocol.ts";
import { UdpSocket } from "../common/udp.ts";
import { DtlsConn, type DtlsConnOptions } from "./conn.ts";
import { HANDSHAKE_TIMEOUT_MS } from "./connect.ts";

/** Settings of {@linkcode listenDtls}. */
export interface ListenDtlsOptions {
  /** Address to listen on (default "0.0.0.0"). */
  hostname?: string;
  /** UDP port; 0 takes a free one. */
  port: number;
  /** Own certificate, with the chain below the authority, PEM. */
  cert: string;
  /** Own private key, PEM, not encrypted. */
  key: string;
  /** Authorities that clients' certificates may come from, PEM. */
  caCerts?: readonly string[];
  /** Whether a client has to show a certificate (default "none"). */
  clientCertificate?: "none" | "request" | "require";
  /** Longest UDP payload of handshake datagrams in bytes, from 256 (default 1400). */
  mtu?: number;
  /** Longest handshake in milliseconds (default 10000). */
  handshakeTimeoutMs?: number;
  /** Ends every wait of the connections when it is aborted. */
  signal?: AbortSignal;
}

/**
 * Listens for DTLS clients: one UDP socket, many sessions. A client is answered without keeping
 * anything of it until it has shown, with a cookie, that it is where it says (RFC 6347 4.2.1).
 *
 * @throws {OpenSslError} where a certificate or key cannot be used
 * @throws {OpenSslMissingError} where libssl is missing
 * @throws {RunError} where the address cannot be bound
 */
export function listenDtls(options: ListenDtlsOptions): DtlsListener {
  return new DtlsListener(options);
}

/** The connections of a DTLS server, as their cookies come back; their handshakes may still run. */
export class DtlsListener implements AsyncIterable<DtlsConn>, AsyncDisposable {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  readonly #socket: UdpSocket;
  readonly #context: TlsContext;
  readonly #endpoint: DtlsEndpoint<DtlsConn, Deno.NetAddr>;
  readonly #deadlines = new Deadlines();
  readonly #connOptions: DtlsConnOptions;
  readonly #waiting: DtlsConn[] = [];
  readonly #running: Promise<void>;
  #wake: () => void = () => {};
  #accepting = true;
  #failure: unknown;

  /** See {@linkcode listenDtls}. */
  constructor(options: ListenDtlsOptions) {
    const { cert, key, caCerts = [], clientCertificate } = options;
    const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, signal } = options;
    this.#connOptions = { handshakeTimeoutMs, signal };
    using made = new DisposableStack();
    this.#context = made.use(
      new TlsContext({ role: "server", datagram: true, cert, key, caCerts, clientCertificate }),
    );
    this.#endpoint = made.use(
      new DtlsEndpoint<DtlsConn, Deno.NetAddr>(this.#context, {
        // A lost answer to a stranger is asked for again.
        transmit: (datagram, to) => void this.#socket.send(datagram.slice(), to).catch(() => {}),
        accept: (session, from) => this.#newConn(session, from),
        replaced: (conn) => conn.abandon(),
      }, options.mtu),
    );
    this.#socket = new UdpSocket(options.hostname ?? "0.0.0.0", options.port);
    made.move();
    this.addr = this.#socket.addr;
    this.#running = this.#socket.run((bytes, from) => this.#onDatagram(bytes, from))
      .catch((error) => void (this.#failure = error)).finally(() => this.#wake());
  }

  /** Number of sessions that are open. */
  get sessions(): number {
    return this.#endpoint.size;
  }

  /**
   * The next client's connection; one call at a time.
   *
   * @returns null once the listener is closed
   */
  async accept(): Promise<DtlsConn | null> {
    while (this.#accepting && this.#failure === undefined && this.#waiting.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#waiting.shift() ?? null;
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

  /** Ends every session in order, frees them and the socket. May be called twice. */
  async close(): Promise<void> {
    this.stopAccepting();
    this.#waiting.length = 0;
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

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, from: Deno.NetAddr): void {
    const key = formatAddress(from.hostname, from.port);
    this.#endpoint.receive(bytes, key, from, performance.now())?.advance();
  }

  #newConn(session: TlsSession, remoteAddr: Deno.NetAddr): DtlsConn {
    const key = formatAddress(remoteAddr.hostname, remoteAddr.port);
    const conn: DtlsConn = new DtlsConn(
      session,
      {
        remoteAddr,
        transmit: (datagram) => this.#socket.send(datagram, remoteAddr),
        release: () => this.#endpoint.forget(key, conn),
      },
      this.#deadlines,
      this.#connOptions,
    );
    this.#waiting.push(conn);
    this.#wake();
    return conn;
  }
}
