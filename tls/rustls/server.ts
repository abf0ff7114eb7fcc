/**
 * The server's side of `node:tls`: connections are accepted one by one, and each one's handshake
 * belongs to it.
 *
 * @module
 */
import { formatAddress } from "../../common/base/addresses.ts";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TlsOptions,
  type TLSSocket,
} from "node:tls";
import { listenError } from "../../common/base/network_errors.ts";
import { EXHAUSTED_PAUSE_MS, isExhausted, isGone } from "../../common/base/system_errors.ts";
import { setupStep } from "../../common/base/setup_steps.ts";
import type { Credentials } from "./credentials.ts";
import { handshakeError, refuseZone } from "./errors.ts";
import { PeerCheck } from "./security.ts";

/** Connections that wait to be accepted: what Node's server asks for by itself. */
const BACKLOG = 511;

/** Node's own bound of a handshake is that of the signal, and so much more. */
const LATER_MS = 100;

/** A timer takes 31 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Accepts TCP connections until it is stopped. */
export class NodeTcpListener {
  readonly #server: Server;
  readonly #arrived: Socket[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #waiting: PromiseWithResolvers<Socket | null> | null = null;
  #failure: Error | null = null;
  readonly #reviver: ReturnType<typeof setInterval>;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => this.#onConnection(socket));
    server.on("error", (error) => {
      if (isExhausted(error) || isGone(error)) return;
      this.#failure = error;
      this.#waiting?.reject(error);
    });
    server.on("close", () => this.#closed.resolve());
    this.#reviver = setInterval(() => revive(server), EXHAUSTED_PAUSE_MS);
  }

  /**
   * Begins to listen.
   *
   * @param port 0 for a free one
   * @throws {RunError} where the address cannot be listened on
   */
  static async listen(hostname: string, port: number): Promise<NodeTcpListener> {
    refuseZone(hostname);
    const server = createTcpServer({ noDelay: true });
    await requirePermission(hostname, port);
    try {
      await setupStep("listen", () =>
        new Promise<void>((resolve, reject) => {
          server.once("error", reject);
          server.listen({ host: hostname, port }, resolve);
        }));
    } catch (cause) {
      // Deno's code for an address that is not one of this machine's (EADDRNOTAVAIL, bind(2)).
      const foreign = (cause as { code?: string }).code === "EINVAL";
      throw listenError(hostname, port, foreign ? new Deno.errors.AddrNotAvailable() : cause);
    }
    server.removeAllListeners("error");
    return new NodeTcpListener(server);
  }

  /** Where it listens. */
  get addr(): { hostname: string; port: number } {
    const { address, port } = this.#server.address() as { address: string; port: number };
    return { hostname: address, port };
  }

  /**
   * The next connection; null after `stop()`. One that is gone before it is accepted is passed over,
   * and where descriptors have run out those that come wait.
   */
  accept(): Promise<Socket | null> {
    const first = this.#arrived.shift();
    if (first) return Promise.resolve(first);
    if (this.#failure) return Promise.reject(this.#failure);
    if (!this.#server.listening) return Promise.resolve(null);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** Takes no new connections. May be called twice. */
  stop(): void {
    if (!this.#server.listening) return;
    clearInterval(this.#reviver);
    this.#server.close();
    for (const socket of this.#arrived.splice(0)) socket.destroy();
    this.#waiting?.resolve(null);
    this.#waiting = null;
  }

  /** Resolves when it has stopped and its last connection is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  #onConnection(socket: Socket): void {
    // An error that no listener takes ends the process; the stream that takes the socket over hears it, too.
    socket.on("error", () => {});
    if (socket.remoteAddress === undefined) return void socket.destroy();
    if (this.#waiting) this.#waiting.resolve(socket);
    else this.#arrived.push(socket);
    this.#waiting = null;
  }
}

/**
 * Deno's own part of Node's server asks for no more connections after an error of accept(2), and
 * says nothing of it (2.9.6: EMFILE, ECONNABORTED). Told once more to listen it asks again; where it
 * never stopped, that does nothing, not even a system call.
 */
function revive(server: Server): void {
  const { _handle: handle } = server as { _handle?: { listen?(backlog: number): number } | null };
  handle?.listen?.(BACKLOG);
}

/** Node's server throws what is missing where it cannot be caught. */
async function requirePermission(hostname: string, port: number): Promise<void> {
  const host = formatAddress(hostname, port);
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state === "granted") return;
  const message = `Requires net access to "${host}", run again with the --allow-net flag`;
  throw new Deno.errors.NotCapable(message);
}

/**
 * Completes the handshakes of a server that asks its clients for their certificates.
 *
 * Node's TLS server verifies clients, which a bare TLSSocket on Deno does not. But it tells how a
 * handshake ended, and not which one. So each has a server for itself while it lasts; servers are
 * used again, as every new one reads the certificates anew.
 */
export class Handshakes {
  readonly #options: TlsOptions;
  readonly #clients: PeerCheck;
  readonly #idle: TlsServer[] = [];

  /**
   * @param credentials this end's, and whom it believes
   * @param timeoutMs when the signal given to run() ends a handshake at the latest
   */
  constructor(credentials: Credentials, timeoutMs: number) {
    // Node's own bound must not be a shorter one. But where a handshake fails Deno's own part of
    // Node's TLS leaves the timer set, and with it the connection stays in memory until then (2.9.6).
    const handshakeTimeout = Math.min(timeoutMs + LATER_MS, MAX_TIMER_MS);
    const client = { requestCert: true, rejectUnauthorized: true };
    this.#options = { ...credentials, ...client, handshakeTimeout };
    this.#clients = new PeerCheck(credentials.ca, "client");
  }

  /**
   * Completes the handshake of an accepted connection, or closes it.
   *
   * @param wrap takes the open socket over before anything can happen to it
   * @param signal ends the handshake
   * @throws {RunError} saying why it failed, in one line
   */
  async run<T>(raw: Socket, wrap: (socket: TLSSocket) => T, signal: AbortSignal): Promise<T> {
    const server = this.#idle.pop() ?? setupStep("context", () => createTlsServer(this.#options));
    const abort = () => raw.destroy();
    signal.addEventListener("abort", abort);
    try {
      return await new Promise((resolve, reject) => {
        const fail = (error: Error, { authorizationError }: TLSSocket) =>
          reject(handshakeError(error, authorizationError));
        server.once("tlsClientError", fail);
        server.once("secureConnection", (socket) => {
          // From here on a client's end ends only its own direction; before, it ends a handshake.
          socket.allowHalfOpen = true;
          // Node has checked this already; nothing is worth more than a second look.
          if (!socket.authorized) return fail(new Error("the client is not authorized"), socket);
          const refusal = this.#clients.refusal(socket.getPeerCertificate(true));
          if (refusal) reject(refusal);
          else resolve(wrap(socket));
        });
        server.emit("connection", raw);
        if (signal.aborted) abort();
      });
    } catch (error) {
      raw.destroy();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      server.removeAllListeners("tlsClientError");
      server.removeAllListeners("secureConnection");
      this.#idle.push(server);
    }
  }
}
