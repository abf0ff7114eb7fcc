/**
 * The ends of TLS connections that carry a stream of bytes: this library's, Deno's own, and node:tls
 * on Deno.
 *
 * @module
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable, Writable } from "node:stream";
import tls from "node:tls";
import { connectTls, listenTls } from "../../tls/mod.ts";
import type { StreamCertificates } from "./stream_plan.ts";
import { CIPHER_SUITE, HOST, PIECE_BYTES, type StreamPeer, type StreamWay } from "./stream_plan.ts";

/** One end of a connection. */
export interface StreamEnd {
  /** Writes so many bytes, in pieces of {@linkcode PIECE_BYTES}. */
  send(length: number): Promise<void>;
  /** Reads so many bytes; false where the peer has ended before. */
  receive(length: number): Promise<boolean>;
  /** Ends it. */
  close(): Promise<void>;
}

/** What accepts one connection. */
export interface StreamServer {
  readonly port: number;
  accept(): Promise<StreamEnd>;
}

type Connect = (port: number, ca: string, way: StreamWay) => Promise<StreamEnd>;
type Listen = (server: StreamCertificates, way: StreamWay) => Promise<StreamServer>;

/** How each of them connects. */
export const CONNECT: Readonly<Record<StreamPeer, Connect>> = {
  async netpairs(port, ca, way) {
    const cipherSuites = CIPHER_SUITE;
    const conn = await connectTls({ hostname: HOST, port, caCerts: [ca], cipherSuites });
    await conn.handshake();
    if (conn.info.cipher !== CIPHER_SUITE) throw new Error(`agreed on ${conn.info.cipher}`);
    return new ConnEnd(conn, way);
  },
  async Deno(port, ca, way) {
    const conn = await Deno.connectTls({ hostname: HOST, port, caCerts: [ca] });
    await conn.handshake();
    return new ConnEnd(conn, way);
  },
  async "node:tls"(port, ca, way) {
    const socket = tls.connect({ host: HOST, port, ca });
    await once(socket, "secureConnect");
    checkCipher(socket);
    return new SocketEnd(socket, way);
  },
};

/** How each of them listens. */
export const LISTEN: Readonly<Record<StreamPeer, Listen>> = {
  netpairs({ cert, key }, way) {
    const listener = listenTls({ hostname: HOST, port: 0, cert, key, cipherSuites: CIPHER_SUITE });
    return Promise.resolve({
      port: listener.addr.port,
      accept: async () => new ConnEnd((await listener.accept())!, way),
    });
  },
  Deno({ cert, key }, way) {
    const listener = Deno.listenTls({ hostname: HOST, port: 0, cert, key });
    return Promise.resolve({
      port: listener.addr.port,
      accept: async () => new ConnEnd(await listener.accept(), way),
    });
  },
  async "node:tls"({ cert, key }, way) {
    const server = tls.createServer({ cert, key });
    server.listen(0, HOST);
    await once(server, "listening");
    return {
      port: (server.address() as AddressInfo).port,
      accept: async () => new SocketEnd((await once(server, "secureConnection"))[0], way),
    };
  },
};

/** @throws {Error} where another cipher would be measured */
function checkCipher(socket: tls.TLSSocket): void {
  const { standardName, name } = socket.getCipher();
  const agreed = standardName ?? name;
  if (agreed !== CIPHER_SUITE) throw new Error(`agreed on ${agreed}`);
}

/** Counts what comes, for who waits for it. */
class Arrivals {
  #bytes = 0;
  #wanted = 0;
  #wake: (isThere: boolean) => void = () => {};
  #hasEnded = false;

  add(length: number): void {
    this.#bytes += length;
    if (this.#bytes >= this.#wanted) this.#wake(true);
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake(false);
  }

  async take(length: number): Promise<boolean> {
    this.#wanted = length;
    const isThere = this.#bytes >= length || !this.#hasEnded &&
        await new Promise<boolean>((resolve) => this.#wake = resolve);
    this.#bytes -= length;
    return isThere;
  }
}

/** As much of `Deno.TlsConn` as is used. */
interface Conn extends Pick<Deno.TlsConn, "read" | "write" | "readable" | "writable"> {
  close(): unknown;
}

/** An end in the shape of `Deno.TlsConn`. */
class ConnEnd implements StreamEnd {
  readonly #conn: Conn;
  readonly #way: StreamWay;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  readonly #into = new Uint8Array(PIECE_BYTES);
  #arrivals: Arrivals | undefined;

  constructor(conn: Conn, way: StreamWay) {
    this.#conn = conn;
    this.#way = way;
  }

  async send(length: number): Promise<void> {
    if (this.#way === "pipeTo" && length > 1) {
      return await pieces(length).pipeTo(this.#conn.writable, { preventClose: true });
    }
    for (let left = length; left > 0;) {
      const piece = left < PIECE_BYTES ? this.#piece.subarray(0, left) : this.#piece;
      left -= await this.#conn.write(piece);
    }
  }

  async receive(length: number): Promise<boolean> {
    if (this.#way === "pipeTo" && length > 1) return await this.#piped().take(length);
    for (let left = length; left > 0;) {
      const into = left < PIECE_BYTES ? this.#into.subarray(0, left) : this.#into;
      const received = await this.#conn.read(into);
      if (received === null) return false;
      left -= received;
    }
    return true;
  }

  #piped(): Arrivals {
    if (this.#arrivals) return this.#arrivals;
    const arrivals = this.#arrivals = new Arrivals();
    const sink = new WritableStream<Uint8Array>({ write: ({ length }) => arrivals.add(length) });
    const end = () => arrivals.end();
    this.#conn.readable.pipeTo(sink).then(end, end);
    return arrivals;
  }

  async close(): Promise<void> {
    await this.#conn.close();
  }
}

/** A stream of that many bytes. */
function pieces(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const piece = new Uint8Array(PIECE_BYTES);
  let left = length;
  return new ReadableStream({
    pull(controller) {
      const next = Math.min(left, PIECE_BYTES);
      controller.enqueue(piece.subarray(0, next));
      left -= next;
      if (left === 0) controller.close();
    },
  });
}

/** An end of node:tls. */
class SocketEnd implements StreamEnd {
  readonly #socket: tls.TLSSocket;
  readonly #way: StreamWay;
  readonly #arrivals = new Arrivals();

  constructor(socket: tls.TLSSocket, way: StreamWay) {
    this.#socket = socket;
    this.#way = way;
    socket.on("error", () => this.#arrivals.end());
    socket.on("close", () => this.#arrivals.end());
    const add = ({ length }: Uint8Array) => this.#arrivals.add(length);
    if (way === "calls") socket.on("data", add);
    else {
      const write = (chunk: Uint8Array, _encoding: string, done: () => void) => {
        add(chunk);
        done();
      };
      socket.pipe(new Writable({ write }));
    }
  }

  async send(length: number): Promise<void> {
    if (this.#way === "pipeTo" && length > 1) {
      const source = Readable.from(bytesOf(length), { objectMode: false });
      source.pipe(this.#socket, { end: false });
      return void await once(source, "end");
    }
    const piece = new Uint8Array(PIECE_BYTES);
    for (let left = length; left > 0; left -= PIECE_BYTES) {
      const goesOn = this.#socket.write(left < PIECE_BYTES ? piece.subarray(0, left) : piece);
      if (!goesOn) await once(this.#socket, "drain");
    }
  }

  receive(length: number): Promise<boolean> {
    return this.#arrivals.take(length);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }
}

function* bytesOf(length: number): Generator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (let left = length; left > 0; left -= PIECE_BYTES) yield piece.subarray(0, left);
}
