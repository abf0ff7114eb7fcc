/**
 * A server that asks its clients for no certificate, which those of the pairs always do, on each kind
 * of sockets. It serves a message over each connection, as a pair's server does.
 *
 * @module
 */
import { type DtlsConn, listenDtls } from "../../dtls/mod.ts";
import { blockingPair as dtlsPair } from "../../dtls/blocking.ts";
import { listenTls, type TlsConn } from "../../tls/mod.ts";
import { blockingPair as tlsPair } from "../../tls/blocking.ts";
import { Deadlines } from "../base/deadline.ts";
import { parseOptions } from "../cli/options.ts";
import { lengthOf } from "../exchange/library_verbs.ts";
import type { ServerTransport } from "../exchange/transport.ts";
import type { HandshakeMessage } from "../model/handshake_message.ts";
import { ACK } from "../model/message.ts";
import { type Lane, laneOptions } from "../model/lanes.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { TlsContext } from "../openssl/context.ts";
import type { TlsServerSettings } from "../openssl/settings.ts";
import { PollLoop } from "../posix/poll_loop.ts";
import { assertEquals } from "./assert.ts";
import { goodCertificates } from "./pairs.ts";
import { PATIENCE_MS } from "./within.ts";

const HOST = "127.0.0.1";

/** DTLS on Deno's sockets: the server's certificate goes in fragments. */
const SMALL_MTU = 400;

/** What it does with a connection, in the verbs that blocking ends have. */
type Verbs<Connection> = Pick<
  ServerTransport<Connection>,
  "port" | "accept" | "handshake" | "receive" | "send" | "shutdown" | "close"
>;

/** Listens from the beginning; serves when it is told to. */
export class OpenServer implements AsyncDisposable {
  readonly #messages: HandshakeMessage[] = [];
  readonly #resources = new AsyncDisposableStack();
  #verbs!: Verbs<unknown>;

  private constructor() {}

  /** @param args more options, as of the pair's server */
  static async listen(lane: Lane, args: readonly string[]): Promise<OpenServer> {
    const server = new OpenServer();
    const { protocol, io } = lane;
    const own = [...laneOptions(lane), "--host", HOST, "--port", "0", ...args];
    const options = parseOptions(protocol, "server", own) as PairOptions;
    const version = protocol === "dtls" ? "DTLSv1.2" : `TLSv${options.tlsVersion!}` as const;
    const settings: TlsServerSettings = {
      ...(await goodCertificates()).server,
      ...{ minVersion: version, maxVersion: version },
      clientCertificate: "none",
      onHandshakeMessage: (message) => void server.#messages.push(message),
    };
    server.#verbs = io === "async"
      ? server.#onEvents(protocol === "dtls", settings)
      : server.#blocking(options, settings);
    return server;
  }

  get port(): number {
    return this.#verbs.port;
  }

  /**
   * Serves so many connections, one after the other.
   *
   * @returns what they have traced
   */
  async serve(connections: number): Promise<HandshakeMessage[]> {
    const { accept, handshake, receive, send, shutdown, close } = this.#verbs;
    const into = new Uint8Array(1000);
    for (let i = 0; i < connections; i++) {
      const connection = await accept();
      await handshake!(connection);
      assertEquals(await receive(connection, into, PATIENCE_MS) > 0, true);
      await send(connection, ACK);
      assertEquals(await receive(connection, into, PATIENCE_MS) > 0, false);
      await shutdown!(connection);
      await close(connection);
    }
    return this.#messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  #onEvents(datagram: boolean, settings: TlsServerSettings): Verbs<unknown> {
    const where = { hostname: HOST, port: 0 };
    const shared = {
      handshake: (conn: TlsConn | DtlsConn) => conn.handshake(),
      shutdown: (conn: TlsConn | DtlsConn) => conn.shutdown(),
      close: (conn: TlsConn | DtlsConn) => conn.abandon(),
    };
    if (datagram) {
      const listener = this.#resources.use(
        listenDtls({ ...settings, ...where, mtu: SMALL_MTU }),
      );
      return {
        ...shared,
        port: listener.addr.port,
        accept: () => listener.accept(),
        receive: (conn, into, timeoutMs) => lengthOf(conn.receive(into, timeoutMs)),
        send: (conn, bytes) => conn.send(bytes),
      } satisfies Verbs<DtlsConn> as Verbs<unknown>;
    }
    const listener = this.#resources.use(listenTls({ ...settings, ...where }));
    return {
      ...shared,
      port: listener.addr.port,
      accept: () => listener.accept(),
      receive: (conn, into, timeoutMs) => lengthOf(conn.read(into, timeoutMs)),
      send: (conn, bytes) => conn.write(bytes),
    } satisfies Verbs<TlsConn> as Verbs<unknown>;
  }

  #blocking(options: PairOptions, settings: TlsServerSettings): Verbs<unknown> {
    const datagram = options.protocol === "dtls";
    const deadlines = this.#resources.use(new Deadlines());
    const loop = new PollLoop("block", deadlines.signal);
    // It is never alone in this thread: it must not block.
    loop.users = 2;
    const context = new TlsContext({ ...settings, role: "server", datagram });
    const transport = (datagram ? dtlsPair : tlsPair).server(options, loop, HOST, context);
    this.#resources.defer(async () => {
      transport.stopAccepting();
      await transport.end?.();
      context.close();
    });
    return transport as Verbs<unknown>;
  }
}
