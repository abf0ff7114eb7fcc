import { ReplacedError } from "../base/errors.ts";
import { TlsContext } from "../openssl/context.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { TlsSession } from "../openssl/session.ts";
import { assertEquals, assertThrows } from "../testing/assert.ts";
import { contextOptions } from "../testing/memory_net.ts";
import {
  type ConnPlace,
  DtlsListenerCore,
  type DtlsListenerOptions,
  type ListenedConn,
} from "./listener_core.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

interface Address {
  hostname: string;
}

/** A connection that fails as the core wants it, and is over at once. */
class Conn implements ListenedConn {
  readonly session: TlsSession;
  readonly hostname: string;
  readonly place: ConnPlace;
  failure: Error | null = null;

  constructor(session: TlsSession, { hostname }: Address, place: ConnPlace) {
    this.session = session;
    this.hostname = hostname;
    this.place = place;
  }

  fail(error: Error): void {
    this.failure = error;
    this.place.failed(error);
    this.session.close();
    this.place.release();
  }
}

/** A core whose shell drives nothing, and clients that come as far as their cookie. */
class Bench implements Disposable {
  readonly core: DtlsListenerCore<Conn, Address>;
  readonly told: unknown[] = [];
  woken = 0;
  readonly #client: TlsContext;
  #answer = new Uint8Array();

  constructor(server: TlsContext, client: TlsContext, options: DtlsListenerOptions<Address>) {
    this.#client = client;
    this.core = new DtlsListenerCore<Conn, Address>(server, {
      answer: (datagram) => this.#answer = datagram.slice(),
      open: (session, from, place) => new Conn(session, from, place),
      drive: () => {},
      wake: () => this.woken++,
    }, { onError: (error, { hostname }) => this.told.push([error, hostname]), ...options });
  }

  /** A client begins; it waits to be accepted afterwards. */
  begin(hostname: string): Conn {
    using session = new TlsSession(this.#client, { serverName: "localhost" });
    const step = () => {
      session.handshake();
      session.drain((bytes) => this.core.receive(bytes.slice(), hostname, { hostname }));
    };
    step();
    session.feed(this.#answer);
    step();
    return [...this.core.conns()].at(-1)!;
  }

  /** Takes them all. */
  accept(): string[] {
    const taken = [];
    for (let conn; (conn = this.core.take());) taken.push(conn.hostname);
    return taken;
  }

  [Symbol.dispose](): void {
    for (const conn of this.core.end()) conn.fail(new Error("the test is over"));
    this.core.close();
    this.#client.close();
  }
}

async function bench(options: DtlsListenerOptions<Address> = {}): Promise<Bench> {
  const server = new TlsContext(await contextOptions("server"));
  return new Bench(server, new TlsContext(await contextOptions("client")), options);
}

Deno.test("take() hands out clients in the order in which they came", async () => {
  using it = await bench();
  assertEquals([it.core.mustWait, it.core.take()], [true, null]);
  for (const hostname of ["a", "b", "c"]) it.begin(hostname);
  assertEquals([it.core.mustWait, it.woken], [false, 3]);
  assertEquals(it.accept(), ["a", "b", "c"]);
  assertEquals(it.core.mustWait, true);
});

Deno.test("take() hands out a client that has failed, as its program may want to know", async () => {
  using it = await bench();
  const error = new Error("no certificate");
  it.begin("a").fail(error);
  assertEquals([it.accept(), it.told], [["a"], [[error, "a"]]]);
  const { sessions, errors, cookies } = it.core.counters;
  assertEquals({ sessions, errors, cookies }, { sessions: 0, errors: 1, cookies: 1 });
});

Deno.test("release() drops clients that have failed where too many wait", async () => {
  using it = await bench({ maxFailedWaiting: 2 });
  for (const conn of ["a", "b", "c"].map((hostname) => it.begin(hostname))) {
    conn.fail(new Error("no certificate"));
  }
  // The first one was one too many; the two after it were not.
  assertEquals(it.accept(), ["b", "c"]);
});

Deno.test("release() drops a client that gives way to another, and reports no error", async () => {
  using it = await bench({ maxHandshakes: 1 });
  const oldest = it.begin("a");
  it.begin("b");
  assertEquals(oldest.failure instanceof Deno.errors.Busy, true);
  assertEquals([it.accept(), it.told], [["b"], []]);
  assertEquals(it.core.counters.displaced, 1);
});

Deno.test("receive() ends a handshake whose client begins anew, and reports no error", async () => {
  using it = await bench();
  const old = it.begin("a");
  it.begin("a");
  assertEquals(old.failure instanceof ReplacedError, true);
  assertEquals([it.core.size, it.told], [1, []]);
});

Deno.test("established() ends a client where there are too many sessions by now", async () => {
  using it = await bench({ maxSessions: 1 });
  const [first, second] = [it.begin("a"), it.begin("b")];
  first.place.established();
  second.place.established();
  assertEquals([first.failure, second.failure instanceof Deno.errors.Busy], [null, true]);
  const { established, refused, sessions } = it.core.counters;
  assertEquals({ established, refused, sessions }, { established: 1, refused: 1, sessions: 1 });
});

Deno.test("stopAccepting() wakes accept(), which still hands out clients that wait", async () => {
  using it = await bench();
  it.begin("a");
  it.core.stopAccepting();
  assertEquals([it.woken, it.core.mustWait, it.accept()], [2, false, ["a"]]);
  assertEquals(it.core.mustWait, false);
});

Deno.test("end() hands out no client any more, and returns those that are left", async () => {
  using it = await bench();
  const conn = it.begin("a");
  const left = it.core.end();
  assertEquals([left.length, left[0] === conn, it.core.take()], [1, true, null]);
});

Deno.test("fail() has take() throw what the socket has failed with", async () => {
  using it = await bench();
  it.begin("a");
  it.core.fail(new Error("the socket is gone"));
  assertEquals([it.woken, it.core.mustWait], [2, false]);
  assertThrows(() => it.core.take(), Error, "the socket is gone");
});
