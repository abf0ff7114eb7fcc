import { ENDED } from "../base/read_result.ts";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Deadlines } from "../base/deadline.ts";
import { InterruptedError, TimeoutError } from "../base/errors.ts";
import { bounded, BoundedTcp, BoundedTcpListener, connectTcp } from "./tcp.ts";
import { listenError } from "../base/network_errors.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { freePort } from "../testing/free_port.ts";

/** Two ends of a connection over loopback, one of them bounded by a clock of its own. */
class Loopback implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly deadlines = new Deadlines();
  readonly tcp: BoundedTcp;
  readonly far: Deno.TcpConn;

  private constructor(near: Deno.TcpConn, far: Deno.TcpConn) {
    this.tcp = new BoundedTcp(near, this.deadlines);
    this.far = far;
  }

  static async open(): Promise<Loopback> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = listener.accept();
    const { hostname, port } = listener.addr;
    const near = await Deno.connect({ hostname, port });
    return new Loopback(near, await accepting);
  }

  /** The peer vanishes: closing a socket that has bytes unread resets it (RFC 2525 2.17). */
  async vanish(): Promise<void> {
    await this.tcp.write(new Uint8Array(100), 5000);
    this.far.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp.close();
    try {
      this.far.close();
    } catch {
      // The test has closed it.
    }
    this.deadlines.close();
    this.clock[Symbol.dispose]();
    await Promise.resolve();
  }
}

Deno.test("BoundedTcp.read() reads what the peer has written, then ENDED at the end", async () => {
  await using link = await Loopback.open();
  await link.far.write(Uint8Array.of(1, 2, 3));
  link.far.close();
  const into = new Uint8Array(10);
  assertEquals(await link.tcp.read(into, 5000), 3);
  assertEquals([...into.subarray(0, 3)], [1, 2, 3]);
  assertEquals(await link.tcp.read(into, 5000), ENDED);
});

Deno.test("BoundedTcp.read() rejects when the time is up, and so does every later call", async () => {
  await using link = await Loopback.open();
  const reading = link.tcp.read(new Uint8Array(1), 5000);
  await Promise.all([
    assertRejects(() => reading, TimeoutError, "timed out after 5000 ms"),
    link.clock.advance(5000),
  ]);
  const later = await assertRejects(() => link.tcp.read(new Uint8Array(1), 9), TimeoutError);
  assertEquals(later.message, "timed out after 5000 ms");
  await assertRejects(() => link.tcp.write(new Uint8Array(1), 9), TimeoutError);
});

Deno.test("BoundedTcp.read() counts its time from its own beginning", async () => {
  await using link = await Loopback.open();
  const into = new Uint8Array(1);
  for (let round = 0; round < 3; round++) {
    const reading = link.tcp.read(into, 5000);
    await link.clock.advance(4000);
    await link.far.write(Uint8Array.of(round));
    assertEquals([await reading, into[0]], [1, round]);
    await link.clock.advance(10_000);
  }
});

Deno.test("BoundedTcp.read() rejects when the run is interrupted", async () => {
  await using link = await Loopback.open();
  const reading = link.tcp.read(new Uint8Array(1), 5000);
  link.deadlines.interrupt();
  await assertRejects(() => reading, InterruptedError);
});

Deno.test("BoundedTcp.read() rejects when the run was interrupted before", async () => {
  await using link = await Loopback.open();
  link.deadlines.interrupt();
  await assertRejects(() => link.tcp.read(new Uint8Array(1), 5000), InterruptedError);
});

Deno.test("BoundedTcp.read() hands on that the peer has reset the connection", async () => {
  using deadlines = new Deadlines();
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer(accepted.resolve).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const tcp = new BoundedTcp(await Deno.connect({ hostname: "127.0.0.1", port }), deadlines);
  const reading = tcp.read(new Uint8Array(1), 5000);
  // Deno's own sockets end in order; Node's can do without.
  (await accepted.promise).resetAndDestroy();
  await assertRejects(() => reading, Deno.errors.ConnectionReset);
  tcp.close();
  server.close();
  await once(server, "close");
});

Deno.test("BoundedTcp.write() writes all bytes, more than a socket takes at once", async () => {
  await using link = await Loopback.open();
  const bytes = new Uint8Array(4_000_000).map((_, i) => i);
  const writing = link.tcp.write(bytes, 5000);
  const into = new Uint8Array(bytes.length);
  for (let at = 0; at < into.length;) at += (await link.far.read(into.subarray(at)))!;
  await writing;
  assert(into.every((byte, i) => byte === bytes[i]), "every byte arrives, in order");
});

Deno.test("BoundedTcp.write() rejects when the time is up and the peer reads nothing", async () => {
  await using link = await Loopback.open();
  // More than the buffers of both ends hold.
  const writing = link.tcp.write(new Uint8Array(64_000_000), 5000);
  await Promise.all([
    assertRejects(() => writing, TimeoutError, "timed out after 5000 ms"),
    link.clock.advance(5000),
  ]);
});

Deno.test("BoundedTcp.write() rejects where the peer has vanished", async () => {
  await using link = await Loopback.open();
  await link.vanish();
  const write = async () => {
    // The system may take bytes before it hears of that.
    for (;;) await link.tcp.write(new Uint8Array(100_000), 5000);
  };
  const error = await assertRejects(write, Error);
  const kinds = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe];
  assert(kinds.some((kind) => error instanceof kind), error.name);
});

Deno.test("BoundedTcp.close() rejects a pending read, and may be called twice", async () => {
  await using link = await Loopback.open();
  const reading = link.tcp.read(new Uint8Array(1), 5000);
  link.tcp.close();
  link.tcp.close();
  await assertRejects(() => reading, Error);
});

Deno.test("BoundedTcpListener takes a free port and accepts connections on it", async () => {
  const listener = new BoundedTcpListener("127.0.0.1", 0);
  assert(listener.port > 0);
  assertEquals(listener.hostname, "127.0.0.1");
  using _client = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  using conn = await listener.accept();
  assert(conn);
  listener.close();
});

Deno.test("BoundedTcpListener.accept() resolves to null when it is closed, before and meanwhile", async () => {
  const listener = new BoundedTcpListener("127.0.0.1", 0);
  const accepting = listener.accept();
  listener.close();
  listener.close();
  assertEquals(await accepting, null);
  assertEquals(await listener.accept(), null);
});

Deno.test("BoundedTcpListener says in one line that its port is taken", () => {
  const first = new BoundedTcpListener("127.0.0.1", 0);
  try {
    const error = assertThrows(
      () => new BoundedTcpListener("127.0.0.1", first.port),
      Deno.errors.AddrInUse,
    );
    const where = `cannot listen on 127.0.0.1:${first.port}: the address is in use`;
    assertEquals(error.message, `${where}; choose another port, or 0 for a free one`);
    assertInstanceOf(error.cause, Deno.errors.AddrInUse);
  } finally {
    first.close();
  }
});

Deno.test("BoundedTcpListener can listen again where it has closed connections just now", async () => {
  const port = freePort("tcp");
  const first = new BoundedTcpListener("127.0.0.1", port);
  {
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    const conn = await first.accept();
    // The end that closes first keeps the address for a while (TIME-WAIT, RFC 9293 3.6).
    conn!.close();
    assertEquals(await client.read(new Uint8Array(1)), null);
  }
  first.close();
  new BoundedTcpListener("127.0.0.1", port).close();
});

Deno.test({
  name: "BoundedTcpListener hands on that a permission is missing",
  permissions: { net: false },
  fn: () => {
    assertThrows(
      () => new BoundedTcpListener("127.0.0.1", 0),
      Deno.errors.NotCapable,
      "--allow-net",
    );
  },
});

Deno.test("listenError() sets an IPv6 address in brackets", () => {
  const error = listenError("::1", 1443, new Deno.errors.AddrNotAvailable("os error 99"));
  assertInstanceOf(error, Deno.errors.AddrNotAvailable);
  assertEquals(
    error.message,
    "cannot listen on [::1]:1443: the address is not one of this machine",
  );
});

Deno.test("connectTcp() keeps no connection that has come about when the signal was aborted", async () => {
  using deadlines = new Deadlines();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const reason = new Error("one is enough");
  const { connect } = Deno;
  let conn: Deno.TcpConn | undefined;
  // As Deno's own, which asks its signal when it has the connection; the moment is hard to meet.
  Deno.connect = (async ({ port, signal }: Deno.ConnectOptions & { signal?: AbortSignal }) => {
    try {
      return conn = await connect({ port });
    } finally {
      controller.abort(reason);
      signal?.throwIfAborted();
    }
  }) as typeof Deno.connect;
  using _restored = new DisposableStack();
  _restored.defer(() => Deno.connect = connect);
  const attempt = connectTcp(["127.0.0.1"], listener.addr.port, 5000, deadlines, controller.signal);
  assertEquals(await attempt.catch((error) => error), reason);
  assertThrows(() => conn!.setNoDelay(), Deno.errors.BadResource);
});

Deno.test("bounded() gives the value of a promise that settles in time, and keeps no timer", async () => {
  using clock = new FakeClock();
  using deadlines = new Deadlines();
  assertEquals(await bounded(deadlines, 5000, () => Promise.resolve("there")), "there");
  deadlines.close();
  assertEquals(clock.timers, 0);
});

Deno.test("bounded() aborts what takes too long and says so", async () => {
  using clock = new FakeClock();
  using deadlines = new Deadlines();
  let aborted = false;
  const waiting = bounded(deadlines, 5000, (signal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => (aborted = true, reject(new Error("given up"))));
    }));
  await Promise.all([
    assertRejects(() => waiting, TimeoutError, "timed out after 5000 ms"),
    clock.advance(5000),
  ]);
  assert(aborted);
});

Deno.test("bounded() hands an error on as it is", async () => {
  using deadlines = new Deadlines();
  const start = () => Promise.reject(new Deno.errors.ConnectionRefused("os error 111"));
  await assertRejects(() => bounded(deadlines, 5000, start), Deno.errors.ConnectionRefused);
});

Deno.test("bounded() aborts when the run is interrupted", async () => {
  using deadlines = new Deadlines();
  const waiting = bounded(deadlines, 5000, (signal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    }));
  deadlines.interrupt();
  await assertRejects(() => waiting, InterruptedError);
});
