/**
 * The other end of a script under test, in the test's own process: a client that sends what it is
 * told, and a server that does not always answer.
 *
 * @module
 */
import { ACK, MessageWriter } from "../model/message.ts";
import type { Protocol, Role } from "../model/protocol.ts";
import { MAX_DATAGRAM_BYTES } from "../base/datagrams.ts";
import { connectDtls, listenDtls } from "../../dtls/mod.ts";
import { connectTls, listenTls } from "../../tls/mod.ts";
import { goodCertificates } from "./pairs.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 } as const;

/** A connection, or what stands for one on UDP. */
export interface Talk extends Disposable {
  /** Sends bytes, on datagrams one. */
  send(bytes: Uint8Array): Promise<void>;
  /** What comes next, on datagrams one; null when the peer has ended or is gone. */
  receive(): Promise<Uint8Array | null>;
  /** Ends it in order. */
  end(): Promise<void>;
  /** Ends it without a word of the protocol's; of TCP the system says the last one. */
  [Symbol.dispose](): void;
}

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A message of the pairs'. */
export function messageText(protocol: Protocol, no: number, sizeBytes: number): string {
  const writer = new MessageWriter(protocol, sizeBytes);
  writer.stamp(1);
  return new TextDecoder().decode(writer.prepare(no, sizeBytes));
}

/** Connects to a server on 127.0.0.1, with a certificate where that is wanted. */
export async function talkTo(protocol: Protocol, port: number): Promise<Talk> {
  switch (protocol) {
    case "tcp":
      return streamTalk(await Deno.connect({ port }));
    case "tls":
      return tlsTalk(await connectTls({ port, ...await credentials("client") }));
    case "dtls":
      return dtlsTalk(await connectDtls({ port, ...await credentials("client") }));
    case "udp": {
      const socket = Deno.listenDatagram({ transport: "udp", ...LOOPBACK });
      const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
      const close = once(() => socket.close());
      return {
        send: async (bytes) => void await socket.send(bytes, to),
        receive: () =>
          socket.receive(new Uint8Array(MAX_DATAGRAM_BYTES)).then(([bytes]) => bytes, () => null),
        end: () => Promise.resolve(close()),
        [Symbol.dispose]: close,
      };
    }
  }
}

/** What {@linkcode StubServer} does. */
export interface StubServerOptions {
  /** Whether the n-th message, from 0, gets its answer. */
  answers: (n: number) => boolean;
  /** Size of all messages in bytes. */
  sizeBytes: number;
  /** What an answer is sent in, by default one piece. */
  parts?: Uint8Array[];
  /** Done instead of an answer; by default nothing. */
  onSilence?: (talk: Talk) => void | Promise<void>;
}

/** A server on a free port of 127.0.0.1 that answers some messages and not others. */
export class StubServer implements AsyncDisposable {
  readonly port: number;
  readonly #options: StubServerOptions;
  readonly #silent = Promise.withResolvers<void>();
  readonly #talks: Talk[] = [];
  readonly #stop: () => unknown;
  #messages = 0;

  private constructor(port: number, options: StubServerOptions, stop: () => unknown) {
    this.port = port;
    this.#options = options;
    this.#stop = stop;
  }

  /** Resolves when the first message has come that gets no answer. */
  get silent(): Promise<void> {
    return this.#silent.promise;
  }

  /** Begins to listen. */
  static async listen(protocol: Protocol, options: StubServerOptions): Promise<StubServer> {
    switch (protocol) {
      case "tcp": {
        const listener = Deno.listen(LOOPBACK);
        const server = new StubServer(listener.addr.port, options, () => listener.close());
        void server.#serveAll(listener, streamTalk);
        return server;
      }
      case "tls": {
        const listener = listenTls({ ...LOOPBACK, ...await serverCredentials() });
        const server = new StubServer(listener.addr.port, options, () => listener.close());
        void server.#serveAll(listener, tlsTalk);
        return server;
      }
      case "dtls": {
        const listener = listenDtls({ ...LOOPBACK, ...await serverCredentials() });
        const server = new StubServer(listener.addr.port, options, () => listener.close());
        void server.#serveAll(listener, dtlsTalk);
        return server;
      }
      case "udp": {
        const socket = Deno.listenDatagram({ transport: "udp", ...LOOPBACK });
        const { port } = socket.addr as Deno.NetAddr;
        const server = new StubServer(port, options, () => socket.close());
        void server.#serveDatagrams(socket);
        return server;
      }
    }
  }

  async #serveAll<Conn>(conns: AsyncIterable<Conn>, talkOf: (conn: Conn) => Talk): Promise<void> {
    try {
      for await (const conn of conns) {
        const talk = talkOf(conn);
        this.#talks.push(talk);
        void this.#serve(talk);
      }
    } catch {
      // The listener has been closed.
    }
  }

  async #serve(talk: Talk): Promise<void> {
    let got = 0;
    for (let bytes; (bytes = await talk.receive());) {
      got += bytes.length;
      for (; got >= this.#options.sizeBytes; got -= this.#options.sizeBytes) {
        await this.#message(talk);
      }
    }
    await talk.end().catch(() => {});
  }

  async #serveDatagrams(socket: Deno.DatagramConn): Promise<void> {
    try {
      for await (const [, from] of socket) {
        const send = async (bytes: Uint8Array) => void await socket.send(bytes, from);
        await this.#message({
          send,
          receive: () => Promise.resolve(null),
          end: () => Promise.resolve(),
          [Symbol.dispose]() {},
        });
      }
    } catch {
      // The socket has been closed.
    }
  }

  async #message(talk: Talk): Promise<void> {
    const { answers, parts = [ACK], onSilence } = this.#options;
    if (!answers(this.#messages++)) {
      await onSilence?.(talk);
      this.#silent.resolve();
      return;
    }
    for (const part of parts) await talk.send(part).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const talk of this.#talks) talk[Symbol.dispose]();
    await this.#stop();
  }
}

async function credentials(role: Role) {
  const set = await goodCertificates();
  return { caCerts: [set.ca], ...set[role] };
}

async function serverCredentials() {
  return { ...await credentials("server"), clientCertificate: "require" as const };
}

type TlsConn = Awaited<ReturnType<typeof connectTls>>;
type DtlsConn = Awaited<ReturnType<typeof connectDtls>>;

function streamTalk(conn: Deno.TcpConn): Talk {
  conn.setNoDelay(true);
  const close = once(() => conn.close());
  return {
    ...bytesOver(conn),
    end: () => Promise.resolve(close()),
    [Symbol.dispose]: close,
  };
}

function tlsTalk(conn: TlsConn): Talk {
  return {
    ...bytesOver(conn),
    end: () => conn.close(),
    [Symbol.dispose]: () => conn.abandon(),
  };
}

/** Sending and receiving over a stream. */
function bytesOver(
  stream: Pick<Deno.TcpConn | TlsConn, "read" | "write">,
): Pick<Talk, "send" | "receive"> {
  const into = new Uint8Array(65_536);
  return {
    async send(bytes) {
      for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
    },
    receive: () => stream.read(into).then((n) => n ? into.slice(0, n) : null, () => null),
  };
}

function dtlsTalk(conn: DtlsConn): Talk {
  return {
    send: (bytes) => conn.send(bytes),
    receive: () => conn.receive().catch(() => null),
    end: () => conn.close(),
    [Symbol.dispose]: () => conn.abandon(),
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
