/**
 * The tests of listeners whose program promises its keys, for either library.
 *
 * @module
 */
import { TimeoutError } from "../base/errors.ts";
import { CallbackError } from "../openssl/bindings/calls.ts";
import { OpenSslError } from "../openssl/bindings/errors.ts";
import type { SavedSession } from "../openssl/saved_session.ts";
import { liveSessions } from "../openssl/session.ts";
import type { PskKey } from "../openssl/psk_settings.ts";
import type { ListenSettings, TlsVersion } from "../openssl/settings.ts";
import type { SecureConn } from "../secure/secure_conn.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "./assert.ts";
import { KEY } from "./psk.ts";
import { within } from "./within.ts";

/** What the tests need of a listener. */
interface Listener extends AsyncDisposable {
  readonly addr: Deno.NetAddr;
  accept(): Promise<SecureConn | null>;
  close(): Promise<void>;
}

type Settings = Pick<ListenSettings, "pskLookup" | "handshakeTimeoutMs" | "sessionTickets">;

/** One of the two libraries. */
export interface Library {
  listen(settings: Settings & { onError?: (error: unknown) => void }): Listener;
  connect(settings: {
    port: number;
    psk: { identity: string; key: Uint8Array };
    maxVersion: TlsVersion;
    session?: SavedSession | undefined;
    handshakeTimeoutMs: number;
  }): Promise<SecureConn>;
  /** One message from one end to the other: a session of TLS 1.3 comes after the handshake. */
  exchange(from: SecureConn, to: SecureConn): Promise<void>;
}

/** A listener with its program, and the errors that it was told of. */
class Bench implements AsyncDisposable {
  readonly listener: Listener;
  readonly #library: Library;
  readonly #maxVersion: TlsVersion;
  #told = Promise.withResolvers<unknown>();
  readonly #open = new AsyncDisposableStack();

  constructor(library: Library, maxVersion: TlsVersion, settings: Settings) {
    this.#library = library;
    this.#maxVersion = maxVersion;
    const onError = (error: unknown) => this.#told.resolve(error);
    this.listener = library.listen({ ...settings, onError });
  }

  /** What `onError` is told next. */
  async told(): Promise<unknown> {
    const error = await within(this.#told.promise);
    this.#told = Promise.withResolvers();
    return error;
  }

  async connect(identity = "sensor-7", session?: SavedSession): Promise<SecureConn> {
    const psk = { identity, key: KEY };
    const { port } = this.listener.addr;
    const maxVersion = this.#maxVersion;
    const options = { port, psk, maxVersion, session, handshakeTimeoutMs: 20_000 };
    const conn = await this.#library.connect(options);
    this.#open.defer(() => conn.abandon());
    conn.handshake().catch(() => {});
    return conn;
  }

  /** A client that is through with its handshake, and its server's end. */
  async pair(identity?: string, session?: SavedSession): Promise<[SecureConn, SecureConn]> {
    const accepted = this.listener.accept();
    const client = await this.connect(identity, session);
    const server = (await within(accepted))!;
    await within(Promise.all([client.handshake(), server.handshake()]));
    await this.#library.exchange(client, server);
    await this.#library.exchange(server, client);
    return [client, server];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
    await this.listener.close();
  }
}

const soon = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), 1));

/** Registers the tests of one library in one version. */
export function testPskPromises(library: Library, version: TlsVersion): void {
  const bench = (settings: Settings) => new Bench(library, version, settings);

  for (const sessionTickets of [true, false]) {
    const how = `${version}, ${sessionTickets ? "tickets" : "cache"}`;

    Deno.test(`a key that is promised lets its client in, and its session again (${how})`, async () => {
      const pskLookup = (identity: string) => soon(identity === "sensor-7" ? KEY : null);
      await using it = bench({ pskLookup, sessionTickets });
      const [client] = await it.pair();
      using session = client.saveSession()!;
      const [second, server] = await it.pair(undefined, session);
      assertEquals([second.resumed, server.info.pskIdentity], [true, "sensor-7"]);
    });

    Deno.test(`a session whose key is gone by then is not resumed (${how})`, async () => {
      let key: PskKey = KEY;
      await using it = bench({ pskLookup: () => soon(key), sessionTickets });
      const [client] = await it.pair();
      using session = client.saveSession()!;
      key = null;
      const accepted = it.listener.accept();
      await it.connect(undefined, session);
      const server = (await within(accepted))!;
      await assertRejects(() => within(server.handshake()), Error);
      assertInstanceOf(await it.told(), Error);
    });
  }

  Deno.test(`a promise that rejects is told to onError (${version})`, async () => {
    const reason = new Error("the database is away");
    const pskLookup = async () => {
      await soon(0);
      throw reason;
    };
    await using it = bench({ pskLookup });
    const accepted = it.listener.accept();
    const client = await it.connect();
    await within(accepted);
    const error = await it.told();
    assertInstanceOf(error, CallbackError);
    assertEquals(error.cause, reason);
    // It is told at once, and does not wait until its time is over.
    await assertRejects(() => within(client.handshake()), OpenSslError, "the peer refused");
  });

  Deno.test(`a promise that stays out runs into handshakeTimeoutMs (${version})`, async () => {
    const { promise, resolve } = Promise.withResolvers<PskKey>();
    await using it = bench({ pskLookup: () => promise, handshakeTimeoutMs: 50 });
    const accepted = it.listener.accept();
    await it.connect();
    const server = (await within(accepted))!;
    assertInstanceOf(await it.told(), TimeoutError);
    await assertRejects(() => within(server.handshake()), TimeoutError);
    resolve(KEY);
  });

  Deno.test(`other clients are served while one waits (${version})`, async () => {
    const { promise, resolve } = Promise.withResolvers<PskKey>();
    const pskLookup = (identity: string) => identity === "slow" ? promise : KEY;
    await using it = bench({ pskLookup });
    const accepted = it.listener.accept();
    const slow = await it.connect("slow");
    const server = (await within(accepted))!;
    await it.pair("fast");
    resolve(KEY);
    await within(Promise.all([slow.handshake(), server.handshake()]));
    assertEquals(server.info.pskIdentity, "slow");
  });

  Deno.test(`a listener is closed while a client waits (${version})`, async () => {
    const { promise, resolve } = Promise.withResolvers<PskKey>();
    const asked = Promise.withResolvers<void>();
    const before = liveSessions();
    await using it = bench({ pskLookup: () => (asked.resolve(), promise) });
    const accepted = it.listener.accept();
    const client = await it.connect();
    const server = (await within(accepted))!;
    await within(asked.promise);
    await within(it.listener.close());
    await assertRejects(() => within(server.handshake()), Deno.errors.BadResource);
    resolve(KEY);
    client.abandon();
    for (let i = 0; i < 10_000 && liveSessions() > before; i++) await soon(0);
    assertEquals(liveSessions(), before);
    assert(!server.resumed);
  });
}
