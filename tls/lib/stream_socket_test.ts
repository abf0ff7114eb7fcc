import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { contextOptions } from "../../common/testing/memory_net.ts";
import { within } from "../../common/testing/within.ts";
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
