/** DTLS on a datagram socket that the program has, beside other protocols. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { acceptFrom, connect, listen } from "../../common/testing/dtls.ts";
import { saidIn } from "../../common/testing/stderr.ts";
import { within } from "../../common/testing/within.ts";
import { connectDtls } from "./connect.ts";
import { listenDtls } from "./listen.ts";
import { PROGRAM_SOCKET, type ProgramSocket } from "./program_socket.ts";
import { reachableFrom } from "./shared_socket.ts";

const { server, ca } = await testCertificates();

/** A STUN binding request: RFC 8489 5. */
const STUN = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12).fill(7));

function udp(): Deno.DatagramConn & Disposable & { addr: Deno.NetAddr } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  return Object.assign(socket as typeof socket & { addr: Deno.NetAddr }, {
    [Symbol.dispose]: () => socket.close(),
  });
}

/** One socket, whose datagrams are handed to any number of takers by who has sent them. */
class Hub {
  readonly socket = udp();
  readonly #takers = new Map<number, (datagram: Uint8Array, from: Deno.NetAddr) => void>();
  readonly running: Promise<void>;

  constructor() {
    this.running = (async () => {
      for await (const [datagram, from] of this.socket) {
        this.#takers.get((from as Deno.NetAddr).port)?.(datagram, from as Deno.NetAddr);
      }
    })();
  }

  /** The part of the socket that hears one port. */
  part(port: number): ProgramSocket {
    return {
      addr: this.socket.addr,
      send: (datagram, to) => this.socket.send(datagram, to),
      subscribe: (take) => {
        this.#takers.set(port, take);
        return () => this.#takers.delete(port);
      },
    };
  }

  get takers(): number {
    return this.#takers.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.running;
  }
}

async function echoed(one: Awaited<ReturnType<typeof connect>>, other: typeof one): Promise<void> {
  const text = crypto.randomUUID();
  await one.send(new TextEncoder().encode(text));
  const message = await within(other.receive());
  await other.send(message!);
  assertEquals(new TextDecoder().decode(await within(one.receive()) ?? undefined), text);
}

Deno.test("listenDtls() shares its socket with STUN: both get through", async () => {
  using socket = udp();
  const heard: [Uint8Array, Deno.NetAddr][] = [];
  const { promise: both, resolve } = Promise.withResolvers<void>();
  await using listener = listenDtls({
    ...server,
    socket,
    async onOtherDatagram(datagram, from) {
      heard.push([datagram, from]);
      await socket.send(Uint8Array.of(1, 1), from);
      if (heard.length === 2) resolve();
    },
  });
  assertEquals(listener.addr, { ...socket.addr, transport: "udp" });
  using peer = udp();
  await peer.send(STUN, socket.addr);
  await using client = await connect(listener);
  const serving = await acceptFrom(listener, client);
  await echoed(client, serving);
  assertEquals(serving.localAddr, listener.addr);
  await peer.send(STUN, socket.addr);
  assertEquals([...(await within(peer.receive()))[0]], [1, 1]);
  await within(both);
  assertEquals(heard, [[STUN, peer.addr], [STUN, peer.addr]]);
  assertEquals(listener.receiveBuffer, { askedBytes: null, bytes: null, dropped: null });
});

Deno.test("connectDtls() shares its socket with STUN, and with what others send", async () => {
  await using listener = await listen();
  using socket = udp();
  using stranger = udp();
  const { promise, resolve } = Promise.withResolvers<void>();
  const heard: number[] = [];
  const onOtherDatagram = (datagram: Uint8Array) => {
    heard.push(datagram[0]!);
    if (heard.length === 2) resolve();
  };
  await using client = await connect(listener, { socket, onOtherDatagram });
  assertEquals([client.localAddr, client.remoteAddr], [socket.addr, listener.addr]);
  const serving = await acceptFrom(listener, client);
  await stranger.send(STUN, socket.addr);
  // It looks like DTLS, and is not the server's.
  await stranger.send(Uint8Array.of(22, 254, 253), socket.addr);
  await within(promise);
  assertEquals(heard, [STUN[0], 22]);
  await echoed(client, serving);
});

Deno.test("several connections share one socket, each with its own part of it", async () => {
  await using one = await listen();
  await using other = await listen();
  await using hub = new Hub();
  {
    await using first = await connect(one, { socket: hub.part(one.addr.port) });
    await using second = await connect(other, { socket: hub.part(other.addr.port) });
    const servers = [await acceptFrom(one, first), await acceptFrom(other, second)];
    await echoed(first, servers[0]!);
    await echoed(second, servers[1]!);
    assertEquals([first.localAddr, second.localAddr, hub.takers], [
      hub.socket.addr,
      hub.socket.addr,
      2,
    ]);
  }
  assertEquals(hub.takers, 0);
});

Deno.test("a socket of the program's outlives listeners and connections on it", async () => {
  using socket = udp();
  const listener = listenDtls({ ...server, socket });
  await within(listener.close());
  assertEquals(await listener.accept(), null);
  using peer = udp();
  // One goes to the wait for a datagram that the listener has left behind.
  for (const no of [1, 2, 3]) await peer.send(Uint8Array.of(no), socket.addr);
  const heard = [await within(socket.receive()), await within(socket.receive())];
  const [first, second] = heard.map(([datagram]) => datagram[0]!);
  assert(first! < second!, `${first}, ${second}`);
});

Deno.test("a listener fails where the program's socket ends, or gives no datagram", async () => {
  const socket = udp();
  await using ended = listenDtls({ ...server, socket });
  socket.close();
  const gone = await assertRejects(() => within(ended.accept()), Deno.errors.BadResource);
  assertEquals(gone.message, "the program's socket has ended");
  const wrong: [unknown, string][] = [
    ["text", "gave undefined as a datagram"],
    [["text", socket.addr], "gave a text as a datagram"],
    [[new Uint8Array(1), null], "gave null as the sender of a datagram"],
    [[new Uint8Array(1), { hostname: "127.0.0.1", port: 70_000 }], "gave an object as the sender"],
  ];
  for (const [value, line] of wrong) {
    const { addr } = socket;
    const iterator = { next: () => Promise.resolve({ done: false, value }) };
    const own = { addr, send() {}, [Symbol.asyncIterator]: () => iterator } as ProgramSocket;
    await using listener = listenDtls({ ...server, socket: own });
    await assertRejects(() => within(listener.accept()), TypeError, line);
  }
});

Deno.test("what a program's send() throws ends the connection", async () => {
  const reason = new Error("the relay has gone");
  const fail = () => {
    throw reason;
  };
  const addr = { transport: "udp", hostname: "127.0.0.1", port: 1 } as const;
  for (const send of [fail, () => Promise.reject(reason)]) {
    const socket: ProgramSocket = { addr, send, subscribe: () => () => {} };
    const conn = await connectDtls({ port: 9, caCerts: [ca], socket });
    assertEquals(await within(conn.handshake()).catch((error) => error), reason);
    conn.abandon();
  }
});

Deno.test("what a program's send() fails with may be nothing", async () => {
  const addr = { transport: "udp", hostname: "127.0.0.1", port: 1 } as const;
  const socket: ProgramSocket = { addr, send: () => Promise.reject(), subscribe: () => () => {} };
  const conn = await connectDtls({ port: 9, caCerts: [ca], socket });
  await assertRejects(() => within(conn.handshake()), Error, "does not say why");
  await assertRejects(() => within(conn.receive()), Error, "does not say why");
  conn.abandon();
});

for (const how of ["close()", "its signal"] as const) {
  Deno.test(`a connection ends with ${how} although its socket never says that it has sent`, async () => {
    await using listener = await listen();
    using own = udp();
    let isStuck = false;
    const socket: ProgramSocket = {
      addr: own.addr,
      send: (datagram, to) => isStuck ? Promise.withResolvers().promise : own.send(datagram, to),
      [Symbol.asyncIterator]: () => own[Symbol.asyncIterator](),
    };
    const stop = new AbortController();
    const client = await connect(listener, { socket, signal: stop.signal });
    await within(client.handshake());
    isStuck = true;
    const sending = client.send(STUN).catch((error) => error);
    const reason = new Error("enough");
    if (how === "close()") await within(client.close());
    else stop.abort(reason);
    const error = await within(sending);
    if (how === "close()") assert(error instanceof Deno.errors.BadResource);
    else assertEquals(error, reason);
    client.abandon();
  });
}

Deno.test("what onOtherDatagram throws is told, and ends nothing", async () => {
  await using listener = await listen();
  using socket = udp();
  using stranger = udp();
  const { promise, resolve } = Promise.withResolvers<void>();
  const lines = await saidIn(async () => {
    await using client = await connect(listener, {
      socket,
      onOtherDatagram() {
        resolve();
        throw new Error("no STUN here");
      },
    });
    const serving = await acceptFrom(listener, client);
    await stranger.send(STUN, socket.addr);
    await within(promise);
    await echoed(client, serving);
  });
  assertMatch(lines.join("\n"), /onOtherDatagram.*no STUN here/);
});

Deno.test("what ends a subscription may fail, and ends nothing else", async () => {
  const addr = { transport: "udp", hostname: "127.0.0.1", port: 1 } as const;
  const reason = new Error("it has ended already");
  const stops = [() => Promise.reject(reason) as never, () => {
    throw reason;
  }];
  const lines = await saidIn(async () => {
    for (const stop of stops) {
      const socket: ProgramSocket = { addr, send() {}, subscribe: () => stop };
      await listenDtls({ ...server, socket }).close();
      const conn = await connectDtls({ port: 9, caCerts: [ca], socket, handshakeTimeoutMs: 1 });
      await assertRejects(() => within(conn.handshake()), Error, "did not answer");
      await conn.close();
    }
  });
  const line = "netpairs: the function that subscribe() has returned failed: it has ended already";
  assertEquals(lines, Array(4).fill(line));
});

Deno.test("a subscription that hands over what is no datagram is told so", async () => {
  let take: (datagram: Uint8Array, from: Deno.NetAddr) => void = () => {};
  const addr = { transport: "udp", hostname: "127.0.0.1", port: 1 } as const;
  const socket: ProgramSocket = {
    addr,
    send() {},
    subscribe(given) {
      take = given;
      return () => {};
    },
  };
  await using listener = listenDtls({ ...server, socket });
  assertThrows(() => take("hello" as never, addr), TypeError, "gave a text as a datagram");
  assertThrows(() => take(new Uint8Array(1), {} as never), TypeError, "as the sender");
  // Nobody can ask for more memory than is kept.
  for (let i = 0; i < 100; i++) take(new Uint8Array(60_000), addr);
  take(new Uint8Array(70_000), addr);
  assertEquals(listener.counters.errors, 0);
});

for (
  const [addresses, local, expected] of [
    [["192.0.2.1", "2001:db8::1"], "0.0.0.0", "192.0.2.1"],
    [["192.0.2.1", "2001:db8::1"], "::", "2001:db8::1"],
    [["192.0.2.1"], "::", "::ffff:192.0.2.1"],
  ] as const
) {
  Deno.test(`reachableFrom() finds ${expected} from ${local}`, () => {
    assertEquals(
      reachableFrom(addresses, { transport: "udp", hostname: local, port: 1 }),
      expected,
    );
  });
}

Deno.test("connectDtls() says that the server cannot be reached from the socket's family", async () => {
  using socket = udp();
  const options = { hostname: "2001:db8::1", port: 9, caCerts: [ca], socket };
  await assertRejects(() => connectDtls(options), Deno.errors.AddrNotAvailable, "2001:db8::1");
});

Deno.test("settings of an own socket are refused beside the program's", async () => {
  using socket = udp();
  const own = { hostname: "127.0.0.1", port: 0, receiveBufferBytes: 65_536 };
  for (const [name, value] of Object.entries(own)) {
    const options = { ...server, socket, [name]: value };
    assertThrows(
      () => listenDtls(options),
      TypeError,
      `Cannot listen: ${name} goes without socket`,
    );
  }
  const { receiveBufferBytes } = own;
  const client = { port: 9, caCerts: [ca], socket, receiveBufferBytes };
  await assertRejects(() => connectDtls(client), TypeError, "receiveBufferBytes goes without");
  assertThrows(
    () => listenDtls({ ...server }),
    TypeError,
    "Cannot listen: port is missing; it must",
  );
  for (const wrong of PROGRAM_SOCKET.wrongKinds) {
    const options = { ...server, socket: wrong as ProgramSocket };
    assertThrows(() => listenDtls(options), TypeError, "Cannot listen: socket");
  }
  const other = { ...server, port: 0, onOtherDatagram() {} };
  assertThrows(() => listenDtls(other), TypeError, "onOtherDatagram goes with socket");
});
