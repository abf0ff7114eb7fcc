/** What a DTLS server makes of clients that lie, forge or talk nonsense: RFC 6347 4.1.2.7, 4.2.1. */
import { TimeoutError } from "../common/base/errors.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { OpenSslError } from "../common/openssl/bindings/errors.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { TlsSession } from "../common/openssl/session.ts";
import type { TlsSettings } from "../common/openssl/settings.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { FakeClock } from "../common/testing/fake_clock.ts";
import { contextOptions } from "../common/testing/memory_net.ts";
import { connectDtls } from "./lib/connect.ts";
import type { ConnectDtlsOptions } from "./lib/settings.ts";
import type { DtlsListener } from "./lib/listen.ts";
import { PATIENCE_MS, within } from "../common/testing/within.ts";
import { listen } from "../common/testing/dtls.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

type Bytes = Uint8Array<ArrayBuffer>;

/** What a datagram begins with: record types of RFC 5246 6.2.1, a message of RFC 6347 4.3.2. */
const ALERT = 21;
const HELLO_VERIFY_REQUEST = [22, 3];
const SERVER_HELLO = [22, 2];

/** A record's header: type, version 2, epoch 2, sequence number 6, length 2; a message's: 12. */
const HEADER_BYTES = 13;
const HELLO_VERSION_AT = HEADER_BYTES + 12;
/** Behind the version, 32 bytes of random and an empty session id. */
const COOKIE_AT = HELLO_VERSION_AT + 2 + 32 + 1;

/** With a certificate at hand, OpenSSL's client and server prefer it to a key. */
const NO_CERTIFICATE = { cert: undefined, key: undefined };

/** A good client connects, and is answered. */
async function assertServes(
  listener: DtlsListener,
  options: Partial<ConnectDtlsOptions> = {},
): Promise<void> {
  const { ca } = await testCertificates();
  const { port } = listener.addr;
  await using client = await connectDtls({
    port,
    ...options.psk ? {} : { caCerts: [ca] },
    ...options,
  });
  const [server] = await within(Promise.all([listener.accept(), client.handshake()]));
  await client.send(new Uint8Array(5));
  assertEquals((await server!.receive(undefined, PATIENCE_MS))?.length, 5);
  await server!.send(new Uint8Array(6));
  assertEquals((await client.receive(undefined, PATIENCE_MS))?.length, 6);
  await within(Promise.all([client.close(), server!.close()]));
}

/** A client's socket with a session that a test drives by hand. */
class RawClient implements Disposable {
  readonly session: TlsSession;
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #listener: DtlsListener;

  private constructor(listener: DtlsListener, session: TlsSession) {
    this.#listener = listener;
    this.session = session;
  }

  static async open(listener: DtlsListener, settings: TlsSettings = {}): Promise<RawClient> {
    using context = new TlsContext({ ...await contextOptions("client"), ...settings });
    return new RawClient(listener, new TlsSession(context, { serverName: "localhost" }));
  }

  async send(...datagrams: Uint8Array[]): Promise<void> {
    for (const bytes of datagrams) await this.#socket.send(bytes, this.#listener.addr);
  }

  async receive(): Promise<Bytes> {
    const [bytes] = await within(this.#socket.receive(new Uint8Array(65_535)));
    return bytes;
  }

  /** The server's answer, fed to the session. */
  async hear(): Promise<Bytes> {
    const bytes = await this.receive();
    this.session.feed(bytes);
    return bytes;
  }

  /** What the session wants to send next. */
  next(): Bytes[] {
    const sent: Bytes[] = [];
    this.session.handshake();
    this.session.drain((bytes) => sent.push(bytes.slice()));
    return sent;
  }

  /** A ClientHello with a good cookie, not sent yet; `change` alters it before it has one, too. */
  async hello(change = (hello: Bytes) => hello): Promise<Bytes> {
    const [first] = this.next();
    await this.send(change(first!));
    await this.hear();
    const [hello] = this.next();
    assertEquals(hello![COOKIE_AT], 32, "the length of the cookie");
    return change(hello!);
  }

  async connect(): Promise<void> {
    await this.send(...this.next());
    while (!this.session.established) {
      await this.hear();
      await this.send(...this.next());
    }
  }

  /** Nothing has come until now: what the test sends itself comes first. */
  async assertSilence(): Promise<void> {
    const mark = crypto.getRandomValues(new Uint8Array(8));
    await this.#socket.send(mark, this.#socket.addr);
    assertEquals(await this.receive(), mark, "the server has sent something");
  }

  [Symbol.dispose](): void {
    this.session.close();
    this.#socket.close();
  }
}

/** Where a record's number stands: RFC 6347 4.1. */
const NUMBER_AT = 5;

/** The same datagram with some of its bytes changed. */
function changed(hello: Uint8Array, at: number, ...bytes: number[]): Bytes {
  const copy = hello.slice();
  copy.set(bytes, at);
  return copy;
}

/** The same ClientHello with a longer cookie, all its lengths set right. */
function withLongCookie(hello: Bytes, length: number): Bytes {
  const extra = length - hello[COOKIE_AT]!;
  const end = COOKIE_AT + 1 + hello[COOKIE_AT]!;
  const longer = new Uint8Array(hello.length + extra);
  longer.set(hello.subarray(0, end));
  longer.set(hello.subarray(end), end + extra);
  longer[COOKIE_AT] = length;
  const view = new DataView(longer.buffer);
  view.setUint16(11, longer.length - HEADER_BYTES);
  // Of the message and of its only fragment: three bytes each, the first of them 0.
  for (const at of [15, 23]) view.setUint16(at, longer.length - HELLO_VERSION_AT);
  return longer;
}

async function assertAskedAgain(client: RawClient, listener: DtlsListener): Promise<void> {
  const answer = await client.receive();
  assertEquals([answer[0], answer[HEADER_BYTES]], HELLO_VERIFY_REQUEST);
  assertEquals([listener.counters.sessions, listener.counters.cookies], [0, 2]);
}

Deno.test("a client with a wrong PSK gets nowhere, as its Finished is dropped", async () => {
  using clock = new FakeClock();
  const identity = "sensor-7";
  const right = new Uint8Array(32).fill(1);
  await using listener = await listen({ ...NO_CERTIFICATE, pskLookup: () => right });
  const psk = { identity, key: new Uint8Array(32).fill(2) };
  const { port } = listener.addr;
  await using client = await connectDtls({ port, psk, handshakeTimeoutMs: 200 });
  const server = await within(listener.accept());
  // The hello with its cookie, then the flight that ends with Finished.
  while (server!.session.statistics.datagramsReceived < 2) await clock.settle();
  await Promise.all([
    assertRejects(() => client.handshake(), TimeoutError),
    clock.advance(200),
  ]);
  assertEquals(listener.counters.established, 0);
  server!.abandon();
  await assertServes(listener, { psk: { identity, key: right } });
});

Deno.test("a client with an unknown PSK identity is refused", async () => {
  const key = new Uint8Array(32).fill(1);
  const errors: unknown[] = [];
  await using listener = await listen({
    ...NO_CERTIFICATE,
    pskLookup: (identity) => identity === "known" ? key : null,
    onError: (error) => errors.push(error),
  });
  const psk = { identity: "unknown", key };
  await using client = await connectDtls({ port: listener.addr.port, psk });
  const [server, error] = await within(Promise.all([
    listener.accept(),
    assertRejects(() => client.handshake(), OpenSslError),
  ]));
  assertMatch(error.message, /the peer refused: /);
  await assertRejects(() => server!.handshake(), OpenSslError);
  assertEquals(errors.length, 1);
  await assertServes(listener, { psk: { identity: "known", key } });
});

Deno.test("a refused hello that comes again is answered as before, and told of once", async () => {
  const told: unknown[] = [];
  await using listener = await listen({
    ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384",
    onError: (error) => told.push(error),
  });
  using client = await RawClient.open(listener, { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
  const hello = await client.hello();
  await client.send(hello);
  const refused = await within(listener.accept());
  await assertRejects(() => refused!.handshake(), OpenSslError, "no shared cipher");
  const alert = await client.receive();
  assertEquals(alert[0], 21, "an alert (RFC 5246 6.2.1)");
  for (let again = 0; again < 3; again++) {
    const later = changed(hello, NUMBER_AT, 0, 0, 0, 0, 0, 7 + again);
    await client.send(later);
    assertEquals(await client.receive(), changed(alert, NUMBER_AT, 0, 0, 0, 0, 0, 7 + again));
  }
  assertEquals([told.length, listener.counters.errors, listener.counters.sessions], [1, 1, 0]);
  assertEquals(listener.counters.cookies, 1);
  await assertServes(listener);
});

Deno.test("a wrong PSK and a silent server are told apart", async () => {
  using clock = new FakeClock();
  const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(2) };
  await using listener = await listen({ ...NO_CERTIFICATE, pskLookup: () => new Uint8Array(32) });
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const fail = async (port: number, answered?: Promise<unknown>) => {
    await using client = await connectDtls({ port, psk, handshakeTimeoutMs: 200 });
    await answered;
    const [error] = await Promise.all([
      assertRejects(() => client.handshake(), TimeoutError),
      clock.advance(200),
    ]);
    return error.message;
  };
  const accepting = within(listener.accept());
  const wrong = fail(listener.addr.port, accepting);
  (await accepting)!.handshake().catch(() => {});
  const late = "the peer did not answer the handshake in time";
  assertEquals(
    await wrong,
    `${late}; it has answered the hello: the pre-shared key may be wrong`,
  );
  assertEquals(await fail((silent.addr as Deno.NetAddr).port), late);
  silent.close();
});

Deno.test("a forged cookie is answered with another request", async () => {
  await using listener = await listen();
  using client = await RawClient.open(listener);
  const hello = await client.hello();
  await client.send(changed(hello, COOKIE_AT + 1, hello[COOKIE_AT + 1]! ^ 1));
  await assertAskedAgain(client, listener);
  await assertServes(listener);
});

Deno.test("a cookie of 255 bytes is answered with another request", async () => {
  await using listener = await listen();
  using client = await RawClient.open(listener);
  await client.send(withLongCookie(await client.hello(), 255));
  await assertAskedAgain(client, listener);
  await assertServes(listener);
});

Deno.test("a cookie from another address is answered with another request", async () => {
  await using listener = await listen();
  using client = await RawClient.open(listener);
  using thief = await RawClient.open(listener);
  await thief.send(await client.hello());
  await assertAskedAgain(thief, listener);
  await assertServes(listener);
});

Deno.test("a cookie that has expired is answered with another request", async () => {
  using clock = new FakeClock();
  await using listener = await listen();
  using client = await RawClient.open(listener);
  const hello = await client.hello();
  // Twice the lifetime of a secret.
  clock.nowMs += 120_000;
  await client.send(hello);
  await assertAskedAgain(client, listener);
  await client.send(hello);
  await client.receive();
  await assertServes(listener);
});

Deno.test("a ClientHello of a version too old is refused with an alert, once its cookie is good", async () => {
  const errors: unknown[] = [];
  await using listener = await listen({ onError: (error) => errors.push(error) });
  using client = await RawClient.open(listener);
  // DTLS 1.0.
  await client.send(await client.hello((hello) => changed(hello, HELLO_VERSION_AT, 0xfe, 0xff)));
  const server = await within(listener.accept());
  await assertRejects(() => within(server!.handshake()), OpenSslError, "unsupported protocol");
  const alert = await client.receive();
  // Fatal (2), protocol_version (70): RFC 5246 7.2.
  assertEquals([alert[0], ...alert.subarray(HEADER_BYTES)], [ALERT, 2, 70]);
  assertEquals([errors.length, listener.counters.errors], [1, 1]);
  await assertServes(listener);
});

Deno.test("a ClientHello of an unknown newer version is answered with DTLS 1.2", async () => {
  await using listener = await listen();
  using client = await RawClient.open(listener);
  await client.send(await client.hello((hello) => changed(hello, HELLO_VERSION_AT, 0xfe, 0x01)));
  const server = await within(listener.accept());
  const answer = await client.receive();
  assertEquals([answer[0], answer[HEADER_BYTES]], SERVER_HELLO);
  assertEquals(answer.slice(HELLO_VERSION_AT, HELLO_VERSION_AT + 2), Uint8Array.of(0xfe, 0xfd));
  server!.abandon();
  await assertServes(listener);
});

/** What may come before a handshake and is none, made of a good ClientHello. */
const NONSENSE: Record<string, (hello: Bytes) => Uint8Array> = {
  "an empty datagram": () => new Uint8Array(),
  "a datagram of 65507 bytes": () => crypto.getRandomValues(new Uint8Array(65_507)),
  "a ClientHello in a datagram of 65507 bytes": (hello) => {
    const long = new Uint8Array(65_507);
    long.set(hello);
    return long;
  },
  "half a header": (hello) => hello.subarray(0, 6),
  "a truncated record": (hello) => hello.subarray(0, -1),
  "a record longer than its datagram": (hello) => changed(hello, 11, 0xff, 0xff),
  "an application record": (hello) => changed(hello, 0, 23),
  "an alert": () => Uint8Array.of(ALERT, 0xfe, 0xfd, ...new Uint8Array(7), 1, 0, 2, 2, 40),
  "a ChangeCipherSpec": (hello) => changed(hello, 0, 20),
  "a record of an unknown type": (hello) => changed(hello, 0, 99),
  "a record of an unknown version": (hello) => changed(hello, 1, 0x7f, 0x01),
  "a record of TLS 1.2": (hello) => changed(hello, 1, 0x03, 0x03),
  "a record of a later epoch": (hello) => changed(hello, 3, 0, 1),
  "a later fragment of a ClientHello": (hello) => changed(hello, HEADER_BYTES + 8, 1),
  "another message than a ClientHello": (hello) => changed(hello, HEADER_BYTES, 2),
  "a cookie that ends behind its message": (hello) => changed(hello, COOKIE_AT, 255),
};

for (const [what, make] of Object.entries(NONSENSE)) {
  Deno.test(`${what} before a handshake is met with silence`, async () => {
    await using listener = await listen();
    using client = await RawClient.open(listener);
    await client.send(make(await client.hello()));
    await assertServes(listener);
    await client.assertSilence();
    assertEquals([listener.counters.errors, listener.counters.refused], [0, 0]);
  });

  Deno.test(`${what} within a session is dropped`, async () => {
    await using listener = await listen();
    using client = await RawClient.open(listener);
    const [hello] = client.next();
    await client.send(hello!);
    await client.hear();
    await client.connect();
    const server = await within(listener.accept());
    await client.send(make(hello!));
    client.session.write(new Uint8Array(9));
    await client.send(...client.next());
    assertEquals((await within(server!.receive()))?.length, 9);
    assert(server!.session.established);
    await assertServes(listener);
    server!.abandon();
  });
}
