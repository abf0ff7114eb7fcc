import { assert, assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";
import { freePort } from "../testing/free_port.ts";
import { UdpSocket } from "./udp.ts";

const LOOPBACK = "127.0.0.1";

/** Whether this machine speaks IPv6; not every container does. */
function hasIpv6(): boolean {
  try {
    UdpSocket.at("::1", 0).close();
    return true;
  } catch {
    return false;
  }
}

function bytesOf(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

Deno.test("UdpSocket takes a free port and says where it is bound", () => {
  const socket = UdpSocket.at(LOOPBACK, 0);
  socket.close();
  assertEquals([socket.addr.hostname, socket.addr.transport], [LOOPBACK, "udp"]);
  assert(socket.addr.port > 0);
});

Deno.test("UdpSocket.run() hands over datagrams in order, with their sender", async () => {
  const receiver = UdpSocket.at(LOOPBACK, 0);
  const sender = UdpSocket.at(LOOPBACK, 0);
  const arrived: number[][] = [];
  const running = receiver.run((bytes, from) => {
    arrived.push([...bytes, from.port]);
    if (arrived.length === 3) receiver.close();
  });
  for (const value of [1, 2, 3]) await sender.send(bytesOf(value), receiver.addr);
  await running;
  sender.close();
  assertEquals(arrived, [1, 2, 3].map((value) => [value, sender.addr.port]));
});

Deno.test("UdpSocket.run() waits for a handler's promise before it hands over the next", async () => {
  const receiver = UdpSocket.at(LOOPBACK, 0);
  const sender = UdpSocket.at(LOOPBACK, 0);
  const events: string[] = [];
  const bothSent = Promise.withResolvers<void>();
  const running = receiver.run(async ([value]) => {
    events.push(`begin ${value}`);
    await bothSent.promise;
    // The answer is a turn of the event loop in which the second datagram could be taken.
    await sender.send(bytesOf(0), sender.addr);
    events.push(`end ${value}`);
    if (value === 2) receiver.close();
  });
  await sender.send(bytesOf(1), receiver.addr);
  await sender.send(bytesOf(2), receiver.addr);
  bothSent.resolve();
  await running;
  sender.close();
  assertEquals(events, ["begin 1", "end 1", "begin 2", "end 2"]);
});

for (const length of [0, 1, 1472, 1473, 65_507]) {
  Deno.test(`UdpSocket carries a datagram of ${length} bytes whole`, async () => {
    const receiver = UdpSocket.at(LOOPBACK, 0);
    const sender = UdpSocket.at(LOOPBACK, 0);
    let received: Uint8Array | undefined;
    const running = receiver.run((bytes) => {
      received = bytes.slice();
      receiver.close();
    });
    const sent = new Uint8Array(length).map((_, i) => i);
    await sender.send(sent, receiver.addr);
    await running;
    sender.close();
    assertEquals(received, sent);
  });
}

Deno.test("UdpSocket.send() refuses a datagram that is too long", async () => {
  const socket = UdpSocket.at(LOOPBACK, 0);
  await assertRejects(async () => await socket.send(new Uint8Array(65_508), socket.addr), Error);
  socket.close();
});

Deno.test("UdpSocket.run() ends when the socket is closed, which may be done twice", async () => {
  const socket = UdpSocket.at(LOOPBACK, 0);
  const running = socket.run(() => {});
  socket.close();
  socket.close();
  await running;
  await socket.run(() => {});
});

Deno.test("UdpSocket.run() hands on a handler's error", async () => {
  const socket = UdpSocket.at(LOOPBACK, 0);
  const running = socket.run(() => {
    throw new RangeError("the handler's own");
  });
  await socket.send(bytesOf(1), socket.addr);
  await assertRejects(() => running, RangeError, "the handler's own");
  socket.close();
});

Deno.test("UdpSocket goes on after a datagram to a port where nobody listens", async () => {
  const nobody = { transport: "udp", hostname: LOOPBACK, port: freePort("udp") } as const;
  const socket = UdpSocket.at(LOOPBACK, 0);
  let arrived = 0;
  const running = socket.run(() => {
    arrived++;
    socket.close();
  });
  await socket.send(bytesOf(1), nobody);
  await socket.send(bytesOf(2), socket.addr);
  await running;
  assertEquals(arrived, 1);
});

Deno.test("UdpSocket says in one line that its port is taken", () => {
  const first = UdpSocket.at(LOOPBACK, 0);
  const { port } = first.addr;
  try {
    const error = assertThrows(() => UdpSocket.at(LOOPBACK, port), Deno.errors.AddrInUse);
    const where = `cannot listen on 127.0.0.1:${port}: the address is in use`;
    assertEquals(error.message, `${where}; choose another port, or 0 for a free one`);
  } finally {
    first.close();
  }
});

Deno.test({
  name: "UdpSocket hands on that a permission is missing",
  permissions: { net: false },
  fn: () => {
    assertThrows(() => UdpSocket.at(LOOPBACK, 0), Deno.errors.NotCapable, "--allow-net");
  },
});

Deno.test("UdpSocket.toward() takes a free port of the peer's address family", () => {
  const socket = UdpSocket.toward("192.0.2.7");
  socket.close();
  assertEquals(socket.addr.hostname, "0.0.0.0");
});

Deno.test({
  name: "UdpSocket.toward() takes a socket of IPv6 for a peer of IPv6",
  ignore: !hasIpv6(),
  fn: () => {
    const socket = UdpSocket.toward("::1");
    socket.close();
    assertEquals(socket.addr.hostname, "::");
  },
});

Deno.test("UdpSocket.toward() is a socket that the peer can answer", async () => {
  const server = UdpSocket.at(LOOPBACK, 0);
  const client = UdpSocket.toward(LOOPBACK);
  const serving = server.run((bytes, from) => server.send(bytes.slice(), from));
  const answered = client.run((bytes) => {
    assertEquals([...bytes], [7]);
    client.close();
  });
  await client.send(bytesOf(7), server.addr);
  await answered;
  server.close();
  await serving;
});

Deno.test("UdpSocket.run() does not take a handler's error for its own", async () => {
  const socket = UdpSocket.at(LOOPBACK, 0);
  let count = 0;
  const running = socket.run(() => {
    if (++count === 2) return socket.close();
    throw new Deno.errors.ConnectionRefused("the handler's own");
  });
  await socket.send(bytesOf(1), socket.addr);
  await socket.send(bytesOf(2), socket.addr);
  await assertRejects(() => running, Deno.errors.ConnectionRefused, "the handler's own");
  socket.close();
});
