/** What libc does with Deno's own UDP sockets. */
import { assert, assertEquals } from "../testing/assert.ts";
import { ConnectedUdp } from "./connected_udp.ts";
import { DirectUdp } from "./direct_udp.ts";
import { ECONNREFUSED } from "./errors.ts";
import { freePort } from "../testing/free_port.ts";
import { PATIENCE_MS } from "../testing/within.ts";

/** One of Deno's sockets, and what libc does with it. */
class Stage implements Disposable {
  readonly conn: Deno.DatagramConn;
  readonly addr: Deno.NetAddr;
  readonly direct: DirectUdp;

  constructor(hostname = "127.0.0.1") {
    this.conn = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.addr = this.conn.addr as Deno.NetAddr;
    this.direct = DirectUdp.of(this.addr)!;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/** A datagram is there at once over loopback, but for a machine that is busy. */
function received({ direct }: Pick<Stage, "direct">, into = new Uint8Array(100)): Uint8Array {
  const dueMs = performance.now() + PATIENCE_MS;
  while (performance.now() < dueMs) {
    const length = direct.receive(into);
    if (length >= 0) return into.subarray(0, length);
    assertEquals(direct.errno, 0);
  }
  throw new Error("nothing came");
}

Deno.test("DirectUdp sends where Deno has sent before, and nowhere else", () => {
  using sender = new Stage();
  using receiver = new Stage();
  assertEquals(sender.direct.send(Uint8Array.of(1), receiver.addr), false);
  assertEquals(sender.direct.errno, 0);
  sender.direct.allow(receiver.addr);
  assert(sender.direct.send(Uint8Array.of(2, 3), receiver.addr));
  assertEquals([...received(receiver)], [2, 3]);
  assertEquals(sender.direct.send(Uint8Array.of(4), { ...receiver.addr }), false);
});

Deno.test("DirectUdp goes where was allowed, whatever becomes of the address", () => {
  using sender = new Stage();
  using receiver = new Stage();
  const to = { ...receiver.addr };
  sender.direct.allow(to);
  to.port = 9;
  sender.direct.allow(to);
  assert(sender.direct.send(Uint8Array.of(7), to));
  assertEquals([...received(receiver)], [7]);
});

Deno.test("DirectUdp receives nothing where nothing is there", () => {
  using stage = new Stage();
  assertEquals(stage.direct.receive(new Uint8Array(10)), -1);
  assertEquals(stage.direct.errno, 0);
});

for (
  const [at, from, to] of [
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.77.3.200", "127.0.0.1"],
    ["::1", "::1", "::1"],
    ["::", "127.0.0.1", "127.0.0.1"],
    ["::", "::1", "::1"],
  ] as const
) {
  Deno.test(`DirectUdp at ${at} tells a sender at ${from} as Deno does`, async () => {
    using receiver = new Stage(at);
    using sender = new Stage(from);
    using other = new Stage(from);
    const peer = { ...receiver.addr, hostname: to };
    await sender.conn.send(Uint8Array.of(1), peer);
    const [, denoSays] = await receiver.conn.receive();
    const senders: Deno.NetAddr[] = [];
    for (const { conn } of [sender, other, sender, other]) {
      await conn.send(Uint8Array.of(2), peer);
      received(receiver);
      senders.push(receiver.direct.sender);
    }
    assertEquals(senders[0], denoSays as Deno.NetAddr);
    assert(senders[2] === senders[0]);
    assert(senders[3] === senders[1]);
    assert(senders[1]!.port !== senders[0]!.port);
  });
}

Deno.test("DirectUdp forgets senders when there are too many, and tells them anew", async () => {
  using receiver = new Stage();
  using one = new Stage();
  using other = new Stage();
  const direct = DirectUdp.of(receiver.addr, 1)!;
  const senders: Deno.NetAddr[] = [];
  for (const { conn } of [one, other, one]) {
    await conn.send(Uint8Array.of(1), receiver.addr);
    received({ direct });
    senders.push(direct.sender);
  }
  assertEquals(senders, [one.addr, other.addr, one.addr].map((addr) => ({ ...addr })));
  assert(senders[2] !== senders[0]);
});

Deno.test({
  name: "DirectUdp says what the system has against sending",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    using stage = new Stage();
    const peer: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: freePort("udp") };
    assert(ConnectedUdp.of(stage.addr, peer));
    stage.direct.allow(peer);
    assert(stage.direct.send(Uint8Array.of(1), peer));
    let errno = 0;
    // The refusal is there at once as well, but for a machine that is busy.
    for (let i = 0; i < 1e6 && errno === 0; i++) {
      if (!stage.direct.send(Uint8Array.of(2), peer)) errno = stage.direct.errno;
    }
    assertEquals(errno, ECONNREFUSED);
  },
});

Deno.test("DirectUdp is null where no such socket is", () => {
  const addr: Deno.NetAddr = { transport: "udp", hostname: "192.0.2.1", port: 9 };
  assertEquals(DirectUdp.of(addr), null);
});
