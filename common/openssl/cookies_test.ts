import { assert, assertEquals, assertNotEquals, assertThrows } from "../testing/assert.ts";
import { contextOptions, MemoryListener } from "../testing/memory_net.ts";
import { TlsContext } from "./context.ts";
import { COOKIE_LIFETIME_MS } from "./cookies.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { TlsSession } from "./session.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

type Bytes = Uint8Array<ArrayBuffer>;

/** RFC 6347 4.2.1: 13 bytes of record header, 12 of message header, 2 of version, the cookie. */
const REQUEST_COOKIE_AT = 13 + 12 + 2;
/** Behind 13, 12 and 2 as above, 32 of random, and an empty session id: 1. */
const HELLO_COOKIE_AT = 13 + 12 + 2 + 32 + 1;

/** Behind 13, 12 and 2 as above. */
const RANDOM_AT = 13 + 12 + 2;

/** What stands behind a length of one byte. */
function cookieAt(at: number, datagram: Bytes): Bytes {
  return datagram.slice(at + 1, at + 1 + datagram[at]!);
}

/** The same ClientHello with another cookie, all its lengths set right. */
function withCookie(hello: Bytes, cookie: Uint8Array): Bytes {
  const rest = hello.subarray(HELLO_COOKIE_AT + 1 + hello[HELLO_COOKIE_AT]!);
  const changed = new Uint8Array(HELLO_COOKIE_AT + 1 + cookie.length + rest.length);
  changed.set(hello.subarray(0, HELLO_COOKIE_AT));
  changed[HELLO_COOKIE_AT] = cookie.length;
  changed.set(cookie, HELLO_COOKIE_AT + 1);
  changed.set(rest, HELLO_COOKIE_AT + 1 + cookie.length);
  const view = new DataView(changed.buffer);
  view.setUint16(11, changed.length - 13);
  // Of the message and of its only fragment: three bytes each, the first of them 0.
  view.setUint16(15, changed.length - 25);
  view.setUint16(23, changed.length - 25);
  return changed;
}

/** A client and a server, as far as the server's HelloVerifyRequest. */
class Exchange implements Disposable {
  readonly server: MemoryListener;
  readonly #client: TlsSession;
  /** The client's ClientHello with a good cookie. */
  readonly hello: Bytes;
  readonly cookie: Bytes;

  constructor(server: MemoryListener, client: TlsSession) {
    this.server = server;
    this.#client = client;
    const [request] = server.answer(this.#next(), "a");
    this.cookie = cookieAt(REQUEST_COOKIE_AT, request!);
    client.feed(request!);
    this.hello = this.#next();
    assertEquals(cookieAt(HELLO_COOKIE_AT, this.hello), this.cookie);
  }

  /** What the server makes of a ClientHello. */
  outcome(hello: Bytes, address = "a"): "session" | "asked again" | "silence" {
    const before = this.server.accepted.length;
    const answers = this.server.answer(hello, address);
    if (this.server.accepted.length > before) return "session";
    if (answers.length === 0) return "silence";
    assertEquals([answers.length, answers[0]![13]], [1, 3], "type 3 is a HelloVerifyRequest");
    return "asked again";
  }

  [Symbol.dispose](): void {
    this.server[Symbol.dispose]();
    this.#client.close();
  }

  #next(): Bytes {
    const sent: Bytes[] = [];
    this.#client.handshake();
    this.#client.drain((bytes) => sent.push(bytes.slice()));
    assertEquals(sent.length, 1);
    return sent[0]!;
  }
}

async function exchange(): Promise<Exchange> {
  using context = new TlsContext(await contextOptions("client"));
  const server = new MemoryListener(await contextOptions("server"));
  return new Exchange(server, new TlsSession(context, { serverName: "localhost" }));
}

Deno.test("a good cookie makes a session", async () => {
  using it = await exchange();
  assertEquals(it.outcome(it.hello), "session");
});

Deno.test("a good cookie is 32 bytes", async () => {
  using it = await exchange();
  assertEquals(it.cookie.length, 32);
});

Deno.test("withCookie() changes nothing but the cookie", async () => {
  using it = await exchange();
  assertEquals(withCookie(it.hello, it.cookie), it.hello);
});

Deno.test("a forged cookie is answered with another request", async () => {
  using it = await exchange();
  for (let at = 0; at < it.cookie.length; at++) {
    const forged = it.cookie.slice();
    forged[at]! ^= 1;
    assertEquals(it.outcome(withCookie(it.hello, forged)), "asked again");
  }
});

for (const length of [0, 1, 31, 33, 254, 255]) {
  Deno.test(`a cookie of ${length} bytes makes no session`, async () => {
    using it = await exchange();
    const cookie = new Uint8Array(length);
    cookie.set(it.cookie.subarray(0, length));
    assertEquals(it.outcome(withCookie(it.hello, cookie)), "asked again");
  });
}

Deno.test("a cookie that ends behind its message is met with silence", async () => {
  using it = await exchange();
  const hello = it.hello.slice();
  hello[HELLO_COOKIE_AT] = 255;
  assertEquals(it.outcome(hello), "silence");
  assertEquals(it.outcome(it.hello), "session");
});

Deno.test("a cookie from another address is answered with another request", async () => {
  using it = await exchange();
  assertEquals(it.outcome(it.hello, "b"), "asked again");
  assertEquals(it.outcome(it.hello, ""), "asked again");
});

Deno.test("a cookie with another random, suite or version is answered with another request", async () => {
  using it = await exchange();
  const suiteAt = HELLO_COOKIE_AT + 1 + it.cookie.length + 2;
  for (const at of [RANDOM_AT, RANDOM_AT + 31, suiteAt, suiteAt + 1]) {
    const changed = it.hello.slice();
    changed[at]! ^= 1;
    assertEquals(it.outcome(changed), "asked again", `byte ${at}`);
  }
  assertEquals(it.outcome(it.hello), "session");
});

Deno.test("a cookie is good though its hello comes back with another session's number", async () => {
  using it = await exchange();
  // mbedTLS 2.28 draws one for every hello that has a ticket.
  const at = HELLO_COOKIE_AT - 1;
  const rest = it.hello.subarray(at + 1);
  const hello = new Uint8Array([...it.hello.subarray(0, at), 2, 7, 7, ...rest]);
  const view = new DataView(hello.buffer);
  view.setUint16(11, hello.length - 13);
  view.setUint16(15, hello.length - 25);
  view.setUint16(23, hello.length - 25);
  assertEquals(it.outcome(hello), "session");
});

Deno.test("a cookie is good for one session: the same hello begins no other one", async () => {
  using it = await exchange();
  assertEquals(it.outcome(it.hello), "session");
  it.server.forgetAll();
  assertEquals(it.outcome(it.hello), "silence");
});

Deno.test("a cookie of another server is answered with another request", async () => {
  using it = await exchange();
  using other = await exchange();
  assertEquals(it.outcome(withCookie(it.hello, other.cookie)), "asked again");
});

Deno.test("a refused client is told a cookie that is good", async () => {
  using it = await exchange();
  const [request] = it.server.answer(it.hello, "b");
  const cookie = cookieAt(REQUEST_COOKIE_AT, request!);
  assertNotEquals(cookie, it.cookie);
  assertEquals(it.outcome(withCookie(it.hello, cookie), "b"), "session");
});

Deno.test("a cookie outlives one change of secrets", async () => {
  using it = await exchange();
  it.server.nowMs = COOKIE_LIFETIME_MS;
  assertEquals(it.outcome(it.hello), "session");
});

Deno.test("a cookie does not outlive two changes of secrets", async () => {
  using it = await exchange();
  it.server.nowMs = COOKIE_LIFETIME_MS;
  assertEquals(it.outcome(it.hello, "b"), "asked again");
  it.server.nowMs = 2 * COOKIE_LIFETIME_MS;
  assertEquals(it.outcome(it.hello), "asked again");
});

Deno.test("a cookie grows old where nobody asks in between", async () => {
  using it = await exchange();
  it.server.nowMs = 2 * COOKIE_LIFETIME_MS;
  assertEquals(it.outcome(it.hello), "asked again");
});

Deno.test("a cookie gets no older where the secrets are changed late", async () => {
  using it = await exchange();
  it.server.nowMs = 2 * COOKIE_LIFETIME_MS - 1;
  assertEquals(it.outcome(it.hello, "b"), "asked again");
  it.server.nowMs = 2 * COOKIE_LIFETIME_MS;
  assertEquals(it.outcome(it.hello), "asked again");
});

Deno.test("a cookie made right before a change of secrets has its full life", async () => {
  using it = await exchange();
  it.server.nowMs = COOKIE_LIFETIME_MS - 1;
  const [request] = it.server.answer(it.hello, "b");
  const cookie = cookieAt(REQUEST_COOKIE_AT, request!);
  it.server.nowMs = 2 * COOKIE_LIFETIME_MS - 1;
  assertEquals(it.outcome(withCookie(it.hello, cookie), "b"), "session");
});

Deno.test("CookieSecrets() is made for servers over datagrams alone", async () => {
  for (const role of ["client", "server"] as const) {
    for (const datagram of [true, false]) {
      using context = new TlsContext(await contextOptions(role, datagram));
      assertEquals(context.cookies !== null, datagram && role === "server");
    }
  }
});

Deno.test("CookieSecrets.prepare() throws once its context is closed", async () => {
  const context = new TlsContext(await contextOptions("server"));
  context.close();
  assert(context.cookies !== null);
  const { cookies } = context;
  assertThrows(
    () => cookies.prepare("a", { identity: new Uint8Array(), suites: new Uint8Array() }, 0),
    TypeError,
    "its context is closed",
  );
});
