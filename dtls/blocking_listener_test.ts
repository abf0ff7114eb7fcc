import { ENTRY_BYTES } from "../common/base/bounded_queue.ts";
import { InterruptedError, ReplacedError, TimeoutError } from "../common/base/errors.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { liveSessions, TlsSession } from "../common/openssl/session.ts";
import { CertificateError, OpenSslError } from "../common/openssl/bindings/errors.ts";
import { SelfSignedCertificate } from "../common/openssl/self_signed.ts";
import type {
  TlsClientSettings,
  TlsContextOptions,
  TlsServerSettings,
} from "../common/openssl/settings.ts";
import { PosixSessionSocket } from "../common/secure/posix_socket.ts";
import { PollLoop } from "../common/posix/poll_loop.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import { assert, assertEquals, assertRejects } from "../common/testing/assert.ts";
import { Driven, LONG_MS } from "../common/testing/driven.ts";
import { contextOptions } from "../common/testing/memory_net.ts";
import { KEY } from "../common/testing/psk.ts";
import { within } from "../common/testing/within.ts";
import { DtlsPosixListener } from "./blocking_listener.ts";
import type { DtlsPosixPeer } from "./blocking_peer.ts";

/** The server's side of a client. */
class Served extends Driven {
  readonly peer: DtlsPosixPeer;

  constructor(peer: DtlsPosixPeer) {
    super(peer.session, peer, LONG_MS);
    this.peer = peer;
  }
}

/** A listener and its clients, in one thread: none may block the others. */
class Bench implements Disposable {
  readonly controller = new AbortController();
  readonly loop: PollLoop;
  readonly listener: DtlsPosixListener;
  readonly #context: TlsContext;
  readonly #open = new DisposableStack();

  private constructor(server: TlsContext, client: TlsContext) {
    this.loop = new PollLoop("block", this.controller.signal);
    this.loop.users = 2;
    this.#context = this.#open.use(client);
    this.listener = this.own(new DtlsPosixListener(server, "127.0.0.1", 0, this.loop));
  }

  /** @param server, client what differs from the usual settings */
  static async make(
    { server = {}, client = {} }: { server?: TlsServerSettings; client?: TlsClientSettings } = {},
  ): Promise<Bench> {
    const [one, other] = await Promise.all([contextOptions("server"), contextOptions("client")]);
    return new Bench(
      new TlsContext({ ...one, ...server } as TlsContextOptions),
      new TlsContext({ ...other, ...client } as TlsContextOptions),
    );
  }

  /** Whose clients have a pre-shared key. */
  static withKey(pskLookup: NonNullable<TlsServerSettings["pskLookup"]>): Bench {
    const psk = { identity: "sensor-7", key: KEY };
    return new Bench(
      new TlsContext({ role: "server", datagram: true, pskLookup }),
      new TlsContext({ role: "client", datagram: true, psk }),
    );
  }

  own<T extends { close(): void }>(closed: T): T {
    return this.#open.adopt(closed, () => closed.close());
  }

  /** A socket of a client; more than one session can begin on it. */
  socket(): PosixUdp {
    return this.own(PosixUdp.toward(this.listener.address, this.loop));
  }

  client(socket = this.socket()): Driven {
    const session = new TlsSession(this.#context, { serverName: "localhost" });
    return this.own(new Driven(session, new PosixSessionSocket(socket, session), LONG_MS));
  }

  async accept(): Promise<Served> {
    const accepting = this.listener.accept((peer) => new Served(peer));
    const served = await within(Promise.resolve(accepting));
    assert(served !== null, "it accepts no more");
    return this.own(served);
  }

  /** Both ends of a session. */
  async connect(socket?: PosixUdp): Promise<{ client: Driven; server: Served }> {
    const client = this.client(socket);
    const shaking = client.handshake();
    const server = await this.accept();
    await within(Promise.all([shaking, server.handshake()]));
    return { client, server };
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }
}

/** Receives one message. */
async function receive(end: Driven): Promise<Uint8Array> {
  const into = new Uint8Array(16_384);
  const length = await within(Promise.resolve(end.receive(into)));
  return into.subarray(0, length);
}

Deno.test("DtlsPosixListener serves two clients that begin at the same time", async () => {
  using bench = await Bench.make();
  // Both have their cookies before either handshake goes on: each is checked for its own address.
  const clients = [bench.client(), bench.client()];
  const shaking = clients.map((client) => client.handshake());
  const servers = [await bench.accept(), await bench.accept()];
  await within(Promise.all([...shaking, ...servers.map((server) => server.handshake())]));
  for (const [i, client] of clients.entries()) await client.send(new Uint8Array(10 + i));
  const lengths = await Promise.all(servers.map(async (server) => (await receive(server)).length));
  assertEquals(lengths.sort(), [10, 11]);
});

Deno.test("DtlsPosixListener waits for a key that is promised, and no longer than it may", async () => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  using bench = Bench.withKey(() => promise);
  const [one, other] = [bench.client(), bench.client()].map((client) =>
    Promise.resolve(client.handshake())
  );
  other!.catch(() => {});
  const servers = [await bench.accept(), await bench.accept()];
  await assertRejects(
    async () => await within(Promise.resolve(servers[0]!.handshake(500))),
    TimeoutError,
    "pskLookup did not answer in time",
  );
  const shaking = servers[1]!.handshake();
  resolve(KEY);
  await within(Promise.all([shaking, Promise.any([one, other])]));
  assertEquals(servers[1]!.session.info().pskIdentity, "sensor-7");
});

Deno.test("DtlsPosixListener gives every client its own answers", async () => {
  using bench = await Bench.make();
  const one = await bench.connect();
  const other = await bench.connect();
  assertEquals(bench.loop.users, 4);
  for (let i = 1; i <= 20; i++) {
    await one.client.send(Uint8Array.of(1, i));
    await other.client.send(Uint8Array.of(2, i));
    for (const { client, server } of [other, one]) {
      await server.send(await receive(server));
      const mine = client === one.client ? 1 : 2;
      assertEquals([...await receive(client)], [mine, i]);
    }
  }
});

Deno.test("DtlsPosixListener keeps what comes while a session is not asked", async () => {
  using bench = await Bench.make();
  const one = await bench.connect();
  const other = await bench.connect();
  // Longer than a record's buffer, together: one that was put behind another would be cut.
  for (let i = 1; i <= 8; i++) await one.client.send(new Uint8Array(16_384).fill(i));
  await other.client.send(Uint8Array.of(9));
  // Whoever asks takes in what is there, whoever it is for.
  assertEquals([...await receive(other.server)], [9]);
  for (let i = 1; i <= 8; i++) {
    assertEquals(await receive(one.server), new Uint8Array(16_384).fill(i));
  }
});

Deno.test("DtlsPosixListener wakes a session that waits, and no other", async () => {
  using bench = await Bench.make();
  const one = await bench.connect();
  const other = await bench.connect();
  const [waiting, silent] = [receive(one.server), receive(other.server)];
  let woken = false;
  void silent.then(() => woken = true);
  await one.client.send(Uint8Array.of(1));
  assertEquals([...await waiting], [1]);
  assertEquals(woken, false);
  await other.client.send(Uint8Array.of(2));
  assertEquals([...await silent], [2]);
});

Deno.test("DtlsPosixListener wakes a session before it takes in all that has come", async () => {
  using bench = await Bench.make();
  const one = await bench.connect();
  const other = await bench.connect();
  const waiting = receive(one.server).then(() => other.server.peer.backlogBytes);
  await one.client.send(Uint8Array.of(1));
  for (let i = 0; i < 200; i++) await other.client.send(Uint8Array.of(2));
  assert(await waiting < 100 * ENTRY_BYTES, "it has waited for all the others");
  for (let i = 0; i < 200; i++) assertEquals([...await receive(other.server)], [2]);
});

Deno.test("DtlsPosixListener begins anew with a client that does, on the same port", async () => {
  using bench = await Bench.make();
  const socket = bench.socket();
  const first = await bench.connect(socket);
  const waiting = receive(first.server);
  const rejected = assertRejects(() => waiting, ReplacedError, "has begun a new session");
  const second = await bench.connect(socket);
  await rejected;
  await second.client.send(Uint8Array.of(2));
  assertEquals([...await receive(second.server)], [2]);
  assertEquals(bench.loop.users, 3, "the first one is no user any more");
});

Deno.test("DtlsPosixListener answers no stranger's garbage", async () => {
  using bench = await Bench.make();
  const { client, server } = await bench.connect();
  const stranger = bench.socket();
  for (const length of [0, 1, 12, 13, 14, 100, 16_397, 65_507]) {
    await stranger.send(new Uint8Array(length).fill(22));
  }
  await client.send(Uint8Array.of(1));
  assertEquals([...await receive(server)], [1]);
  assertEquals(bench.loop.users, 3);
});

Deno.test("DtlsPosixListener.stopAccepting() ends accept() with null, and no session", async () => {
  using bench = await Bench.make();
  const { client, server } = await bench.connect();
  const accepting = bench.listener.accept((peer) => peer);
  assert(accepting instanceof Promise);
  bench.listener.stopAccepting();
  assertEquals(await within(accepting), null);
  await client.send(Uint8Array.of(1));
  assertEquals([...await receive(server)], [1]);
});

Deno.test("DtlsPosixPeer keeps what a program does not receive under its limit of bytes", async () => {
  using bench = await Bench.make();
  const { client, server } = await bench.connect();
  const other = await bench.connect();
  const message = new Uint8Array(16_384);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 5; i++) await client.send(message);
    // What this one waits for comes after them.
    await other.client.send(Uint8Array.of(round));
    assertEquals([...await receive(other.server)], [round]);
    const { backlogBytes } = server.peer;
    assert(backlogBytes > message.length && backlogBytes <= 256 * 1024, `${backlogBytes}`);
  }
  assertEquals((await receive(server)).length, message.length);
});

Deno.test("DtlsPosixPeer keeps little of what comes before its handshake", async () => {
  using bench = await Bench.make();
  const other = await bench.connect();
  const socket = bench.socket();
  const shaking = bench.client(socket).handshake();
  const server = await bench.accept();
  for (let i = 0; i < 100; i++) {
    await socket.send(new Uint8Array(10_000).fill(22));
    await other.client.send(Uint8Array.of(i));
    await receive(other.server);
    assert(server.peer.backlogBytes <= 32 * 1024, `${server.peer.backlogBytes}`);
  }
  assert(server.peer.backlogBytes > 10_000);
  server.close();
  bench[Symbol.dispose]();
  await assertRejects(async () => await shaking, Deno.errors.BadResource);
});

Deno.test("DtlsPosixListener.close() rejects what waits, and frees what nobody has taken", async () => {
  const before = liveSessions();
  using bench = await Bench.make();
  const { server } = await bench.connect();
  const waiting = receive(server);
  // This one is there, and is never accepted.
  const late = bench.client();
  const shaking = late.handshake();
  while (bench.loop.users < 4) await new Promise((resolve) => setTimeout(resolve, 1));
  bench.listener.close();
  bench.listener.close();
  await assertRejects(() => within(waiting), Deno.errors.BadResource, "the connection is closed");
  late.close();
  await assertRejects(async () => await shaking, Deno.errors.BadResource);
  bench[Symbol.dispose]();
  assertEquals(liveSessions(), before);
  assertEquals(bench.loop.users, 2);
});

Deno.test("DtlsPosixListener ends every wait with the signal's reason", async () => {
  using bench = await Bench.make();
  const { server } = await bench.connect();
  const waiting = receive(server);
  const accepting = bench.listener.accept((peer) => peer);
  bench.controller.abort(new InterruptedError("interrupted"));
  await assertRejects(() => within(waiting), InterruptedError);
  await assertRejects(async () => await within(Promise.resolve(accepting)), InterruptedError);
});

Deno.test("DtlsPosixPeer.close() may be called twice, and gives its place back", async () => {
  using bench = await Bench.make();
  const { server } = await bench.connect();
  server.close();
  server.peer.close();
  assertEquals(bench.loop.users, 2);
  const feed = async () => await server.peer.feed(LONG_MS);
  await assertRejects(feed, Deno.errors.BadResource, "the connection is closed");
});

Deno.test("two self-signed ends know each other by fingerprints, and refuse another", async () => {
  const [mine, yours] = await Promise.all([
    SelfSignedCertificate.generate(),
    SelfSignedCertificate.generate(),
  ]);
  const nobody = { caCerts: undefined, clientCertificate: undefined };
  const server = { ...nobody, ...mine, peerFingerprints: [yours.fingerprint] };
  const client = { caCerts: undefined, ...yours };
  using bench = await Bench.make({
    server,
    client: { ...client, peerFingerprints: [mine.fingerprint] },
  });
  await bench.connect();
  using wrong = await Bench.make({
    server,
    client: { ...client, peerFingerprints: [yours.fingerprint] },
  });
  const shaking = assertRejects(async () => await wrong.client().handshake(), CertificateError);
  const served = await wrong.accept();
  await within(
    Promise.all([shaking, assertRejects(async () => await served.handshake(), OpenSslError)]),
  );
});
