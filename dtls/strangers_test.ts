import { assert, assertEquals, assertInstanceOf, assertRejects } from "../common/testing/assert.ts";
import { ReplacedError } from "../common/base/errors.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { TlsSession } from "../common/openssl/session.ts";
import { contextOptions, randomNumbers } from "../common/testing/memory_net.ts";
import { within } from "../common/testing/within.ts";
import type { DtlsConn } from "./lib/conn.ts";
import { sealed, Stranger } from "../common/testing/dtls_strangers.ts";
import { acceptFrom, connect, listen } from "../common/testing/dtls.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

type Bytes = Uint8Array<ArrayBuffer>;

async function clientContext(): Promise<TlsContext> {
  return new TlsContext(await contextOptions("client"));
}

async function assertTalks(client: DtlsConn, server: DtlsConn): Promise<void> {
  await client.send(Uint8Array.of(1));
  assertEquals([...(await within(server.receive()))!], [1]);
  await server.send(Uint8Array.of(2));
  assertEquals([...(await within(client.receive()))!], [2]);
}

Deno.test("a new hello from a client's address ends nothing before its handshake is complete", async () => {
  await using listener = await listen();
  using context = await clientContext();
  using first = await new Stranger(context, listener).connect();
  const server = (await within(listener.accept()))!;
  // Another session of the same address, whose hello has a good cookie, and no more.
  const second = new TlsSession(context, { serverName: "localhost" });
  const drained = () => {
    const sent: Bytes[] = [];
    second.handshake();
    second.drain((bytes) => sent.push(bytes.slice()));
    return sent;
  };
  await first.send(...drained());
  second.feed((await within(first.socket.receive(new Uint8Array(2048))))[0] as Bytes);
  await first.send(...drained());
  const pending = (await within(listener.accept()))!;
  await first.say(7);
  assertEquals([...(await within(server.receive()))!], [7]);
  assertEquals(listener.counters.sessions, 2);
  // Its Finished is what ends the old one.
  const over = assertRejects(() => server.receive(), ReplacedError);
  while (!second.established) {
    second.feed((await within(first.socket.receive(new Uint8Array(2048))))[0] as Bytes);
    await first.send(...drained());
  }
  await within(over);
  await within(pending.handshake());
  assertEquals([listener.counters.sessions, listener.counters.established], [1, 2]);
  second.close();
});

Deno.test("a captured hello ends no session, changed or not, in 1000 ways", async () => {
  await using listener = await listen();
  using context = await clientContext();
  using client = new Stranger(context, listener);
  const hello = await client.begin();
  while (!client.session.established) {
    await client.hear();
    await client.send(...client.next());
  }
  const server = (await within(listener.accept()))!;
  await within(server.handshake());
  const random = randomNumbers(1347);
  for (let i = 0; i < 1000; i++) {
    const changed = hello.slice();
    // The exact replay, another random, and anything else.
    if (i > 0) changed[i < 300 ? 27 + i % 32 : Math.floor(random() * hello.length)]! ^= 1 + i % 255;
    await client.send(changed);
    if (i % 100 !== 0) continue;
    await client.say(i / 100);
    assertEquals([...(await within(server.receive()))!], [i / 100]);
  }
  await client.say(99);
  assertEquals([...(await within(server.receive()))!], [99]);
  assertEquals([listener.counters.established, listener.counters.errors], [1, 0]);
});

Deno.test("datagrams that nobody authenticates do not keep a silent client", async () => {
  await using listener = await listen({ idleTimeoutMs: 300 });
  using context = await clientContext();
  using client = await new Stranger(context, listener).connect();
  const server = (await within(listener.accept()))!;
  await within(server.handshake());
  let ended = false;
  const over = server.receive().catch((error) => (ended = true, error));
  for (let sent = 0; !ended; sent++) {
    assert(sent < 500, "the client is kept");
    await client.send(Uint8Array.of(0), sealed(40, sent % 200));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertInstanceOf(await over, Error);
  assertEquals((await over as Error).message, "the peer was silent too long");
});

Deno.test("half-open handshakes give way to new ones, and take no place of sessions", async () => {
  await using listener = await listen({ maxHandshakes: 20, maxSessions: 2 });
  using context = await clientContext();
  await using early = await connect(listener);
  await using earlyServer = await acceptFrom(listener, early);
  using strangers = new DisposableStack();
  for (let i = 0; i < 60; i++) await strangers.use(new Stranger(context, listener)).begin();
  await using client = await connect(listener);
  await within(client.handshake());
  assert(listener.counters.displaced >= 40, `${listener.counters.displaced} were displaced`);
  assert(listener.counters.sessions <= 2 + 20, `${listener.counters.sessions} sessions`);
  assertEquals([listener.counters.errors, listener.counters.established], [0, 2]);
  await assertTalks(early, earlyServer);
});

Deno.test("a client that had to give way may come again with the same hello", async () => {
  await using listener = await listen({ maxHandshakes: 1 });
  using context = await clientContext();
  using first = new Stranger(context, listener);
  using second = new Stranger(context, listener);
  const hello = await first.begin();
  await within(listener.accept());
  await second.begin();
  const other = await within(listener.accept());
  assertEquals(listener.counters.displaced, 1);
  await first.send(hello);
  const again = await within(listener.accept());
  assert(again !== other);
  await assertRejects(() => other!.handshake(), Deno.errors.Busy);
});

Deno.test("a handshake keeps little of what comes before its time", async () => {
  await using listener = await listen();
  using context = await clientContext();
  using stranger = new Stranger(context, listener);
  const hello = await stranger.begin();
  const server = (await within(listener.accept()))!;
  const { statistics } = server.session;
  for (let no = 0; no < 600; no++) await stranger.send(sealed(no % 4 === 0 ? 16_000 : 40, no));
  for (let no = 0; no < 50; no++) await stranger.send(new Uint8Array(60_000).fill(7));
  // What was sent before has come when a second client is served.
  await using client = await connect(listener);
  await using _other = await acceptFrom(listener, client);
  assert(statistics.datagramsReceived <= 512, `${statistics.datagramsReceived} datagrams`);
  assert(statistics.bytesReceived <= hello.length + 512 * 53, `${statistics.bytesReceived} bytes`);
  // Its own handshake has room all the same.
  await stranger.hear();
  while (!stranger.session.established) {
    await stranger.send(...stranger.next());
    if (!stranger.session.established) await stranger.hear();
  }
});
