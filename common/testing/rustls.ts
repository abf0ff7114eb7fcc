/**
 * What the tests of `node:tls` share: two ends of one connection, on loopback.
 *
 * @module
 */
import type { Socket } from "node:net";
import { createSecureContext, type TLSSocket } from "node:tls";
import { Deadlines } from "../base/deadline.ts";
import { type CertificateKind, testCertificates } from "./certs.ts";
import type { Role } from "../model/protocol.ts";
import { beginHandshake, openTcp } from "../../tls/rustls/client.ts";
import type { Credentials } from "../../tls/rustls/credentials.ts";
import { Handshakes, NodeTcpListener } from "../../tls/rustls/server.ts";
import { PeerCheck } from "../../tls/rustls/security.ts";
import { NodeTlsStream } from "../../tls/rustls/stream.ts";

export { type CertificateKind as Kind, testCertificates as certificates } from "./certs.ts";

/** Longer than any step of a test takes, in milliseconds. */
export const LONG_MS = 20_000;

/** One end's certificate and key, and whom it believes. */
export async function credentials(
  role: Role,
  own: CertificateKind = "good",
  ca: CertificateKind = own,
): Promise<Credentials> {
  const { cert, key } = (await testCertificates(own))[role];
  return { ca: [(await testCertificates(ca)).ca], cert, key, minVersion: "TLSv1.2" };
}

/** A server on a free port of 127.0.0.1. */
export class TestServer implements AsyncDisposable {
  readonly deadlines = new Deadlines();
  readonly #listener: NodeTcpListener;
  readonly #handshakes: Handshakes;
  readonly #open: (() => unknown)[] = [];

  private constructor(listener: NodeTcpListener, credentials: Credentials, timeoutMs: number) {
    this.#listener = listener;
    this.#handshakes = new Handshakes(credentials, timeoutMs);
  }

  /**
   * Begins to listen.
   *
   * @param timeoutMs longest handshake
   */
  static async listen(own?: Credentials, timeoutMs = LONG_MS): Promise<TestServer> {
    const listener = await NodeTcpListener.listen("127.0.0.1", 0);
    return new TestServer(listener, own ?? await credentials("server"), timeoutMs);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Accepts one connection and completes its handshake. */
  async accept(signal: AbortSignal = new AbortController().signal): Promise<NodeTlsStream> {
    const raw = await this.#listener.accept();
    if (!raw) throw new Error("the server has been stopped");
    const stream = new NodeTlsStream(raw, "client", this.deadlines);
    this.#open.push(() => stream.close());
    await this.#handshakes.run(raw, (socket) => stream.secure(socket), signal);
    return stream;
  }

  /** Connects to it without TLS. */
  async connectRaw(port: number = this.port): Promise<Socket> {
    const server = { address: "127.0.0.1", port, hostname: "127.0.0.1" };
    const raw = await openTcp(server, new AbortController().signal);
    this.#open.push(() => raw.destroy());
    return raw;
  }

  /** Connects to it, or to another port, and completes a client's handshake. */
  async connect(own?: Credentials, hostname = "localhost", port?: number): Promise<TestClient> {
    const raw = await this.connectRaw(port);
    const server = { address: "127.0.0.1", port: this.port, hostname };
    const used = own ?? await credentials("client");
    const servers = new PeerCheck(used.ca, "server");
    const socket = beginHandshake(raw, server, createSecureContext(used), servers);
    const stream = new NodeTlsStream(raw, "server", this.deadlines);
    stream.secure(socket);
    this.#open.push(() => stream.close());
    await stream.handshake(LONG_MS);
    return { stream, socket, raw };
  }

  /** Both ends of a new connection. */
  async pair(): Promise<TestClient & { server: NodeTlsStream }> {
    const [server, client] = await Promise.all([this.accept(), this.connect()]);
    return { ...client, server };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.stop();
    for (const close of this.#open) await close();
    await this.#listener.closed;
    this.deadlines.close();
  }
}

/** A client's end of a connection. */
export interface TestClient {
  stream: NodeTlsStream;
  socket: TLSSocket;
  raw: Socket;
}
