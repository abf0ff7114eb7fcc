import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { freePort } from "../testing/free_port.ts";
import { SocketAddress } from "./address.ts";
import { ECONNREFUSED, PosixError } from "./errors.ts";
import { type Patience, PosixSocket } from "./socket.ts";
import { NOT_YET } from "../base/read_result.ts";

const HOST = "127.0.0.1";
const PATIENCES: readonly Patience[] = ["block", "spin"];

/** A datagram socket on a free port, and where it is. */
function bound(patience: Patience = "block"): PosixSocket {
  const socket = PosixSocket.open("datagram", HOST, patience);
  socket.bind(HOST, 0);
  return socket;
}

function listening(patience: Patience = "block", port = 0): PosixSocket {
  const socket = PosixSocket.open("stream", HOST, patience);
  socket.listen(HOST, port, 8);
  return socket;
}

/** Connects: on a busy system loopback takes longer than the slice of a call. */
function meet(
  near: PosixSocket,
  listener: PosixSocket,
): { socket: PosixSocket; peer: SocketAddress } {
  near.connect(listener.address);
  return untilThere(() => listener.accept(true) ?? NOT_YET);
}

/** Both ends of a TCP connection. */
function connected(patience: Patience = "block", port = 0) {
  using listener = listening(patience, port);
  const near = PosixSocket.open("stream", HOST, patience);
  const { socket, peer } = meet(near, listener);
  return { near, far: socket, peer, [Symbol.dispose]: () => (near.close(), socket.close()) };
}

/** What a call gives as soon as there is something: each waits a slice of time. */
function untilThere<T>(call: () => T | typeof NOT_YET): T {
  for (let tries = 0; tries < 1000; tries++) {
    const there = call();
    if (there !== NOT_YET) return there;
  }
  throw new Error("nothing came");
}

/** Receives what is under way. */
function received(socket: PosixSocket, into: Uint8Array<ArrayBuffer>, from = false): number {
  return untilThere(() => socket.receive(into, true, from));
}

/** The error of a system call. */
function errorOf(act: () => unknown): PosixError {
  return assertThrows(act, PosixError);
}

for (const patience of PATIENCES) {
  Deno.test(`PosixSocket.receive() says that nothing is there, waiting or not (${patience})`, () => {
    using socket = bound(patience);
    const into = new Uint8Array(10);
    assertEquals(socket.receive(into, false), NOT_YET);
    assertEquals(socket.receive(into, true), NOT_YET, "after a slice of time");
  });

  Deno.test(`PosixSocket.accept() says that nobody has connected, waiting or not (${patience})`, () => {
    using listener = listening(patience);
    assertEquals(listener.accept(false), null);
    assertEquals(listener.accept(true), null, "after a slice of time");
  });

  Deno.test(`PosixSocket.receive() gives what was sent, and 0 at the end of the stream (${patience})`, () => {
    using ends = connected(patience);
    assertEquals(ends.near.send(Uint8Array.of(1, 2, 3), true), 3);
    const into = new Uint8Array(10);
    assertEquals(received(ends.far, into), 3);
    assertEquals([...into.subarray(0, 3)], [1, 2, 3]);
    ends.near.close();
    assertEquals(received(ends.far, into), 0);
  });

  Deno.test(`PosixSocket.send() says that the system's buffer is full (${patience})`, () => {
    using ends = connected(patience);
    const bytes = new Uint8Array(1 << 20);
    let sent = 0;
    let calls = 0;
    for (let n; (n = ends.near.send(bytes, false)) !== NOT_YET; calls++) sent += n;
    assert(calls > 0 && sent > 0, "a part was taken before");
    // On a busy system the other end's takes some of it later, which makes room once more.
    for (let more = 0; ends.near.send(bytes, true) !== NOT_YET; more++) {
      assert(more < 100, "after a slice of time it is full");
    }
  });
}

Deno.test("PosixSocket.accept() tells who has connected", () => {
  using ends = connected();
  assertEquals(ends.peer.text, ends.near.address.text);
});

for (const kind of ["stream", "datagram"] as const) {
  Deno.test(`PosixSocket refuses a port that is taken (${kind})`, () => {
    using first = kind === "stream" ? listening() : bound();
    using second = PosixSocket.open(kind, HOST, "block");
    const { port } = first.address;
    const error = errorOf(() =>
      kind === "stream" ? second.listen(HOST, port, 8) : second.bind(HOST, port)
    );
    assertEquals(error.code, "EADDRINUSE");
    assertEquals(error.message, "bind: address already in use (EADDRINUSE)");
  });
}

Deno.test("PosixSocket.listen() takes a port again whose connections have just ended", () => {
  const port = freePort("tcp");
  using ends = connected("block", port);
  // Who closes first has to remember the connection for a while: TIME_WAIT of RFC 9293.
  ends.far.close();
  assertEquals(received(ends.near, new Uint8Array(1)), 0);
  ends.near.close();
  using again = PosixSocket.open("stream", HOST, "block");
  again.listen(HOST, port, 8);
  assertEquals(again.address.port, port);
});

Deno.test("PosixSocket.bind() refuses an address that is not this machine's", () => {
  using socket = PosixSocket.open("datagram", HOST, "block");
  assertEquals(errorOf(() => socket.bind("192.0.2.1", 0)).code, "EADDRNOTAVAIL");
});

Deno.test("PosixSocket.connect() says that nobody listens", () => {
  using socket = PosixSocket.open("stream", HOST, "block");
  const nobody = SocketAddress.of(HOST, freePort("tcp"));
  const error = errorOf(() => untilThere(() => socket.connect(nobody) || NOT_YET));
  assertEquals([error.errno, error.message], [
    ECONNREFUSED,
    "connect: connection refused (ECONNREFUSED)",
  ]);
});

Deno.test("PosixSocket.connected() says nothing of a connection that is good", () => {
  using ends = connected();
  ends.near.connected();
  assertEquals(ends.near.connect(ends.far.address), true, "it is connected already");
});

Deno.test("PosixSocket.send() to a peer that has gone is an error, and no signal", () => {
  using ends = connected();
  ends.far.close();
  const send = () => ends.near.send(new Uint8Array(100), true);
  const error = assertThrows(() => {
    // The first one is what the peer's system answers with a reset, at once or a little later.
    for (let i = 0; i < 100_000; i++) send();
  }, PosixError);
  assert(["EPIPE", "ECONNRESET"].includes(error.code), error.code);
});

Deno.test("PosixSocket.receive() says that the peer has reset the connection", () => {
  using ends = connected();
  ends.near.send(new Uint8Array(100), true);
  // Closing a socket that has bytes unread resets the connection (RFC 2525 2.17).
  received(ends.far, new Uint8Array(1));
  ends.far.close();
  assertEquals(errorOf(() => received(ends.near, new Uint8Array(1))).code, "ECONNRESET");
});

Deno.test("PosixSocket.receive() cuts a datagram that is too long, and takes the next one whole", () => {
  using socket = bound();
  using sender = bound();
  sender.send(new Uint8Array(100).fill(1), true, socket.address);
  sender.send(new Uint8Array(5).fill(2), true, socket.address);
  const into = new Uint8Array(10);
  assertEquals(received(socket, into), 10);
  assertEquals(received(socket, into), 5);
  assertEquals([...into], [2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
});

Deno.test("PosixSocket.receive() gives an empty datagram as 0 bytes", () => {
  using socket = bound();
  using sender = bound();
  sender.send(new Uint8Array(0), true, socket.address);
  assertEquals(received(socket, new Uint8Array(10)), 0);
});

Deno.test("PosixSocket carries the longest datagram, and refuses one byte more", () => {
  using socket = bound();
  using sender = bound();
  // RFC 768: 65535 less the headers of UDP and IPv4.
  const longest = new Uint8Array(65_507).fill(3);
  assertEquals(sender.send(longest, true, socket.address), longest.length);
  const into = new Uint8Array(65_535);
  assertEquals(received(socket, into), longest.length);
  assertEquals(into.subarray(0, longest.length), longest);
  const tooLong = new Uint8Array(65_508);
  assertEquals(errorOf(() => sender.send(tooLong, true, socket.address)).code, "EMSGSIZE");
});

Deno.test("PosixSocket.sender is the same object for the same sender", () => {
  using socket = bound();
  using first = bound();
  using second = bound();
  const into = new Uint8Array(10);
  const from = (sender: PosixSocket) => {
    sender.send(Uint8Array.of(1), true, socket.address);
    received(socket, into, true);
    return socket.sender;
  };
  const known = from(first);
  assertEquals(known.text, first.address.text);
  assert(from(first) === known);
  assertEquals(from(second).text, second.address.text);
  assertEquals(known.text, first.address.text, "what was handed out stays as it is");
});

Deno.test("PosixSocket.sender can be answered", () => {
  using socket = bound();
  using client = bound();
  const into = new Uint8Array(10);
  client.send(Uint8Array.of(1), true, socket.address);
  received(socket, into, true);
  socket.send(Uint8Array.of(2, 3), true, socket.sender);
  assertEquals(received(client, into), 2);
});

Deno.test("PosixSocket speaks IPv6", () => {
  using listener = PosixSocket.open("stream", "::1", "block");
  listener.listen("::1", 0, 8);
  using near = PosixSocket.open("stream", "::1", "block");
  const { socket, peer } = meet(near, listener);
  using _far = socket;
  assertEquals(peer.text, near.address.text);
  assert(peer.text.startsWith("[::1]:"), peer.text);
});

Deno.test("PosixSocket.close() may be called twice, and nothing else after it", () => {
  const socket = bound();
  socket.close();
  socket.close();
  const error = errorOf(() => socket.receive(new Uint8Array(1), false));
  assertInstanceOf(error, PosixError);
  assertEquals(error.code, "EBADF");
});
