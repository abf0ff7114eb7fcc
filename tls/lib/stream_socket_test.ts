import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { connectedNet, contextOptions } from "../../common/testing/memory_net.ts";
import { within } from "../../common/testing/within.ts";
import type { ByteStream } from "./byte_stream.ts";
import { StreamSocket } from "./stream_socket.ts";

/** A server's session on one end of a TCP connection. */
class Link implements Disposable {
  readonly session: TlsSession;
  readonly socket: StreamSocket;
  readonly peer: Deno.TcpConn;
  readonly failures: unknown[] = [];

  private constructor(context: TlsContext, near: Deno.TcpConn, peer: Deno.TcpConn) {
    this.session = new TlsSession(context);
    const failed = (error: unknown) => void this.failures.push(error);
    this.socket = new StreamSocket(near, this.session, failed);
    this.peer = peer;
  }

  static async make(): Promise<Link> {
    using context = new TlsContext(await contextOptions("server", false));
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const connecting = Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    const [near, peer] = await Promise.all([listener.accept(), connecting]);
    return new Link(context, near, peer);
  }

  get fedBytes(): number {
    return this.session.statistics.bytesReceived;
  }

  [Symbol.dispose](): void {
    this.socket.close();
    this.socket.close();
    this.peer.close();
    this.session.close();
  }
}

Deno.test("StreamSocket.feed() feeds what comes", async () => {
  using link = await Link.make();
  const feeding = link.socket.feed();
  await link.peer.write(new Uint8Array(3));
  assertEquals([await within(feeding), link.fedBytes], [true, 3]);
  await link.peer.write(new Uint8Array(10_000));
  while (link.fedBytes < 10_003) await within(link.socket.feed());
});

Deno.test("StreamSocket.feed() rejects where the socket is closed meanwhile", async () => {
  using link = await Link.make();
  const feeding = link.socket.feed();
  link.socket.close();
  await assertRejects(() => within(feeding), Error);
  await assertRejects(() => within(link.socket.feed()), Deno.errors.BadResource);
});

Deno.test("StreamSocket.feed() says that the peer has closed the connection early", async () => {
  using link = await Link.make();
  const feeding = link.socket.feed();
  await link.peer.closeWrite();
  await assertRejects(
    () => within(feeding),
    Deno.errors.UnexpectedEof,
    "closed the connection early",
  );
  await assertRejects(() => within(link.socket.feed()), Deno.errors.UnexpectedEof);
});

Deno.test("StreamSocket.close() ends a feed() that waits", async () => {
  using link = await Link.make();
  const feeding = link.socket.feed();
  link.socket.close();
  await assertRejects(() => within(feeding), Error);
  assertEquals(link.failures, []);
});

Deno.test("StreamSocket.send() keeps the order, and borrows the bytes for the call alone", async () => {
  using link = await Link.make();
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => i % 251);
  const borrowed = bytes.slice();
  const sending = Promise.all([link.socket.send(borrowed), link.socket.send(Uint8Array.of(9))]);
  borrowed.fill(0xff);
  const all = new Uint8Array(bytes.length + 1);
  for (let at = 0; at < all.length;) at += (await within(link.peer.read(all.subarray(at))))!;
  assertEquals([all.subarray(0, -1), all.at(-1)], [bytes, 9]);
  await within(sending);
});

/** A stream that gives so many bytes at once, and remembers what room it was given. */
function streamOf(lengths: number[]): ByteStream & { rooms: number[] } {
  const rooms: number[] = [];
  return {
    rooms,
    read: (into) => {
      rooms.push(into.length);
      return Promise.resolve(Math.min(into.length, lengths.shift() ?? 0));
    },
    write: ({ length }) => Promise.resolve(length),
    close() {},
  };
}

Deno.test("StreamSocket.feed() has more room while much comes, and little again after", async () => {
  using context = new TlsContext(await contextOptions("server", false));
  using session = new TlsSession(context);
  // It takes what it is fed, and reads none of it.
  session.fail();
  const [much, little] = [Array(3).fill(70_000), Array(16).fill(100)];
  const stream = streamOf([...much, ...little, 5000, 100]);
  const socket = new StreamSocket(stream, session, () => {});
  for (let i = 0; i < 21; i++) await socket.feed();
  const rooms = [4096, 16_384, ...Array(17).fill(65_536), 4096, 16_384];
  assertEquals(stream.rooms, rooms);
});

for (const keepsBytes of [false, true]) {
  Deno.test(`StreamSocket.send() gives memory back once it is written (keepsBytes ${keepsBytes})`, async () => {
    using net = await connectedNet({ datagram: false });
    const session = net.client.session!;
    const written: Uint8Array[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const stream: ByteStream = {
      ...streamOf([]),
      keepsBytes,
      write: async (bytes) => {
        written.push(bytes);
        await promise;
        return bytes.length;
      },
    };
    const socket = new StreamSocket(stream, session, () => {});
    const sent: Uint8Array[] = [];
    const sendings: Promise<void>[] = [];
    for (let i = 0; i < 3; i++) {
      session.write(new Uint8Array(65_536));
      session.drain((bytes) => {
        sent.push(bytes.slice());
        sendings.push(socket.send(bytes));
      });
    }
    resolve();
    await Promise.all(sendings);
    assertEquals(written, sent);
    // Who keeps the bytes has memory of its own, just as long as they are.
    assertEquals(written.every(({ length, buffer }) => length === buffer.byteLength), keepsBytes);
  });
}
