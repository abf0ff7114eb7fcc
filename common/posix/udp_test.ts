import { InterruptedError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";
import { arrival } from "../testing/arrival.ts";
import { freePort } from "../testing/free_port.ts";
import { atOnce, later } from "../testing/within.ts";
import type { SocketAddress } from "./address.ts";
import { PosixError } from "./errors.ts";
import { PollLoop } from "./poll_loop.ts";
import type { Patience } from "./socket.ts";
import { TOO_LATE } from "../base/read_result.ts";
import { PosixUdp, REFUSABLE_DATAGRAMS } from "./udp.ts";

const HOST = "127.0.0.1";
const LONG_MS = 20_000;

/** A server and a client, in one thread: neither may block the other. */
class Loopback implements Disposable {
  readonly controller = new AbortController();
  readonly loop: PollLoop;
  readonly server: PosixUdp;
  readonly client: PosixUdp;
  readonly #open = new DisposableStack();

  constructor(patience: Patience = "block", hostname = HOST) {
    this.loop = new PollLoop(patience, this.controller.signal);
    this.loop.users = 2;
    this.server = this.own(PosixUdp.at(hostname, freePort("udp", hostname), this.loop));
    this.client = this.own(PosixUdp.toward(this.server.address, this.loop));
  }

  own(socket: PosixUdp): PosixUdp {
    return this.#open.adopt(socket, () => socket.close());
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }
}

for (const patience of ["block", "spin"] as const) {
  Deno.test(`PosixUdp returns values while it can, and promises while it has to wait (${patience})`, async () => {
    using link = new Loopback(patience);
    const { client, server } = link;
    const into = new Uint8Array(10);
    atOnce(client.send(Uint8Array.of(1, 2, 3)));
    await arrival(server);
    assertEquals(atOnce(server.receive(into, LONG_MS)), 3);
    assertEquals([...into.subarray(0, 3)], [1, 2, 3]);
    const receiving = client.receive(into, LONG_MS);
    assert(receiving instanceof Promise);
    atOnce(server.send(Uint8Array.of(4), server.sender));
    assertEquals([await later(receiving), into[0]], [1, 4]);
  });

  Deno.test(`PosixUdp.receive() waits for what is not there at once, where it is alone (${patience})`, async () => {
    using link = new Loopback(patience);
    link.loop.users = 1;
    const receiving = link.server.receive(new Uint8Array(10), LONG_MS);
    link.client.send(Uint8Array.of(1));
    assertEquals(await later(receiving), 1);
  });

  Deno.test(`PosixUdp.receive() says that nothing came in its time (${patience})`, async () => {
    using link = new Loopback(patience);
    // Less and more than what a call may block.
    for (const ms of [1, 30]) {
      assertEquals(await later(link.server.receive(new Uint8Array(10), ms)), TOO_LATE);
    }
    link.client.send(Uint8Array.of(1));
    assertEquals(await link.server.receive(new Uint8Array(10), LONG_MS), 1);
  });

  Deno.test(`PosixUdp says that nobody listens, as long as nothing has come (${patience})`, async () => {
    using link = new Loopback(patience);
    link.server.close();
    link.client.send(Uint8Array.of(1));
    const receive = async () => void await link.client.receive(new Uint8Array(10), LONG_MS);
    await assertRejects(receive, PosixError, "ECONNREFUSED");
    link.client.send(Uint8Array.of(2));
    await arrival(link.client);
    assertThrows(() => link.client.send(Uint8Array.of(3)), PosixError, "ECONNREFUSED");
  });

  Deno.test(`PosixUdp counts a server that is gone as one that says nothing (${patience})`, async () => {
    using link = new Loopback(patience);
    const { client, server } = link;
    const into = new Uint8Array(10);
    client.send(Uint8Array.of(1));
    await server.receive(into, LONG_MS);
    server.send(Uint8Array.of(1), server.sender);
    assertEquals(await client.receive(into, LONG_MS), 1);
    await lose(link, server);
  });

  Deno.test(`PosixUdp takes no late refusal for an answer where none is wanted (${patience})`, async () => {
    using link = new Loopback(patience);
    for (let i = 0; i < REFUSABLE_DATAGRAMS; i++) link.client.send(Uint8Array.of(i));
    await lose(link, link.server);
  });
}

/** The server goes: what its client sends is lost, until there is another one. */
async function lose(link: Loopback, server: PosixUdp): Promise<void> {
  const { port } = server.address;
  server.close();
  // The system answers the first with an ICMP message, which the later calls are told of.
  for (let i = 0; i < 3; i++) {
    link.client.send(Uint8Array.of(i));
    assertEquals(await link.client.receive(new Uint8Array(10), 30), TOO_LATE);
  }
  const again = link.own(PosixUdp.at(HOST, port, link.loop));
  link.client.send(Uint8Array.of(9));
  const into = new Uint8Array(10);
  assertEquals([await again.receive(into, LONG_MS), into[0]], [1, 9]);
}

Deno.test("PosixUdp.sender tells who has sent a datagram, each time", async () => {
  using link = new Loopback();
  const other = link.own(PosixUdp.toward(link.server.address, link.loop));
  const into = new Uint8Array(10);
  for (const client of [link.client, other, link.client]) {
    client.send(Uint8Array.of(1));
    await link.server.receive(into, LONG_MS);
    assertEquals(link.server.sender.port, client.address.port);
  }
});

Deno.test("PosixUdp.toward() takes nothing that others send", async () => {
  using link = new Loopback();
  const stranger = link.own(PosixUdp.at(HOST, 0, link.loop));
  const { port } = link.client.address;
  stranger.send(Uint8Array.of(6, 6, 6), await addressOf(port, link));
  link.client.send(Uint8Array.of(1));
  const into = new Uint8Array(10);
  await link.server.receive(into, LONG_MS);
  link.server.send(Uint8Array.of(1, 2), link.server.sender);
  assertEquals(await link.client.receive(into, LONG_MS), 2);
});

/** The client's address as its server sees it: its own is that of all interfaces. */
async function addressOf(port: number, { client, server }: Loopback): Promise<SocketAddress> {
  client.send(Uint8Array.of(0));
  await server.receive(new Uint8Array(1), LONG_MS);
  assertEquals(server.sender.port, port);
  return server.sender;
}

Deno.test("PosixUdp gives an empty datagram as 0 bytes, and the longest as they are", async () => {
  using link = new Loopback();
  const into = new Uint8Array(65_535);
  link.client.send(new Uint8Array(0));
  assertEquals(await link.server.receive(into, LONG_MS), 0);
  // RFC 768: 65535 less the headers of UDP and IPv4.
  const longest = Uint8Array.from({ length: 65_507 }, (_, i) => i % 251);
  link.client.send(longest);
  assertEquals(await link.server.receive(into, LONG_MS), longest.length);
  assertEquals(into.subarray(0, longest.length), longest);
});

Deno.test("PosixUdp speaks IPv6", async () => {
  using link = new Loopback("block", "::1");
  link.client.send(Uint8Array.of(1));
  assertEquals(await link.server.receive(new Uint8Array(1), LONG_MS), 1);
  assert(link.server.sender.text.startsWith("[::1]:"), link.server.sender.text);
});

Deno.test("PosixUdp.at() says that the port is taken", () => {
  using link = new Loopback();
  const { port } = link.server.address;
  const error = assertThrows(() => PosixUdp.at(HOST, port, link.loop), Deno.errors.AddrInUse);
  assertEquals(
    error.message,
    `cannot listen on 127.0.0.1:${port}: the address is in use; choose another port, or 0 for a free one`,
  );
});

Deno.test("PosixUdp.close() rejects every receive() that waits", async () => {
  using link = new Loopback();
  const waiting = [1, 2].map(() => link.server.receive(new Uint8Array(1), LONG_MS));
  link.server.close();
  link.server.close();
  for (const receiving of waiting) {
    await assertRejects(() => later(receiving), Deno.errors.BadResource, "the socket is closed");
  }
});

Deno.test("PosixUdp rejects what waits, with the signal's reason", async () => {
  using link = new Loopback();
  const receiving = link.server.receive(new Uint8Array(1), LONG_MS);
  link.controller.abort(new InterruptedError("interrupted"));
  await assertRejects(() => later(receiving), InterruptedError);
});
