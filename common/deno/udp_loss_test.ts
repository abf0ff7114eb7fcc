/** What is lost on a UDP socket, and what its program has done wrong. */
import { Socket } from "node:dgram";
import { NodeDatagramConn } from "./node_udp.ts";
import { EXHAUSTED_PAUSE_MS } from "../base/system_errors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { within } from "../testing/within.ts";
import { MAX_ANSWER_BYTES, UdpSocket } from "./udp.ts";

const LOOPBACK = "127.0.0.1";
const TO: Deno.NetAddr = { transport: "udp", hostname: LOOPBACK, port: 9 };

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A socket over one of Deno's that is not there. */
function socketOver(conn: Partial<Deno.DatagramConn>): UdpSocket {
  const { listenDatagram } = Deno;
  const whole = { addr: { ...TO, port: 1443 }, close() {}, ...conn };
  Deno.listenDatagram = (() => whole) as unknown as typeof listenDatagram;
  try {
    return UdpSocket.at(LOOPBACK, 0);
  } finally {
    Deno.listenDatagram = listenDatagram;
  }
}

/** A socket that receives what is named, one after the other; then it is closed. */
function receiving(...steps: (Error | Deno.NetAddr)[]): { socket: UdpSocket; calls: () => number } {
  let calls = 0;
  const socket = socketOver({
    receive: (into) => {
      const step = steps[calls++];
      if (step === undefined) socket.close();
      if (!step || step instanceof Error) return Promise.reject(step ?? new Error("closed"));
      return Promise.resolve([new Uint8Array(into!.buffer as ArrayBuffer, 0, 1), step]);
    },
  });
  return { socket, calls: () => calls };
}

for (const code of ["ENETUNREACH", "EHOSTUNREACH", "EPERM", "ENOBUFS", "EMSGSIZE"]) {
  Deno.test(`UdpSocket.send() counts a datagram as lost where the system says ${code}`, async () => {
    const error = systemError(code);
    const socket = socketOver({ send: () => Promise.reject(error) });
    assertEquals(socket.lastLoss, undefined);
    await socket.send(new Uint8Array(100), TO);
    assertEquals(socket.lastLoss, error);
  });
}

Deno.test("UdpSocket.send() rejects what UDP cannot carry, and where it cannot go", async () => {
  const socket = UdpSocket.at(LOOPBACK, 0);
  try {
    await assertRejects(
      async () => await socket.send(new Uint8Array(65_508), socket.addr),
      Error,
      "too long",
    );
    await assertRejects(
      async () => await socket.send(new Uint8Array(1), { ...TO, hostname: "::1" }),
      Error,
    );
  } finally {
    socket.close();
  }
});

Deno.test("UdpSocket.run() goes on after an error of a datagram, and ends with its own", async () => {
  const codes = ["ECONNREFUSED", "EMSGSIZE", "EHOSTUNREACH"].map(systemError);
  const { socket } = receiving(...codes, TO, systemError("EBADF"));
  let received = 0;
  await assertRejects(() => within(socket.run(() => received++)), Error, "EBADF");
  assertEquals(received, 1);
});

Deno.test("UdpSocket.run() rests where memory has run out", async () => {
  using clock = new FakeClock();
  const { socket, calls } = receiving(systemError("ENOMEM"));
  const running = socket.run(() => {});
  await clock.advance(EXHAUSTED_PAUSE_MS - 1);
  assertEquals(calls(), 1);
  await clock.advance(1);
  await running;
  assertEquals(calls(), 2);
});

Deno.test("UdpSocket.run() passes over what nobody can answer: a datagram from port 0", async () => {
  const { socket } = receiving({ ...TO, port: 0 }, TO);
  const ports: number[] = [];
  await within(socket.run((_, from) => ports.push(from.port)));
  assertEquals(ports, [TO.port]);
});

/** Runs something with Node's socket that it makes. */
function withNodeSocket<T>(make: () => T): [T, Socket] {
  const { bind } = Socket.prototype;
  let made: Socket | undefined;
  Socket.prototype.bind = function (this: Socket, ...args: unknown[]) {
    made = this;
    return (bind as (...args: unknown[]) => Socket).apply(this, args);
  } as typeof bind;
  try {
    return [make(), made!];
  } finally {
    Socket.prototype.bind = bind;
  }
}

Deno.test("NodeDatagramConn lives on after an error of a datagram, and fails with its own", async () => {
  const [conn, socket] = withNodeSocket(() => new NodeDatagramConn(LOOPBACK, 0));
  socket.emit("error", systemError("ECONNREFUSED"));
  await conn.send(Uint8Array.of(7), conn.addr);
  const [bytes] = await within(conn.receive());
  assertEquals([...bytes], [7]);
  socket.emit("error", systemError("EBADF"));
  await assertRejects(() => within(conn.receive()), Error, "EBADF");
  conn.close();
});

Deno.test("UdpSocket.answer() lets no more answers to strangers wait than it may", async () => {
  const sent: Uint8Array[] = [];
  const sending = Promise.withResolvers<number>();
  const socket = socketOver({
    send(bytes) {
      sent.push(bytes);
      return sending.promise;
    },
  });
  const answer = new Uint8Array(1000);
  for (let i = 0; i < 100_000; i++) socket.answer(answer, TO);
  assertEquals(sent.length, Math.floor(MAX_ANSWER_BYTES / 1000));
  assert(sent[0] !== answer, "it is a copy");
  sending.resolve(1000);
  await sending.promise;
  await new Promise((resolve) => setTimeout(resolve, 0));
  socket.answer(answer, TO);
  assertEquals(sent.length, Math.floor(MAX_ANSWER_BYTES / 1000) + 1);
  socket.close();
});

Deno.test("NodeDatagramConn keeps datagrams that nobody receives under its limit of bytes", async () => {
  const [conn, socket] = withNodeSocket(() => new NodeDatagramConn(LOOPBACK, 0));
  const memory = new Uint8Array(65_536);
  for (const length of [60_000, 0]) {
    for (let i = 0; i < 20_000; i++) {
      socket.emit("message", memory.subarray(0, length), { address: LOOPBACK, port: 9 });
      assert(conn.queuedBytes <= 1024 * 1024, `${conn.queuedBytes}`);
    }
  }
  const [bytes] = await conn.receive();
  assertEquals([bytes.length, bytes.buffer.byteLength], [60_000, 65_535]);
  conn.close();
});

Deno.test("NodeDatagramConn() says that its address cannot be bound", () => {
  assertThrows(() => new NodeDatagramConn("192.0.2.1", 0), Error, "EADDRNOTAVAIL");
});
