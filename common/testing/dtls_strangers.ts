/**
 * A client that a test drives by hand, datagram by datagram.
 *
 * @module
 */
import type { TlsContext } from "../openssl/context.ts";
import { TlsSession } from "../openssl/session.ts";
import { within } from "./within.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A handshake message's type, behind 13 bytes of record header: RFC 6347 4.3.2. */
const HELLO_VERIFY_REQUEST = 3;

/** A client that knows the protocol, and keeps to it as far as it wants. */
export class Stranger implements Disposable {
  readonly session: TlsSession;
  readonly socket: Deno.DatagramConn;
  readonly #to: Deno.NetAddr;

  constructor(context: TlsContext, { addr }: { addr: Deno.NetAddr }, hostname = "127.0.0.1") {
    this.session = new TlsSession(context, { serverName: "localhost" });
    this.socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.#to = addr;
  }

  next(): Bytes[] {
    const sent: Bytes[] = [];
    this.session.handshake();
    this.session.drain((bytes) => sent.push(bytes.slice()));
    return sent;
  }

  async send(...datagrams: Uint8Array[]): Promise<void> {
    for (const bytes of datagrams) await this.socket.send(bytes, this.#to);
  }

  async receive(): Promise<Bytes> {
    const [bytes] = await within(this.socket.receive(new Uint8Array(65_535)));
    return bytes as Bytes;
  }

  async hear(): Promise<void> {
    this.session.feed(await this.receive());
  }

  /** As far as a hello with a good cookie, which is sent and not answered any more. */
  async begin(): Promise<Bytes> {
    await this.send(...this.next());
    // What comes first may be for the socket that had this port before.
    let request: Bytes;
    do request = await this.receive(); while (request[13] !== HELLO_VERIFY_REQUEST);
    this.session.feed(request);
    const [hello] = this.next();
    await this.send(hello!);
    return hello!;
  }

  async connect(): Promise<this> {
    await this.send(...this.next());
    while (!this.session.established) {
      await this.hear();
      await this.send(...this.next());
    }
    return this;
  }

  async say(...bytes: number[]): Promise<void> {
    this.session.write(Uint8Array.from(bytes));
    const sent: Bytes[] = [];
    this.session.drain((bytes) => sent.push(bytes.slice()));
    await this.send(...sent);
  }

  [Symbol.dispose](): void {
    this.session.close();
    try {
      this.socket.close();
    } catch {
      // The test has closed it, as descriptors are few.
    }
  }
}

/** A record of epoch 1 that says nothing. */
export function sealed(length: number, no: number): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(13 + length).fill(no);
  record.set([23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, no >> 8, no & 0xff, length >> 8, length & 0xff]);
  return record;
}
