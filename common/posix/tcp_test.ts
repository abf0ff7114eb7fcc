import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { InterruptedError, TimeoutError } from "../base/errors.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "../testing/assert.ts";
import { arrival } from "../testing/arrival.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { freePort } from "../testing/free_port.ts";
import { atOnce, later, within } from "../testing/within.ts";
import { SocketAddress } from "./address.ts";
import { PosixError } from "./errors.ts";
import { PollLoop } from "./poll_loop.ts";
import type { Patience } from "./socket.ts";
import { PosixTcp, PosixTcpListener } from "./tcp.ts";

const HOST = "127.0.0.1";
const LONG_MS = 20_000;

/** Both ends of a connection, in one thread: neither may block the other. */
class Loopback implements Disposable {
  readonly controller = new AbortController();
  readonly loop: PollLoop;
  readonly listener: PosixTcpListener;
  readonly #open = new DisposableStack();

  constructor(patience: Patience = "block", hostname = HOST) {
    this.loop = new PollLoop(patience, this.controller.signal);
    this.loop.users = 2;
    this.listener = new PosixTcpListener(hostname, 0, this.loop, LONG_MS);
  }

  async connect(timeoutMs = LONG_MS): Promise<{ near: PosixTcp; far: PosixTcp }> {
    const near = await PosixTcp.connect(this.listener.address, this.loop, timeoutMs);
    this.#open.adopt(near, (tcp) => tcp.close());
    const far = await within(Promise.resolve(this.listener.accept((tcp) => tcp)));
    this.#open.adopt(far!, (tcp) => tcp.close());
    return { near, far: far! };
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
    this.listener.close();
  }
}

/** Bytes of which each tells where it belongs. */
function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

/** Reads until a number of bytes is there. */
async function readAll(tcp: PosixTcp, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  for (let got = 0; got < length;) {
    const received = await within(Promise.resolve(tcp.receive(all.subarray(got), LONG_MS)));
    assert(received > 0, `the stream ended after ${got} bytes`);
    got += received;
  }
  return all;
}

for (const patience of ["block", "spin"] as const) {
  Deno.test(`PosixTcp returns values while it can, and promises while it has to wait (${patience})`, async () => {
    using link = new Loopback(patience);
    const { near, far } = await link.connect();
    const into = new Uint8Array(10);
    atOnce(near.send(Uint8Array.of(1, 2, 3)));
    await arrival(far);
    assertEquals(atOnce(far.receive(into, LONG_MS)), 3);
    assertEquals([...into.subarray(0, 3)], [1, 2, 3]);
    const receiving = far.receive(into, LONG_MS);
    assert(receiving instanceof Promise);
    near.send(Uint8Array.of(4));
    assertEquals([await later(receiving), into[0]], [1, 4]);
    near.close();
    await arrival(far);
    assertEquals(atOnce(far.receive(into, LONG_MS)), ENDED, "the end of the stream");
  });

  Deno.test(`PosixTcp.receive() waits for what is not there at once, where it is alone (${patience})`, async () => {
    using link = new Loopback(patience);
    const { near, far } = await link.connect();
    link.loop.users = 1;
    // It has its slice of time in vain; then the event loop has its turn, and the other end.
    const receiving = far.receive(new Uint8Array(10), LONG_MS);
    near.send(Uint8Array.of(1));
    assertEquals(await later(receiving), 1);
  });

  Deno.test(`PosixTcp.receive() gives up when its time is over (${patience})`, async () => {
    using link = new Loopback(patience);
    const { near, far } = await link.connect();
    // Less and more than what a call may block.
    for (const ms of [1, 30]) {
      assertEquals(await later(far.receive(new Uint8Array(10), ms)), TOO_LATE);
    }
    near.send(Uint8Array.of(1));
    assertEquals(await far.receive(new Uint8Array(10), LONG_MS), 1, "it lives on");
  });

  Deno.test(`PosixTcp.send() sends more than the system's buffer takes (${patience})`, async () => {
    using link = new Loopback(patience);
    const { near, far } = await link.connect();
    const bytes = numbered(8 << 20);
    const borrowed = bytes.slice();
    const sending = near.send(borrowed);
    assert(sending instanceof Promise);
    // They are borrowed for the call alone.
    borrowed.fill(0xff);
    // What is sent next comes after them.
    const next = near.send(Uint8Array.of(9));
    const all = await readAll(far, bytes.length + 1);
    assertEquals([all.subarray(0, -1), all.at(-1)], [bytes, 9]);
    await within(Promise.all([sending, next]));
    atOnce(near.send(Uint8Array.of(8)));
    assertEquals(await readAll(far, 1), Uint8Array.of(8));
  });

  Deno.test(`PosixTcpListener.accept() gives connections as they come (${patience})`, async () => {
    using link = new Loopback(patience);
    const accepting = link.listener.accept((tcp) => tcp);
    assert(accepting instanceof Promise);
    const near = await PosixTcp.connect(link.listener.address, link.loop, LONG_MS);
    const far = await later(accepting);
    assertEquals(near.peer.text, link.listener.address.text);
    assertEquals(far!.peer.hostname, HOST);
    near.close();
    assertEquals(await far!.receive(new Uint8Array(1), LONG_MS), ENDED);
    far!.close();
  });
}

Deno.test("PosixTcpListener.accept() gives a value where a connection is there", async () => {
  using link = new Loopback();
  link.loop.users = 0;
  let isValue = false;
  // Where the machine is busy, its turn for the event loop may come first.
  for (let attempt = 0; attempt < 20 && !isValue; attempt++) {
    const near = await PosixTcp.connect(link.listener.address, link.loop, LONG_MS);
    const accepting = link.listener.accept((tcp) => tcp);
    isValue = !(accepting instanceof Promise);
    (await accepting)!.close();
    near.close();
  }
  assert(isValue);
});

Deno.test("PosixTcpListener counts the loop's users", async () => {
  using link = new Loopback();
  link.loop.users = 0;
  const { far } = await link.connect();
  assertEquals(link.loop.users, 1);
  const second = await link.connect();
  assertEquals([link.loop.users, link.loop.alone], [2, false]);
  far.close();
  far.close();
  assertEquals(link.loop.users, 1);
  second.far.close();
  assertEquals(link.loop.users, 0);
});

Deno.test("PosixTcpListener.close() ends accept() with null, a pending and a later one", async () => {
  using link = new Loopback();
  const accepting = link.listener.accept((tcp) => tcp);
  link.listener.close();
  link.listener.close();
  assertEquals(await later(accepting), null);
  assertEquals(await within(Promise.resolve(link.listener.accept((tcp) => tcp))), null);
});

Deno.test("PosixTcpListener() says that the port is taken", () => {
  using link = new Loopback();
  const { port } = link.listener.address;
  const error = assertThrows(
    () => new PosixTcpListener(HOST, port, link.loop, 1),
    Deno.errors.AddrInUse,
  );
  assertEquals(
    error.message,
    `cannot listen on 127.0.0.1:${port}: the address is in use; choose another port, or 0 for a free one`,
  );
  assertInstanceOf(error.cause, PosixError);
});

Deno.test("PosixTcp.connect() says that nobody listens there", async () => {
  using link = new Loopback();
  const nobody = SocketAddress.of(HOST, freePort("tcp"));
  const connect = async () => await PosixTcp.connect(nobody, link.loop, LONG_MS);
  const error = await assertRejects(() => within(connect()), PosixError);
  assertEquals(error.code, "ECONNREFUSED");
});

Deno.test("PosixTcp speaks IPv6", async () => {
  using link = new Loopback("block", "::1");
  const { near, far } = await link.connect();
  near.send(Uint8Array.of(1));
  assertEquals(await far.receive(new Uint8Array(1), LONG_MS), 1);
  assert(far.peer.text.startsWith("[::1]:"), far.peer.text);
});

Deno.test("PosixTcp.close() rejects a receive() that waits", async () => {
  using link = new Loopback();
  const { far } = await link.connect();
  const receiving = far.receive(new Uint8Array(1), LONG_MS);
  far.close();
  far.close();
  await assertRejects(() => later(receiving), Deno.errors.BadResource, "the connection is closed");
});

Deno.test("PosixTcp.close() rejects a receive() and a send() that wait at the same time", async () => {
  using link = new Loopback();
  const { near } = await link.connect();
  const receiving = near.receive(new Uint8Array(1), LONG_MS);
  const sending = near.send(new Uint8Array(8 << 20));
  near.close();
  await assertRejects(() => later(sending), Deno.errors.BadResource, "the connection is closed");
  await assertRejects(() => later(receiving), Deno.errors.BadResource, "the connection is closed");
});

Deno.test("PosixTcp.receive() rejects where the socket is closed after its wait, before it goes on", async () => {
  using link = new Loopback();
  const { near, far } = await link.connect();
  // This wait ends in the same look at all of them, and is told first.
  const closing = link.loop.sleep(0).ready.then(() => far.close());
  const receiving = far.receive(new Uint8Array(1), LONG_MS);
  near.send(Uint8Array.of(1));
  await assertRejects(() => later(receiving), Deno.errors.BadResource, "the connection is closed");
  await closing;
});

Deno.test("PosixTcp.send() gives up where the peer reads nothing", async () => {
  // The time is that of connecting, too, which may take longer than it on a busy system.
  using clock = new FakeClock();
  using link = new Loopback();
  const { near } = await link.connect(30);
  const sending = near.send(new Uint8Array(64 << 20));
  clock.nowMs += 30;
  const error = await assertRejects(() => later(sending), TimeoutError);
  assertEquals(error.message, "timed out after 30 ms");
});

Deno.test("PosixTcp rejects what waits, with the signal's reason", async () => {
  using link = new Loopback();
  const { far } = await link.connect();
  const receiving = far.receive(new Uint8Array(1), LONG_MS);
  const accepting = link.listener.accept((tcp) => tcp);
  link.controller.abort(new InterruptedError("interrupted"));
  await assertRejects(() => later(receiving), InterruptedError);
  await assertRejects(() => later(accepting), InterruptedError);
});

Deno.test("PosixTcp.receive() says that the peer has reset the connection", async () => {
  using link = new Loopback();
  const { near, far } = await link.connect();
  const receiving = near.receive(new Uint8Array(1), LONG_MS);
  near.send(new Uint8Array(100));
  // Closing a socket that has bytes unread resets the connection (RFC 2525 2.17).
  assertEquals(await far.receive(new Uint8Array(1), LONG_MS), 1);
  far.close();
  const error = await assertRejects(() => later(receiving), PosixError);
  assertEquals(error.code, "ECONNRESET");
});
