/** Datagrams that go past Deno's operations, and what keeps them within bounds. */
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { round } from "../base/event_loop.ts";
import { DirectUdp } from "../posix/direct_udp.ts";
import { within } from "../testing/within.ts";
import { type DirectCalls, UdpSocket } from "./udp.ts";

const HOST = "127.0.0.1";
/** As many as fit a socket's buffer, with what the system keeps of each. */
const MANY = 200;

/** A socket whose operations of Deno's are counted. */
class Stage implements Disposable {
  readonly conn = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  readonly addr = this.conn.addr as Deno.NetAddr;
  readonly socket: UdpSocket;
  /** First bytes of what Deno has sent. */
  readonly sent: number[] = [];
  /** What Deno has against sending. */
  refusal: Error | null = null;

  constructor(direct?: DirectCalls | null) {
    const { conn, addr } = this;
    const counted = {
      addr,
      receive: (into?: Uint8Array<ArrayBuffer>) => conn.receive(into),
      send: async (bytes: Uint8Array<ArrayBuffer>, to: Deno.Addr) => {
        this.sent.push(bytes[0]!);
        if (this.refusal) throw this.refusal;
        return await conn.send(bytes, to);
      },
      close: () => conn.close(),
    };
    const calls = direct === undefined ? DirectUdp.of(addr) : direct;
    this.socket = new UdpSocket(counted as Deno.DatagramConn, {}, calls);
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** Libc's calls where the system never takes nor has anything at once. */
function busy(errno = 0): DirectCalls {
  return {
    errno,
    allow() {},
    send: () => false,
    receive: () => -1,
    sender: { transport: "udp", hostname: HOST, port: 9 },
  };
}

for (const [name, direct] of [["with", undefined], ["without", null]] as const) {
  Deno.test(`UdpSocket carries many datagrams at once, ${name} libc`, async () => {
    using sender = new Stage(direct);
    using receiver = new Stage(direct);
    const values = Array.from({ length: 100 }, (_, i) => i);
    const arrived: number[] = [];
    await sender.socket.send(Uint8Array.of(0), receiver.addr);
    const later = values.slice(1);
    await Promise.all(later.map((i) => sender.socket.send(Uint8Array.of(i), receiver.addr)));
    await within(receiver.socket.run(([value], from) => {
      assertEquals(from.port, sender.addr.port);
      if (arrived.push(value!) === values.length) receiver.socket.close();
    }));
    // Deno begins with the last one that waits.
    assertEquals(direct === null ? arrived.sort((a, b) => a - b) : arrived, values);
  });
}

Deno.test("UdpSocket has Deno send the first datagram to a peer, which may be refused", async () => {
  using sender = new Stage();
  using receiver = new Stage();
  sender.refusal = new Deno.errors.NotCapable("no access there");
  for (let i = 0; i < 2; i++) {
    await assertRejects(
      async () => await sender.socket.send(Uint8Array.of(i), receiver.addr),
      Deno.errors.NotCapable,
    );
  }
  sender.refusal = null;
  for (let i = 2; i < 9; i++) await sender.socket.send(Uint8Array.of(i), receiver.addr);
  assertEquals(sender.sent, [0, 1, 2]);
});

Deno.test("UdpSocket has Deno send what the system does not take at once", async () => {
  using sender = new Stage(busy());
  await sender.socket.send(Uint8Array.of(1), sender.addr);
  await sender.socket.send(Uint8Array.of(2), sender.addr);
  assertEquals(sender.sent, [1, 2]);
  assertEquals(sender.socket.lastLoss, undefined);
});

Deno.test("UdpSocket notes what the system has said, and has Deno send the datagram once", async () => {
  const ECONNREFUSED = 111;
  using sender = new Stage(busy(ECONNREFUSED));
  await sender.socket.send(Uint8Array.of(1), sender.addr);
  assertEquals(sender.sent, [1]);
  assert(sender.socket.lastLoss instanceof Error);
});

Deno.test("UdpSocket uses no descriptor after its end: it may be another's", async () => {
  using receiver = new Stage();
  const sender = new Stage();
  await sender.socket.send(Uint8Array.of(1), receiver.addr);
  sender.socket.close();
  const taker = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  await assertRejects(
    async () => await sender.socket.send(Uint8Array.of(2), receiver.addr),
    Deno.errors.BadResource,
  );
  taker.close();
});

Deno.test("UdpSocket.send() lets others have their turn, however often it is called", async () => {
  using sender = new Stage();
  let isOver = false;
  setTimeout(() => isOver = true, 1);
  let sent = 0;
  for (; !isOver && sent < 1e6; sent++) {
    await sender.socket.send(Uint8Array.of(1), sender.addr);
  }
  assert(isOver, `${sent} datagrams without a turn`);
});

Deno.test("UdpSocket.send() resolves before an answer can be handed over", async () => {
  using server = new Stage();
  using client = new Stage();
  const serving = server.socket.run((bytes, from) => server.socket.send(bytes, from));
  let isAwaited = false;
  let surprises = 0;
  let answer: () => void;
  const running = client.socket.run(() => {
    if (!isAwaited) surprises++;
    isAwaited = false;
    answer();
  });
  for (let i = 0; i < MANY; i++) {
    const answered = new Promise<void>((resolve) => answer = resolve);
    await client.socket.send(Uint8Array.of(1), server.addr);
    isAwaited = true;
    await within(answered);
  }
  assertEquals(surprises, 0);
  client.socket.close();
  server.socket.close();
  await Promise.all([serving, running]);
});

Deno.test("UdpSocket.send() keeps the order of what waits for a turn", async () => {
  using sender = new Stage();
  using receiver = new Stage();
  const values = Array.from({ length: MANY }, (_, i) => i);
  const arrived: number[] = [];
  await sender.socket.send(Uint8Array.of(0), receiver.addr);
  const later = values.slice(1);
  await Promise.all(later.map((i) => sender.socket.send(Uint8Array.of(i), receiver.addr)));
  await within(receiver.socket.run(([value]) => {
    if (arrived.push(value!) === MANY) receiver.socket.close();
  }));
  assertEquals(arrived, values);
});

Deno.test("UdpSocket.run() lets others have their turn, however much is there", async () => {
  using receiver = new Stage();
  using sender = new Stage();
  // What Deno itself hands over without a turn is bounded as well.
  for (let i = 0; i < MANY; i++) await sender.socket.send(new Uint8Array(10), receiver.addr);
  let arrived = 0;
  const running = receiver.socket.run(() => {
    if (++arrived === MANY) receiver.socket.close();
  });
  await round();
  await round();
  const before = arrived;
  await within(running);
  assert(before < MANY, `${before} of ${MANY} at once`);
  assertEquals(arrived, MANY);
});

Deno.test("UdpSocket.run() ends when it is closed among datagrams that are there", async () => {
  using receiver = new Stage();
  using sender = new Stage();
  for (let i = 0; i < 10; i++) await sender.socket.send(Uint8Array.of(i), receiver.addr);
  let arrived = 0;
  await within(receiver.socket.run(() => {
    if (++arrived === 4) receiver.socket.close();
  }));
  assertEquals(arrived, 4);
});
