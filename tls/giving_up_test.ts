/** Connections that are given up in the middle of something. */
import { CallbackError } from "../common/openssl/bindings/calls.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { assert, assertEquals, assertRejects } from "../common/testing/assert.ts";
import { KEY } from "../common/testing/psk.ts";
import { within } from "../common/testing/within.ts";
import type { TlsConn } from "./lib/conn.ts";
import { connectTls } from "./lib/connect.ts";
import type { ConnectTlsOptions } from "./lib/settings.ts";
import { listenTls, type TlsListener } from "./lib/listen.ts";
import type { ListenTlsOptions } from "./lib/settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

function listen(options: Partial<ListenTlsOptions> = {}): TlsListener {
  return listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => KEY, ...options });
}

function connect(
  listener: TlsListener,
  options: Partial<ConnectTlsOptions> = {},
): Promise<TlsConn> {
  const psk = { identity: "sensor-7", key: KEY };
  return connectTls({ port: listener.addr.port, psk, ...options });
}

Deno.test("writable.abort() ends a write() that waits for a peer that does not read", async () => {
  await using listener = listen();
  await using client = await connect(listener);
  const [server] = await within(Promise.all([listener.accept(), client.handshake()]));
  const writer = client.writable.getWriter();
  // More than the system's buffers for a socket take.
  const writing = writer.write(new Uint8Array(64 * 2 ** 20));
  await within(server!.read(new Uint8Array(1)));
  const reason = new Error("enough");
  const [, error] = await within(Promise.all([
    writer.abort(reason),
    assertRejects(() => writing, Error),
  ]));
  assert(error === reason || error instanceof Deno.errors.BadResource, String(error));
  server!.abandon();
});

Deno.test("onError is told of what fails while the listener is closed by the same callback", async () => {
  const told: unknown[] = [];
  let closing: Promise<void> | undefined;
  await using listener = listen({
    pskLookup: () => {
      closing = listener.close();
      throw new Error("own");
    },
    onError: (error) => told.push(error),
  });
  await using client = await connect(listener);
  const [server] = await within(Promise.all([
    listener.accept(),
    assertRejects(() => client.handshake(), Error),
  ]));
  const error = await assertRejects(() => within(server!.handshake()), CallbackError);
  await within(closing!);
  assertEquals([told, listener.counters.errors], [[error], 1]);
});

Deno.test("a signal that pskLookup aborts ends a resumed handshake, too", async () => {
  const maxVersion = "TLSv1.2";
  const controller = new AbortController();
  const reason = new Error("enough");
  let aborts = false;
  const told = Promise.withResolvers<unknown>();
  await using listener = listen({
    signal: controller.signal,
    pskLookup: () => {
      if (aborts) controller.abort(reason);
      return KEY;
    },
    onError: told.resolve,
  });
  const first = await connect(listener, { maxVersion });
  const [server] = await within(Promise.all([listener.accept(), first.handshake()]));
  const writing = server!.write(new Uint8Array(1));
  await within(first.read(new Uint8Array(1)));
  await writing;
  using session = first.saveSession()!;
  await within(Promise.all([first.close(), server!.close()]));
  aborts = true;
  await using second = await connect(listener, { maxVersion, session });
  const accepting = listener.accept();
  second.handshake().catch(() => {});
  const resumed = await within(accepting);
  assert(await assertRejects(() => within(resumed!.handshake()), Error) === reason);
  assert(await within(told.promise) === reason);
  assertEquals([listener.counters.established, listener.counters.errors], [1, 1]);
});

Deno.test("close() leaves nothing of a client that comes at the same time", async () => {
  for (let i = 0; i < 20; i++) {
    const listener = listen();
    const accepting = listener.accept();
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    await within(listener.close());
    const conn = await within(accepting);
    tcp.close();
    if (conn) await assertRejects(() => within(conn.handshake()), Deno.errors.BadResource);
    assertEquals(listener.counters.sessions, 0);
  }
});
