/** What a socket's receive buffer is asked to be, and what the system says of it. */
import { assert, assertEquals } from "../testing/assert.ts";
import { within } from "../testing/within.ts";
import { UdpSocket } from "../deno/udp.ts";
import { loadLibc } from "./libc.ts";
import { PollLoop } from "./poll_loop.ts";
import { LISTENER_BUFFER_BYTES, ReceiveBuffer, type ReceiveBufferState } from "./receive_buffer.ts";
import { PosixUdp } from "./udp.ts";

const HOST = "127.0.0.1";
const SMALL_BYTES = 8192;

/** A server's socket of either kind. */
interface Listening extends Disposable {
  readonly port: number;
  readonly state: ReceiveBufferState | null;
}

const KINDS: Record<string, (askedBytes?: number) => Listening> = {
  UdpSocket(askedBytes) {
    const socket = UdpSocket.at(HOST, 0, { receiveBufferBytes: askedBytes });
    return {
      port: socket.addr.port,
      get state() {
        return socket.receiveBuffer;
      },
      [Symbol.dispose]: () => socket.close(),
    };
  },
  PosixUdp(askedBytes) {
    const loop = new PollLoop("block", new AbortController().signal);
    const socket = PosixUdp.at(HOST, 0, loop, askedBytes);
    return {
      port: socket.address.port,
      get state() {
        return socket.receiveBuffer;
      },
      [Symbol.dispose]: () => socket.close(),
    };
  },
};

/** Sends more than a small buffer holds, and nobody receives it. */
async function overflow(port: number): Promise<void> {
  const sender = UdpSocket.at(HOST, 0);
  const to = { transport: "udp", hostname: HOST, port } as const;
  for (let i = 0; i < 100; i++) await sender.send(new Uint8Array(1000), to);
  // On a busy system the last are still under way: what is sent after them comes after them.
  const arrived = sender.run(() => sender.close());
  await sender.send(new Uint8Array(1), sender.addr);
  await within(arrived);
}

for (const [kind, open] of Object.entries(KINDS)) {
  Deno.test(`${kind} says what it asked for and what it got`, () => {
    using socket = open(LISTENER_BUFFER_BYTES);
    const { askedBytes, bytes, dropped } = socket.state!;
    assertEquals(askedBytes, LISTENER_BUFFER_BYTES);
    // A system's limit may be lower.
    using small = open(SMALL_BYTES);
    assert(bytes! <= LISTENER_BUFFER_BYTES && bytes! > small.state!.bytes!, `${bytes}`);
    assertEquals(small.state!.bytes, SMALL_BYTES);
    assertEquals(dropped, Deno.build.os === "linux" ? 0 : null);
  });

  Deno.test({
    name: `${kind} tells how many datagrams were lost, after its end, too`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const socket = open(SMALL_BYTES);
      await overflow(socket.port);
      const { dropped } = socket.state!;
      assert(dropped! > 50 && dropped! < 100, `${dropped}`);
      socket[Symbol.dispose]();
      // Its descriptor may be another socket's now.
      using _other = open();
      assertEquals(socket.state!.dropped, dropped);
    },
  });
}

Deno.test("UdpSocket leaves the system's own size where none is wanted", () => {
  const socket = UdpSocket.at(HOST, 0);
  assertEquals(socket.receiveBuffer, null);
  socket.close();
});

Deno.test("ReceiveBuffer knows nothing without libc", () => {
  const buffer = new ReceiveBuffer(null, -1, 4096);
  assertEquals(buffer.state, { askedBytes: 4096, bytes: null, dropped: null });
});

Deno.test("ReceiveBuffer knows nothing of a socket that is none", () => {
  const buffer = new ReceiveBuffer(loadLibc(), 1_000_000, 4096);
  assertEquals(buffer.state, { askedBytes: 4096, bytes: null, dropped: null });
});
