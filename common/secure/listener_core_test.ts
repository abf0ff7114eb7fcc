import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { contextOptions, type End, MemoryListener } from "../testing/memory_net.ts";
import { KEY, pskOptions } from "../testing/psk.ts";
import { TlsContext } from "../openssl/context.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { clientRandom, concatenated } from "../openssl/records.ts";
import type { TlsContextOptions } from "../openssl/settings.ts";
import { liveSessions, TlsSession } from "../openssl/session.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

type Bytes = Uint8Array<ArrayBuffer>;

/** A client at an address of its own; keeps every ClientHello it has sent. */
class Client implements Disposable {
  readonly session: TlsSession;
  readonly hellos: Bytes[] = [];
  readonly #server: MemoryListener;
  readonly #address: string;

  constructor(context: TlsContext, server: MemoryListener, address: string) {
    this.session = new TlsSession(context, { serverName: "localhost" });
    this.#server = server;
    this.#address = address;
  }

  /** The next datagrams it wants to send. */
  next(): Bytes[] {
    const sent: Bytes[] = [];
    this.session.handshake();
    this.session.drain((bytes) => sent.push(bytes.slice()));
    if (this.hellos.length < 2) this.hellos.push(...sent);
    return sent;
  }

  /** Sends them, and takes what the server answers. */
  step(): void {
    for (const bytes of this.next()) {
      for (const answer of this.#server.answer(bytes, this.#address)) {
        this.session.feed(answer);
        this.session.handshake();
      }
    }
  }

  connect(): this {
    for (let steps = 0; steps < 5 && !this.session.established; steps++) this.step();
    assert(this.session.established, "the handshake did not complete");
    return this;
  }

  send(message: Bytes): void {
    this.session.write(message);
    this.session.drain((bytes) => this.#server.receive(bytes.slice(), this.#address));
  }

  [Symbol.dispose](): void {
    this.session.close();
  }
}

/** A server, and clients for it. */
class Bench implements Disposable {
  readonly server: MemoryListener;
  readonly #context: TlsContext;
  readonly #clients = new DisposableStack();

  constructor(server: MemoryListener, context: TlsContext) {
    this.server = server;
    this.#context = context;
  }

  client(address: string): Client {
    return this.#clients.use(new Client(this.#context, this.server, address));
  }

  [Symbol.dispose](): void {
    this.#clients.dispose();
    this.#context.close();
    this.server[Symbol.dispose]();
  }
}

async function bench(): Promise<Bench> {
  const server = new MemoryListener(await contextOptions("server"));
  return new Bench(server, new TlsContext(await contextOptions("client")));
}

function lengths({ inbox }: End): number[] {
  return inbox.map((message) => message.length);
}

Deno.test("receive() keeps nothing of a client before its cookie", async () => {
  using it = await bench();
  const [hello] = it.client("a").next();
  for (let i = 0; i < 1000; i++) {
    assertEquals(it.server.answer(hello!, `address ${i}`).length, 1);
  }
  assertEquals([it.server.core.size, it.server.accepted.length], [0, 0]);
});

/** A part of a ClientKeyExchange (RFC 6347 4.2.2), which is a client's third message, in the clear. */
function exchangePart(body: Bytes, from: number, to: number): Bytes {
  const part = body.subarray(from, to);
  const message = [16, 0, 0, body.length, 0, 2, 0, 0, from, 0, 0, part.length, ...part];
  return Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, message.length, ...message);
}

Deno.test("receive() keeps nothing that strangers send behind their hellos", async () => {
  const asked: string[] = [];
  const lookUp = (identity: string) => (asked.push(identity), KEY);
  const { client, server } = pskOptions(true, lookUp);
  using it = new Bench(
    new MemoryListener({ ...await contextOptions("server"), ...server } as TlsContextOptions),
    new TlsContext({ ...await contextOptions("client"), ...client } as TlsContextOptions),
  );
  const exchange = Uint8Array.of(0, 8, ...new TextEncoder().encode("stranger"));
  const [hello] = it.client("b").next();
  it.server.answer(concatenated([hello!, exchangePart(exchange, 0, 9)]), "b");
  const begun = it.client("a");
  begun.step();
  begun.step();
  // What is missing to the stranger's comes within another client's handshake.
  it.server.answer(exchangePart(exchange, 9, 10), "a");
  assertEquals(asked, []);
  begun.connect();
  assertEquals(asked, ["sensor-7"]);
});

Deno.test("receive() counts for a client's handshake nothing that strangers were answered", async () => {
  using it = await bench();
  const [hello] = it.client("b").next();
  for (let i = 0; i < 10; i++) it.server.answer(hello!, `address ${i}`);
  it.client("a").connect();
  it.client("c").connect();
  const counts = it.server.accepted.map(({ session }) => session!.info().handshake);
  assertEquals(counts.map(({ roundTrips }) => roundTrips), [1, 1]);
  assertEquals(counts[0]!.datagramsSent, counts[1]!.datagramsSent);
});

Deno.test("receive() answers a client that is not verified yet with less than it sent", async () => {
  using it = await bench();
  const [hello] = it.client("a").next();
  const answers = it.server.answer(hello!, "a");
  assertEquals(answers.length, 1);
  assert(answers[0]!.length < hello!.length);
});

Deno.test("receive() makes a session of a client whose cookie came back", async () => {
  using it = await bench();
  it.client("a").connect();
  assertEquals([it.server.core.size, it.server.accepted.length], [1, 1]);
  assertEquals(it.server.accepted[0]!.established, true);
});

Deno.test("receive() serves many clients, each with its own session", async () => {
  using it = await bench();
  const clients = Array.from({ length: 30 }, (_, i) => it.client(`address ${i}`));
  // In turns, so that all handshakes run at once.
  for (let round = 0; round < 5; round++) {
    for (const client of clients) if (!client.session.established) client.step();
  }
  clients.forEach((client, i) => client.send(new Uint8Array(i + 1)));
  assertEquals(it.server.core.size, 30);
  assertEquals(it.server.accepted.map(lengths), clients.map((_, i) => [i + 1]));
});

Deno.test("receive() lets a new client at the same address replace the old session", async () => {
  using it = await bench();
  it.client("a").connect();
  const anew = it.client("a").connect();
  const [first, second] = it.server.accepted;
  assertEquals([it.server.core.size, it.server.accepted.length], [1, 2]);
  assert(it.server.replaced.length === 1 && it.server.replaced[0] === first);
  anew.send(new Uint8Array(3));
  assertEquals(lengths(second!), [3]);
});

Deno.test("receive() keeps the old session until the new client's cookie came back", async () => {
  using it = await bench();
  const old = it.client("a").connect();
  const anew = it.client("a");
  assertEquals(it.server.answer(anew.next()[0]!, "a").length, 1);
  old.send(new Uint8Array(4));
  assertEquals([it.server.replaced, lengths(it.server.accepted[0]!)], [[], [4]]);
});

Deno.test("receive() replaces nothing for a client with a forged cookie", async () => {
  using it = await bench();
  const old = it.client("a").connect();
  const anew = it.client("a");
  anew.step();
  const [forged] = anew.next();
  // The cookie's first byte.
  forged![61]! ^= 1;
  it.server.answer(forged!, "a");
  old.send(new Uint8Array(4));
  assertEquals([it.server.replaced, lengths(it.server.accepted[0]!)], [[], [4]]);
});

Deno.test("receive() does not take an old ClientHello that comes twice for a new one", async () => {
  using it = await bench();
  const client = it.client("a").connect();
  assertEquals(client.hellos.length, 2);
  for (const hello of client.hellos) {
    assertEquals(it.server.answer(hello, "a"), []);
  }
  client.send(new Uint8Array(4));
  assertEquals(it.server.accepted.map(lengths), [[4]]);
});

Deno.test("receive() gives a ClientHello that comes twice during the handshake to its session", async () => {
  using it = await bench();
  const client = it.client("a");
  client.step();
  const [hello] = client.next();
  const flight = it.server.answer(hello!, "a");
  assert(flight.length > 0);
  it.server.answer(hello!, "a");
  assertEquals(it.server.accepted.length, 1);
  for (const datagram of flight) client.session.feed(datagram);
  client.connect();
});

Deno.test("receive() is silent about everything that begins no handshake", async () => {
  using it = await bench();
  const [hello] = it.client("a").next();
  const wrong = [
    new Uint8Array(),
    new Uint8Array(65_507),
    hello!.slice(0, -1),
    // A fragment that is not the first, and one that is longer than its message.
    Uint8Array.from(hello!, (byte, at) => at === 21 ? 1 : byte),
    Uint8Array.from(hello!, (byte, at) => at === 23 ? byte + 1 : byte),
  ];
  for (const datagram of wrong) assertEquals(it.server.answer(datagram, "a"), []);
  assertEquals([it.server.core.size, it.server.accepted.length], [0, 0]);
  it.client("a").connect();
});

Deno.test("receive() takes a ClientHello after one with 65507 bytes", async () => {
  using it = await bench();
  const [hello] = it.client("a").next();
  const long = new Uint8Array(65_507);
  long.set(hello!);
  it.server.answer(long, "a");
  const client = it.client("b");
  client.step();
  client.connect();
});

Deno.test("stopAccepting() leaves new clients without an answer", async () => {
  using it = await bench();
  const client = it.client("a");
  it.server.core.stopAccepting();
  assertEquals(it.server.answer(client.next()[0]!, "a"), []);
});

Deno.test("stopAccepting() leaves a client without an answer whose cookie was on its way", async () => {
  using it = await bench();
  const client = it.client("a");
  client.step();
  it.server.core.stopAccepting();
  assertEquals(it.server.answer(client.next()[0]!, "a"), []);
  assertEquals(it.server.core.size, 0);
});

Deno.test("stopAccepting() lets sessions live on, and none replace them", async () => {
  using it = await bench();
  const old = it.client("a").connect();
  it.server.core.stopAccepting();
  assertEquals(it.server.answer(it.client("a").next()[0]!, "a"), []);
  old.send(new Uint8Array(4));
  assertEquals(lengths(it.server.accepted[0]!), [4]);
});

Deno.test("release() drops what comes for a session that has ended", async () => {
  using it = await bench();
  const client = it.client("a").connect();
  const [peer] = it.server.core.conns();
  peer!.place.release();
  assertEquals(it.server.core.size, 0);
  client.send(new Uint8Array(4));
  assertEquals(lengths(it.server.accepted[0]!), []);
});

Deno.test("release() leaves the session that has taken the address over", async () => {
  using it = await bench();
  it.client("a").connect();
  const [old] = it.server.core.conns();
  it.client("a").connect();
  old!.place.release();
  assertEquals(it.server.core.size, 1);
});

Deno.test("release() has the next client's session ready, while clients are wanted", async () => {
  using it = await bench();
  for (const address of ["a", "b"]) it.client(address).connect();
  const [first, second] = it.server.core.conns();
  const live = liveSessions();
  first!.place.release();
  assertEquals(liveSessions(), live + 1);
  it.client("c").connect();
  it.server.core.stopAccepting();
  const later = liveSessions();
  second!.place.release();
  assertEquals(liveSessions(), later);
});

Deno.test("close() may be called twice, and receive() throws after it", async () => {
  using it = await bench();
  const [hello] = it.client("a").next();
  it.server.core.close();
  it.server.core.close();
  assertThrows(() => it.server.receive(hello!, "a"), TypeError, "listener is closed");
});

Deno.test("receive() throws once the context is closed", async () => {
  using it = await bench();
  const client = it.client("a");
  client.step();
  it.server.context.close();
  assertThrows(() => it.server.receive(client.next()[0]!, "a"), TypeError, "context is closed");
});

Deno.test("clientRandom() tells one client's ClientHellos from another's", async () => {
  using it = await bench();
  const [one, other] = [it.client("a").connect(), it.client("b").connect()];
  const [first, second] = one.hellos.map(clientRandom);
  assertEquals(first, second);
  assert(clientRandom(other.hellos[0]!).some((byte, i) => byte !== first![i]));
});
