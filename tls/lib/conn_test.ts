import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { randomNumbers } from "../../common/testing/memory_net.ts";
import { TimeoutError } from "../../common/base/errors.ts";
import type { TlsConn } from "./conn.ts";
import { connectTls } from "./connect.ts";
import type { ConnectTlsOptions } from "./settings.ts";
import { listenTls, type TlsListener } from "./listen.ts";
import type { ListenTlsOptions } from "./settings.ts";
import { PATIENCE_MS, within } from "../../common/testing/within.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** A server and a client on loopback, their handshakes behind them. */
class Pair implements AsyncDisposable {
  readonly listener: TlsListener;
  readonly client: TlsConn;
  readonly server: TlsConn;

  constructor(listener: TlsListener, client: TlsConn, server: TlsConn) {
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

async function open(
  clientOptions: Partial<ConnectTlsOptions> = {},
  serverOptions: Partial<ListenTlsOptions> = {},
): Promise<Pair> {
  const { ca, server } = await testCertificates();
  const listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server, ...serverOptions });
  const client = await connectTls({
    port: listener.addr.port,
    caCerts: [ca],
    ...clientOptions,
  });
  const [accepted] = await within(Promise.all([listener.accept(), client.handshake()]));
  await within(accepted!.handshake());
  return new Pair(listener, client, accepted!);
}

/** Bytes that are the same for the same seed. */
function bytesOf(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Reads so many bytes. */
async function readAll(conn: TlsConn, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await conn.read(all.subarray(at), PATIENCE_MS);
    assert(read !== null, `the stream ended after ${at} bytes`);
    at += read;
  }
  return all;
}

const BOTH_VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

for (const maxVersion of BOTH_VERSIONS) {
  Deno.test(`read() and write() carry bytes there and back (${maxVersion})`, async () => {
    await using pair = await open({ maxVersion });
    assertEquals(pair.server.info.version, maxVersion);
    assertEquals(await pair.client.write(Uint8Array.of(1, 2, 3)), 3);
    assertEquals(await readAll(pair.server, 3), Uint8Array.of(1, 2, 3));
    await pair.server.write(Uint8Array.of(4));
    assertEquals(await readAll(pair.client, 1), Uint8Array.of(4));
  });

  Deno.test(`closeWrite() ends one direction, and the other goes on (${maxVersion})`, async () => {
    await using pair = await open({ maxVersion });
    await pair.client.write(new Uint8Array(3));
    await pair.client.closeWrite();
    await readAll(pair.server, 3);
    assertEquals(await within(pair.server.read(new Uint8Array(8))), null);
    assertEquals(await pair.server.read(new Uint8Array(8)), null);
    await pair.server.write(new Uint8Array(200_000));
    await readAll(pair.client, 200_000);
  });
}

Deno.test("read() gives a part where there is less room than bytes, then the rest", async () => {
  await using pair = await open();
  await pair.client.write(bytesOf(10, 1));
  const parts: number[] = [];
  const all = new Uint8Array(10);
  for (let at = 0; at < 10; at += parts.at(-1)!) {
    parts.push((await within(pair.server.read(all.subarray(at, at + 4))))!);
  }
  assertEquals([parts, all], [[4, 4, 2], bytesOf(10, 1)]);
});

Deno.test("read() gives what is there, and does not wait for more", async () => {
  await using pair = await open();
  await pair.client.write(new Uint8Array(5));
  assertEquals(await within(pair.server.read(new Uint8Array(100))), 5);
});

Deno.test("read() into nothing gives nothing at once", async () => {
  await using pair = await open();
  assertEquals(await pair.server.read(new Uint8Array()), 0);
});

Deno.test("read() says so where its memory was given away meanwhile", async () => {
  await using pair = await open({ maxVersion: "TLSv1.2" });
  const into = new Uint8Array(20_000);
  const reading = pair.server.read(into);
  into.buffer.transfer();
  await pair.client.write(new Uint8Array(5));
  await assertRejects(() => within(reading), TypeError, "into must be a Uint8Array");
});

Deno.test("read() is refused while another one waits", async () => {
  await using pair = await open();
  const first = pair.server.read(new Uint8Array(8));
  await assertRejects(() => pair.server.read(new Uint8Array(8)), TypeError, "still waiting");
  await pair.client.write(new Uint8Array(5));
  assertEquals(await within(first), 5);
});

Deno.test("read() gives up in time although what comes is no data", async () => {
  // In TLS 1.3 the server's tickets come after the handshake.
  for (const timeoutMs of [0, 0.01, 0.1, 1]) {
    await using pair = await open({ maxVersion: "TLSv1.3" });
    const read = () => within(pair.client.read(new Uint8Array(8), timeoutMs));
    const error = await assertRejects(read, TimeoutError);
    assertEquals(error.message, `timed out after ${timeoutMs} ms`);
    await assertRejects(() => pair.client.write(new Uint8Array(8)), TimeoutError);
  }
});

Deno.test("read() gives up when nothing comes in time, and the connection has failed", async () => {
  await using pair = await open();
  await assertRejects(() => pair.server.read(new Uint8Array(8), 20), TimeoutError, "20 ms");
  await assertRejects(() => pair.server.read(new Uint8Array(8)), TimeoutError);
  await assertRejects(() => pair.server.write(new Uint8Array(8)), TimeoutError);
});

Deno.test("read() is bounded by its own call's time alone", async () => {
  using clock = new FakeClock();
  await using pair = await open();
  await pair.client.write(new Uint8Array(1));
  assertEquals(await pair.server.read(new Uint8Array(8), 50), 1);
  const patient = pair.server.read(new Uint8Array(8));
  await clock.advance(100);
  await pair.client.write(new Uint8Array(2));
  assertEquals(await patient, 2);
});

Deno.test("read() throws where the peer vanishes: what came may be cut off", async () => {
  await using pair = await open();
  await pair.client.write(new Uint8Array(3));
  await readAll(pair.server, 3);
  pair.client.abandon();
  const { UnexpectedEof } = Deno.errors;
  await assertRejects(() => within(pair.server.read(new Uint8Array(8))), UnexpectedEof, "early");
  await assertRejects(() => pair.server.read(new Uint8Array(8)), UnexpectedEof, "early");
});

Deno.test("write() carries 5 MB in both directions at once", async () => {
  await using pair = await open();
  const seeds = [1, 2] as const;
  console.log(`seeds ${seeds}`);
  const [there, back] = seeds.map((seed) => bytesOf(5_000_000, seed));
  const [atServer, atClient] = await within(Promise.all([
    readAll(pair.server, there!.length),
    readAll(pair.client, back!.length),
    pair.client.write(there!),
    pair.server.write(back!),
  ]));
  assert(atServer.every((byte, i) => byte === there![i]), "to the server");
  assert(atClient.every((byte, i) => byte === back![i]), "to the client");
});

Deno.test("write() waits for a peer that does not read", async () => {
  await using pair = await open();
  // More than the system's buffers for a socket take.
  const length = 64 * 2 ** 20;
  let written = false;
  const writing = pair.client.write(new Uint8Array(length)).then(() => written = true);
  await readAll(pair.server, 2 ** 20);
  assertEquals(written, false);
  for (let left = length - 2 ** 20; left > 0; left -= 2 ** 20) await readAll(pair.server, 2 ** 20);
  await within(writing);
});

Deno.test("write() gives up where its bytes do not leave in time, and the connection has failed", async () => {
  using clock = new FakeClock();
  await using pair = await open();
  // Once it has left the bound is no more.
  for (let i = 0; i < 2; i++) await pair.client.write(bytesOf(10, i), 50);
  await clock.advance(100);
  const much = new Uint8Array(32_000_000);
  const writes = [pair.client.write(much, 60_000), pair.client.write(much, 1000)];
  const late = Promise.all(writes.map((write) => assertRejects(() => write, TimeoutError)));
  let over = false;
  void late.then(() => over = true);
  while (!over) await clock.advance(100);
  assertEquals(
    (await late).map(({ message }) => message),
    Array(2).fill("timed out after 1000 ms"),
  );
  await assertRejects(() => pair.client.write(Uint8Array.of(1)), TimeoutError);
});

Deno.test("write() refuses a wait that is none", async () => {
  await using pair = await open();
  await assertRejects(() => pair.client.write(new Uint8Array(1), NaN), RangeError, "timeoutMs");
});

Deno.test("write() called again while others are on their way goes behind them, whole", async () => {
  await using pair = await open();
  const lengths = [1_000_000, 70_000, 3, 65_536, 200_000, 10];
  const all = readAll(pair.server, lengths.reduce((sum, length) => sum + length, 0));
  const writing = lengths.map((length, i) => pair.client.write(new Uint8Array(length).fill(i)));
  assertEquals(await within(Promise.all(writing)), lengths);
  const expected = lengths.flatMap((length, i) => new Array<number>(length).fill(i));
  assert((await all).every((byte, i) => byte === expected[i]), "one after the other");
});

for (const end of ["closeWrite", "close"] as const) {
  Deno.test(`${end}() lets a long write() go before it says the end`, async () => {
    await using pair = await open();
    const length = 3_000_000;
    const writing = [length, 1].map((length) => pair.client.write(new Uint8Array(length)));
    const ending = pair.client[end]();
    assertEquals((await readAll(pair.server, length + 1)).length, length + 1);
    assertEquals(await within(pair.server.read(new Uint8Array(1))), null);
    if (end === "close") await pair.server.close();
    await within(Promise.all([...writing, ending]));
  });
}

for (const end of ["close", "abandon"] as const) {
  Deno.test(`write() of much rejects where ${end}() is called meanwhile`, async () => {
    await using pair = await open();
    // More than the system's buffers for a socket take.
    const writing = pair.client.write(new Uint8Array(64 * 2 ** 20));
    const rejected = assertRejects(() => within(writing), Error);
    await readAll(pair.server, 2 ** 20);
    const ending = Promise.resolve(pair.client[end]());
    if (end === "close") pair.server.abandon();
    await rejected;
    await within(ending);
    await assertRejects(() => pair.client.write(new Uint8Array(1)), Error);
  });
}

Deno.test("read() gives more than a record where more is there", async () => {
  await using pair = await open();
  const sent = bytesOf(1_000_000, 4);
  const writing = pair.client.write(sent);
  const into = new Uint8Array(65_536);
  const received: number[] = [];
  const all = new Uint8Array(sent.length);
  for (let at = 0; at < all.length; at += received.at(-1)!) {
    received.push((await within(pair.server.read(into)))!);
    all.set(into.subarray(0, received.at(-1)!), at);
  }
  await within(writing);
  assert(all.every((byte, i) => byte === sent[i]));
  assert(Math.max(...received) > 16_384, `at most ${Math.max(...received)}`);
});

Deno.test("readable gives longer chunks while much comes, each in memory of its own", async () => {
  await using pair = await open();
  const sent = bytesOf(2_000_000, 5);
  const writing = pair.client.write(sent).then(() => pair.client.closeWrite());
  const chunks = await within(Array.fromAsync(pair.server.readable));
  await within(writing);
  assert(Math.max(...chunks.map(({ length }) => length)) > 16_384);
  assertEquals(new Set(chunks.map(({ buffer }) => buffer)).size, chunks.length);
  const all = await new Blob(chunks).bytes();
  assert(all.length === sent.length && all.every((byte, i) => byte === sent[i]));
});

Deno.test("readable and writable echo through pipeTo()", async () => {
  await using pair = await open();
  const echo = pair.server.readable.pipeTo(pair.server.writable);
  const sent = bytesOf(300_000, 3);
  const writing = new Response(sent).body!.pipeTo(pair.client.writable);
  const received = await within(new Response(pair.client.readable).bytes());
  assert(received.length === sent.length && received.every((byte, i) => byte === sent[i]));
  await within(Promise.all([echo, writing]));
});

Deno.test("readable takes a reader that brings its own memory", async () => {
  await using pair = await open();
  await pair.client.write(Uint8Array.of(1, 2, 3));
  await pair.client.closeWrite();
  using reader = Object.assign(pair.server.readable.getReader({ mode: "byob" }), {
    [Symbol.dispose]() {},
  });
  const { value } = await within(reader.read(new Uint8Array(8)));
  assertEquals(value, Uint8Array.of(1, 2, 3));
  assertEquals((await within(reader.read(new Uint8Array(8)))).done, true);
});

Deno.test("readable gives memory of its own with each chunk", async () => {
  await using pair = await open();
  const reader = pair.server.readable.getReader();
  await pair.client.write(new Uint8Array(4).fill(1));
  const { value: first } = await within(reader.read());
  await pair.client.write(new Uint8Array(4).fill(2));
  const { value: second } = await within(reader.read());
  assertEquals([...first!, ...second!], [1, 1, 1, 1, 2, 2, 2, 2]);
});

Deno.test("readable fails where the peer vanishes", async () => {
  await using pair = await open();
  const reading = new Response(pair.server.readable).bytes();
  pair.client.abandon();
  await assertRejects(() => within(reading), Deno.errors.UnexpectedEof);
});

Deno.test("readable.cancel() closes the connection in order", async () => {
  await using pair = await open();
  const atServer = pair.server.read(new Uint8Array(1));
  const cancelling = pair.client.readable.cancel();
  assertEquals(await within(atServer), null);
  await within(Promise.all([cancelling, pair.server.close()]));
});

Deno.test("info, resumed and localAddr tell what there is", async () => {
  await using pair = await open();
  assertEquals(pair.client.localAddr, pair.server.remoteAddr);
  assertEquals(pair.client.remoteAddr, pair.listener.addr);
  assertEquals([pair.client.resumed, pair.server.resumed], [false, false]);
  assert(pair.client.info.handshake.roundTripMs! > 0);
  const unused = await connectTls({ port: pair.listener.addr.port });
  assertThrows(() => unused.info, TypeError, "no handshake yet");
  unused.abandon();
});
