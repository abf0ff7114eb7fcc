import { round } from "../../common/base/event_loop.ts";
import { Deadlines } from "../../common/base/deadline.ts";
import { TimeoutError } from "../../common/base/errors.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { assert, assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { acceptFrom } from "../../common/testing/dtls.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { connectedNet, type MemoryNet } from "../../common/testing/memory_net.ts";
import { PATIENCE_MS } from "../../common/testing/within.ts";
import { DtlsConn } from "./conn.ts";
import { connectDtls } from "./connect.ts";
import { type DtlsListener, listenDtls } from "./listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** A server and a client on loopback, their handshakes behind them. */
class Pair implements AsyncDisposable {
  readonly listener: DtlsListener;
  readonly client: DtlsConn;
  readonly server: DtlsConn;

  constructor(listener: DtlsListener, client: DtlsConn, server: DtlsConn) {
    this.listener = listener;
    this.client = client;
    this.server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.abandon();
    this.server.abandon();
    await this.listener.close();
  }
}

async function open(): Promise<Pair> {
  const { ca, client, server } = await testCertificates();
  const listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...server });
  const conn = await connectDtls({ port: listener.addr.port, caCerts: [ca], ...client });
  const [accepted] = await Promise.all([listener.accept(), conn.handshake()]);
  await accepted!.handshake();
  return new Pair(listener, conn, accepted!);
}

/** A client's connection on a network in memory, where a test says what arrives. */
class MemoryConn implements Disposable {
  readonly net: MemoryNet;
  readonly conn: DtlsConn;
  /** What a datagram waits for before it leaves. */
  leaving: Promise<void> | undefined;
  readonly #deadlines = new Deadlines();

  constructor(net: MemoryNet, inboxBytes?: number) {
    this.net = net;
    const remoteAddr = { transport: "udp", hostname: "192.0.2.1", port: 1 } as const;
    const transmit = async (datagram: Uint8Array) => {
      const bytes = datagram.slice();
      await this.leaving;
      net.transmit("client", bytes);
    };
    const localAddr = { ...remoteAddr, hostname: "192.0.2.7", port: 7 };
    const socket = { remoteAddr, localAddr, transmit, release() {} };
    const options = { handshakeTimeoutMs: PATIENCE_MS, idleTimeoutMs: Infinity, inboxBytes };
    this.conn = new DtlsConn(net.client.session!, socket, this.#deadlines, options);
  }

  /** The server sends messages; they arrive in one datagram. */
  arrive(...messages: Uint8Array<ArrayBuffer>[]): void {
    const { net, conn } = this;
    const before = net.sent.length;
    net.passes = ({ from }) => from === "client";
    for (const message of messages) net.server.send(message);
    const bytes = net.sent.slice(before).flatMap((sent) => [...sent.bytes]);
    conn.session.feed(Uint8Array.from(bytes));
    conn.advance();
  }

  [Symbol.dispose](): void {
    this.conn.abandon();
    this.#deadlines.close();
    this.net[Symbol.dispose]();
  }
}

async function memoryConn(inboxBytes?: number): Promise<MemoryConn> {
  return new MemoryConn(await connectedNet(), inboxBytes);
}

for (const sizeBytes of [1, 100, 16_384]) {
  Deno.test(`send() and receive() carry a message of ${sizeBytes} bytes there and back`, async () => {
    await using pair = await open();
    const message = crypto.getRandomValues(new Uint8Array(sizeBytes));
    await pair.client.send(message);
    const there = await pair.server.receive(undefined, PATIENCE_MS);
    await pair.server.send(there!);
    assertEquals(await pair.client.receive(undefined, PATIENCE_MS), message);
  });
}

Deno.test("send() waits for the handshake", async () => {
  const { ca, server } = await testCertificates();
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, ...server });
  await using client = await connectDtls({ port: listener.addr.port, caCerts: [ca] });
  const [accepted] = await Promise.all([listener.accept(), client.send(new Uint8Array(3))]);
  assertEquals((await accepted!.receive(undefined, PATIENCE_MS))?.length, 3);
});

for (const sizeBytes of [0, 16_385]) {
  Deno.test(`send() refuses a message of ${sizeBytes} bytes, and takes the next`, async () => {
    await using pair = await open();
    const wrong = new Uint8Array(sizeBytes);
    const words = `Cannot send a message of ${sizeBytes} bytes: 1 to 16384`;
    await assertRejects(() => pair.client.send(wrong), RangeError, words);
    await pair.client.send(new Uint8Array(5));
    assertEquals((await pair.server.receive(undefined, PATIENCE_MS))?.length, 5);
  });
}

Deno.test("receive() says so where its memory was given away meanwhile", async () => {
  await using pair = await open();
  const into = new Uint8Array(20_000);
  const receiving = pair.server.receive(into, PATIENCE_MS);
  into.buffer.transfer();
  await pair.client.send(new Uint8Array(5));
  await assertRejects(() => receiving, TypeError, "into must be a Uint8Array");
});

Deno.test("send() borrows its message for the call alone", async () => {
  await using pair = await open();
  const message = new Uint8Array(8).fill(1);
  const sending = pair.client.send(message);
  message.fill(2);
  await sending;
  assertEquals(
    await pair.server.receive(undefined, PATIENCE_MS),
    new Uint8Array(8).fill(1),
  );
});

Deno.test("send() waits until its datagram has left, and others may be sent meanwhile", async () => {
  using it = await memoryConn();
  const { net, conn } = it;
  await conn.send(Uint8Array.of(1));
  const leaving = Promise.withResolvers<void>();
  it.leaving = leaving.promise;
  let hasLeft = false;
  const sending = [2, 3, 4].map((byte) => conn.send(Uint8Array.of(byte)));
  const all = Promise.all(sending).then(() => hasLeft = true);
  await round();
  assertEquals(hasLeft, false);
  leaving.resolve();
  await all;
  await conn.send(Uint8Array.of(5));
  net.settle();
  assertEquals(net.server.inbox.flatMap((message) => [...message]), [1, 2, 3, 4, 5]);
});

Deno.test("receive() puts the message where it is told", async () => {
  await using pair = await open();
  const into = new Uint8Array(20_000);
  await pair.client.send(Uint8Array.of(1, 2, 3));
  const message = await pair.server.receive(into, PATIENCE_MS);
  assert(message?.buffer === into.buffer);
  assertEquals([message.byteOffset, message.length], [0, 3]);
  assertEquals(into.subarray(0, 4), Uint8Array.of(1, 2, 3, 0));
});

Deno.test("receive() cuts off a message that is longer, and takes the next whole", async () => {
  using it = await memoryConn();
  const first = it.conn.receive(new Uint8Array(4), PATIENCE_MS);
  it.arrive(Uint8Array.of(1, 2, 3, 4, 5, 6), Uint8Array.of(7, 8));
  assertEquals(await first, Uint8Array.of(1, 2, 3, 4));
  assertEquals(await it.conn.receive(new Uint8Array(4), PATIENCE_MS), Uint8Array.of(7, 8));
});

Deno.test("receive() cuts off a message that was kept, too", async () => {
  using it = await memoryConn();
  it.arrive(Uint8Array.of(1, 2, 3, 4, 5, 6), Uint8Array.of(7, 8));
  const message = await it.conn.receive(new Uint8Array(4), PATIENCE_MS);
  assertEquals(message, Uint8Array.of(1, 2, 3, 4));
  assertEquals(await it.conn.receive(new Uint8Array(4), PATIENCE_MS), Uint8Array.of(7, 8));
});

Deno.test("receive() gives nothing of a message where there is no room for it", async () => {
  using it = await memoryConn();
  const nothing = it.conn.receive(new Uint8Array(), PATIENCE_MS);
  it.arrive(Uint8Array.of(1), Uint8Array.of(2));
  assertEquals(await nothing, new Uint8Array());
  assertEquals(await it.conn.receive(undefined, PATIENCE_MS), Uint8Array.of(2));
});

Deno.test("receive() gives up when nothing comes in time, and the connection lives on", async () => {
  await using pair = await open();
  await assertRejects(() => pair.server.receive(undefined, 20), TimeoutError, "after 20 ms");
  await pair.client.send(new Uint8Array(6));
  assertEquals((await pair.server.receive(undefined, PATIENCE_MS))?.length, 6);
});

Deno.test("receive() waits as long as each call says", async () => {
  await using pair = await open();
  await assertRejects(() => pair.server.receive(undefined, 20), TimeoutError);
  const patient = pair.server.receive();
  await assertRejects(() => pair.client.receive(undefined, 40), TimeoutError);
  await pair.client.send(new Uint8Array(6));
  assertEquals((await patient)?.length, 6);
});

Deno.test("receive() is refused while another one waits", async () => {
  await using pair = await open();
  const first = pair.server.receive(undefined, PATIENCE_MS);
  await assertRejects(() => pair.server.receive(), TypeError, "still waiting");
  await pair.client.send(new Uint8Array(6));
  assertEquals((await first)?.length, 6);
});

Deno.test("receive() gives what came while nobody received, in order", async () => {
  using it = await memoryConn();
  it.arrive(Uint8Array.of(1), Uint8Array.of(2));
  it.arrive(Uint8Array.of(3));
  for (const byte of [1, 2, 3]) {
    assertEquals(await it.conn.receive(undefined, PATIENCE_MS), Uint8Array.of(byte));
  }
});

/** How many messages a connection has kept. */
async function keptBy(conn: DtlsConn): Promise<number> {
  for (let kept = 0;; kept++) {
    const message = await conn.receive(undefined, 1).catch((error) => error);
    if (message === null || message instanceof TimeoutError) return kept;
    assert(message instanceof Uint8Array);
  }
}

for (const [sizeBytes, sent] of [[1, 4000], [1000, 400], [16_384, 40]] as const) {
  Deno.test(`DtlsConn keeps as many messages of ${sizeBytes} bytes as its inbox has room for`, async () => {
    using it = await memoryConn();
    for (let i = 0; i < sent; i++) it.arrive(new Uint8Array(sizeBytes));
    assertEquals(await keptBy(it.conn), Math.floor(256 * 1024 / (sizeBytes + 128)));
  });
}

Deno.test("receive() gives the oldest of many messages that nobody received", async () => {
  using it = await memoryConn(500);
  for (let i = 1; i < 10; i++) it.arrive(new Uint8Array(i));
  for (let i = 1; i <= 3; i++) assertEquals((await it.conn.receive(undefined, 1))?.length, i);
  await assertRejects(() => it.conn.receive(undefined, 1), TimeoutError);
});

for (const receiver of ["listener", "client"]) {
  Deno.test(`inboxBytes of a ${receiver} says what its connections keep`, async () => {
    // Time stands still: shutdown() waits for the other end's answer however long that takes.
    using _clock = new FakeClock();
    const { ca, client, server } = await testCertificates();
    const loopback = { hostname: "127.0.0.1", inboxBytes: 3000 };
    await using listener = listenDtls({ ...loopback, port: 0, ...server });
    const { port } = listener.addr;
    await using conn = await connectDtls({ ...loopback, port, caCerts: [ca], ...client });
    const accepted = await acceptFrom(listener, conn);
    const [from, to] = receiver === "listener" ? [conn, accepted] : [accepted, conn];
    for (let i = 0; i < 20; i++) await from.send(new Uint8Array(1000));
    // It is answered when all that came before has come.
    await from.shutdown();
    assertEquals(await keptBy(to), 2);
  });
}

Deno.test("receive() gives what was kept, then null, when the peer has ended", async () => {
  using it = await memoryConn();
  it.arrive(Uint8Array.of(1));
  it.net.passes = () => true;
  it.net.server.shutdown();
  it.conn.session.feed(it.net.sent.at(-1)!.bytes);
  it.conn.advance();
  assertEquals(await it.conn.receive(), Uint8Array.of(1));
  assertEquals(await it.conn.receive(), null);
  assertEquals(await it.conn.receive(), null);
});

Deno.test("receive() is null when the peer closes while it waits", async () => {
  await using pair = await open();
  const waiting = pair.server.receive(undefined, PATIENCE_MS);
  await pair.client.close();
  assertEquals(await waiting, null);
});

Deno.test("receive() ignores what somebody else sends from another address", async () => {
  await using pair = await open();
  const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  for (const length of [1, 100]) {
    await stranger.send(crypto.getRandomValues(new Uint8Array(length)), pair.listener.addr);
  }
  stranger.close();
  await pair.client.send(new Uint8Array(4));
  assertEquals((await pair.server.receive(undefined, PATIENCE_MS))?.length, 4);
});

Deno.test("iterating gives every message until the peer has ended", async () => {
  await using pair = await open();
  for (let i = 1; i <= 3; i++) await pair.client.send(new Uint8Array(i));
  const closing = pair.client.close();
  const lengths: number[] = [];
  for await (const message of pair.server) lengths.push(message.length);
  assertEquals(lengths, [1, 2, 3]);
  await closing;
});

Deno.test("info tells what was agreed on, after close() too where it was asked for before", async () => {
  await using pair = await open();
  assertEquals(pair.client.info.resumed, false);
  assertEquals(pair.server.info.version, "DTLSv1.2");
  await pair.server.close();
  assertEquals(pair.server.info.version, "DTLSv1.2");
});
