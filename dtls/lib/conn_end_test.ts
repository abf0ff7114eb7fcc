/** How connections end: in order, by a fault, by an abort, or with a peer that vanishes. */
import { TimeoutError } from "../../common/base/errors.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import type { DtlsConn } from "./conn.ts";
import { connectDtls } from "./connect.ts";
import { within } from "../../common/testing/within.ts";
import { acceptFrom, connect, listen } from "../../common/testing/dtls.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

Deno.test("close() ends both ends when both call it", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  await within(Promise.all([client.close(), server.close()]));
  assertEquals(listener.counters.sessions, 0);
});

Deno.test("close() may be called again, one call after the other or at once", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  await within(Promise.all([client.close(), client.close(), client.shutdown()]));
  await within(client.close());
  await within(Promise.all([server.close(), server.close()]));
});

Deno.test("close() is bounded where the peer has vanished", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  client.abandon();
  await within(Promise.all([server.shutdown(), server.close(), server.close()]));
  assertEquals(listener.counters.sessions, 0);
});

Deno.test("close() ends a receive() that waits", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  await using _server = await acceptFrom(listener, client);
  const waiting = client.receive();
  await client.close();
  assertEquals(await within(waiting), null);
});

Deno.test("close() ends a handshake that runs", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const handshake = client.handshake();
  const sending = client.send(new Uint8Array(1));
  await client.close();
  await assertRejects(() => within(handshake), Deno.errors.BadResource, "closed");
  await assertRejects(() => within(sending), Deno.errors.BadResource, "closed");
});

Deno.test("send() throws after close(), and receive() is null", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  await using _server = await acceptFrom(listener, client);
  await client.close();
  await assertRejects(() => client.send(new Uint8Array(1)), TypeError, "it is closed");
  assertEquals(await client.receive(), null);
  assertEquals(await client.shutdown(), undefined);
});

Deno.test("shutdown() ends one direction; what was on its way still comes", async () => {
  await using listener = await listen();
  await using client = await connect(listener);
  await using server = await acceptFrom(listener, client);
  await client.send(new Uint8Array(3));
  await within(client.shutdown());
  assertEquals((await server.receive())?.length, 3);
  assertEquals(await server.receive(), null);
});

Deno.test("await using closes a connection in order", async () => {
  await using listener = await listen();
  let server: DtlsConn;
  {
    await using client = await connect(listener);
    server = await acceptFrom(listener, client);
  }
  assertEquals(await within(server.receive()), null);
  await server.close();
});

Deno.test("abandon() leaves a peer without a word, whose receive() gives up", async () => {
  await using listener = await listen();
  const client = await connect(listener);
  const server = await acceptFrom(listener, client);
  client.abandon();
  client.abandon();
  await assertRejects(() => server.receive(undefined, 20), TimeoutError);
  server.abandon();
});

Deno.test("an aborted signal ends a receive() that waits, with its reason", async () => {
  await using listener = await listen();
  const controller = new AbortController();
  await using client = await connect(listener, { signal: controller.signal });
  await using _server = await acceptFrom(listener, client);
  const waiting = client.receive();
  const reason = new Error("enough");
  controller.abort(reason);
  assert(await assertRejects(() => within(waiting), Error) === reason);
  await assertRejects(() => client.send(new Uint8Array(1)), Error, "enough");
  await assertRejects(() => client.receive(), Error, "enough");
});

Deno.test("an aborted signal ends a handshake that runs", async () => {
  const silence = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const { port } = silence.addr as Deno.NetAddr;
  await using client = await connectDtls({ port, signal: controller.signal });
  const handshake = client.handshake();
  controller.abort();
  await assertRejects(() => within(handshake), DOMException, "aborted");
  silence.close();
});

Deno.test("an aborted signal ends a shutdown() that waits", async () => {
  await using listener = await listen();
  const controller = new AbortController();
  const client = await connect(listener);
  const { signal } = controller;
  await using second = await connect(listener, { signal });
  const server = await acceptFrom(listener, client);
  const accepted = await acceptFrom(listener, second);
  accepted.abandon();
  const ending = second.shutdown();
  controller.abort();
  await within(ending);
  client.abandon();
  server.abandon();
});

Deno.test("a signal that was aborted before lets nothing begin", async () => {
  await using listener = await listen();
  await using client = await connect(listener, { signal: AbortSignal.abort() });
  await assertRejects(() => within(client.handshake()), DOMException, "aborted");
});

Deno.test("a server's aborted signal ends what its connections wait for", async () => {
  const controller = new AbortController();
  await using listener = await listen({ signal: controller.signal });
  await using client = await connect(listener);
  await using server = await acceptFrom(listener, client);
  const waiting = server.receive();
  controller.abort();
  await assertRejects(() => within(waiting), DOMException, "aborted");
});

Deno.test("a connection that has failed drops what still arrives", async () => {
  const controller = new AbortController();
  await using listener = await listen({ signal: controller.signal });
  await using client = await connect(listener);
  await using server = await acceptFrom(listener, client);
  controller.abort();
  for (let i = 0; i < 10; i++) await client.send(new Uint8Array(1000));
  await assertRejects(() => server.receive(), DOMException, "aborted");
  assertThrows(() => server.session.read(new Uint8Array(1)), TypeError, "it is closed");
  assertEquals(server.info.version, "DTLSv1.2");
});
