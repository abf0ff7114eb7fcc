/** What a UDP client receives, and what it does not. */
import { Deadlines } from "../base/deadline.ts";
import { round } from "../base/event_loop.ts";
import { TOO_LATE } from "../base/read_result.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { PATIENCE_MS } from "../testing/within.ts";
import { UdpConnection } from "./udp_connection.ts";

const LOOPBACK = "127.0.0.1";
const MESSAGE = new Uint8Array(100);

/** A client, and the socket of its server; `deliver` returns when the client has got a datagram. */
class Ends implements Disposable {
  readonly peer = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  readonly deadlines = new Deadlines();
  readonly client = new UdpConnection([LOOPBACK], this.port, this.deadlines);
  readonly into = new Uint8Array(100);

  get port(): number {
    return (this.peer.addr as Deno.NetAddr).port;
  }

  async deliver(bytes: Uint8Array<ArrayBuffer>, to: Deno.Addr): Promise<void> {
    // The event loop hears of both sockets at once, where both are waited for.
    const receiving = this.peer.receive();
    await round();
    await this.peer.send(bytes, to);
    await this.peer.send(MESSAGE, this.peer.addr);
    await receiving;
    for (let i = 0; i < 20; i++) await round();
  }

  async receive(timeoutMs = PATIENCE_MS): Promise<number[] | "too late"> {
    const received = await this.client.receive(this.into, timeoutMs);
    return received === TOO_LATE ? "too late" : [...this.into.subarray(0, received)];
  }

  [Symbol.dispose](): void {
    this.client.close();
    this.deadlines.close();
    this.peer.close();
  }
}

Deno.test("UdpConnection.receive() has an answer that was there before it was asked for", async () => {
  using ends = new Ends();
  for (let no = 0; no < 2; no++) {
    const sending = ends.client.send(MESSAGE);
    const [, from] = await ends.peer.receive();
    await ends.deliver(Uint8Array.of(no), from);
    await sending;
    assertEquals(await ends.receive(), [no]);
  }
});

Deno.test("UdpConnection.receive() has datagrams that came before in their order", async () => {
  using ends = new Ends();
  await ends.client.send(MESSAGE);
  const [, from] = await ends.peer.receive();
  for (let i = 0; i < 3; i++) await ends.deliver(Uint8Array.of(i), from);
  assertEquals([await ends.receive(), await ends.receive()], [[0], [1]]);
});

Deno.test("UdpConnection drops what comes before the next message is sent", async () => {
  using ends = new Ends();
  await ends.client.send(MESSAGE);
  const [, from] = await ends.peer.receive();
  await ends.deliver(Uint8Array.of(0), from);
  assertEquals(await ends.receive(), [0]);
  await ends.deliver(Uint8Array.of(9), from);
  const sending = ends.client.send(MESSAGE);
  await ends.deliver(Uint8Array.of(1), from);
  await sending;
  assertEquals(await ends.receive(), [1]);
});

Deno.test("UdpConnection keeps a bounded part of what nobody asks for", async () => {
  using ends = new Ends();
  await ends.client.send(MESSAGE);
  const [, from] = await ends.peer.receive();
  const long = new Uint8Array(60_000);
  for (let i = 0; i < 4; i++) {
    long[0] = i;
    await ends.deliver(long, from);
  }
  for (const no of [0, 1]) assertEquals((await ends.receive())[0], no);
  const late = await ends.receive(1);
  assert(late === "too late", `${late.length} bytes`);
});
