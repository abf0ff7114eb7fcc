import { ENDED } from "../base/read_result.ts";
import { TlsContext } from "../openssl/context.ts";
import { TlsSession } from "../openssl/session.ts";
import { PosixSessionSocket } from "./posix_socket.ts";
import { PollLoop } from "../posix/poll_loop.ts";
import { PosixTcp, PosixTcpListener } from "../posix/tcp.ts";
import { PosixUdp } from "../posix/udp.ts";
import { assertEquals, assertRejects } from "../testing/assert.ts";
import { Driven, LONG_MS } from "../testing/driven.ts";
import { contextOptions } from "../testing/memory_net.ts";
import { within } from "../testing/within.ts";

/** Two ends of a session on two sockets, in one thread: neither may block the other. */
class Link implements Disposable {
  readonly loop: PollLoop;
  readonly contexts: Record<"client" | "server", TlsContext>;
  readonly #open = new DisposableStack();

  private constructor(loop: PollLoop, client: TlsContext, server: TlsContext) {
    this.loop = loop;
    this.contexts = { client, server };
    this.#open.use(client);
    this.#open.use(server);
  }

  static async make(patience: "block" | "spin", datagram: boolean): Promise<Link> {
    const loop = new PollLoop(patience, new AbortController().signal);
    loop.users = 2;
    const client = new TlsContext(await contextOptions("client", datagram));
    return new Link(loop, client, new TlsContext(await contextOptions("server", datagram)));
  }

  end(role: "client" | "server", socket: PosixTcp | PosixUdp): Driven {
    const serverName = role === "client" ? "localhost" : undefined;
    const session = new TlsSession(this.contexts[role], { serverName });
    return this.own(new Driven(session, new PosixSessionSocket(socket, session), LONG_MS));
  }

  own<T extends { close(): void }>(closed: T): T {
    return this.#open.adopt(closed, () => closed.close());
  }

  /** Both sockets of a TCP connection. */
  async streams(): Promise<[PosixTcp, PosixTcp]> {
    const listener = new PosixTcpListener("127.0.0.1", 0, this.loop, LONG_MS);
    const near = await PosixTcp.connect(listener.address, this.loop, LONG_MS);
    const far = await listener.accept((tcp) => tcp);
    listener.close();
    return [this.own(near), this.own(far!)];
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }
}

for (const patience of ["block", "spin"] as const) {
  Deno.test(`PosixSessionSocket carries a TLS session from its handshake to its end (${patience})`, async () => {
    using link = await Link.make(patience, false);
    const [near, far] = await link.streams();
    const client = link.end("client", near);
    const server = link.end("server", far);
    await within(Promise.all([client.handshake(), server.handshake()]));
    assertEquals(client.security.version, "TLSv1.3");
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => i % 251);
    const sending = client.send(bytes);
    const got = new Uint8Array(bytes.length);
    for (let at = 0; at < got.length;) {
      at += await within(Promise.resolve(server.receive(got.subarray(at))));
    }
    await sending;
    assertEquals(got, bytes);
    const ending = client.shutdown();
    assertEquals(await within(Promise.resolve(server.receive(got))), ENDED);
    await within(Promise.all([ending, server.shutdown()]));
  });
}

Deno.test("PosixSessionSocket says that the peer has closed the connection early", async () => {
  using link = await Link.make("block", false);
  const [near, far] = await link.streams();
  const client = link.end("client", near);
  far.close();
  const shake = async () => await client.handshake();
  await assertRejects(
    () => within(shake()),
    Deno.errors.UnexpectedEof,
    "closed the connection early",
  );
});

Deno.test("PosixSessionSocket takes an empty datagram for nothing, and its time for over", async () => {
  using link = await Link.make("block", true);
  const server = link.own(PosixUdp.at("127.0.0.1", 0, link.loop));
  const socket = link.own(PosixUdp.toward(server.address, link.loop));
  using session = new TlsSession(link.contexts.client, { serverName: "localhost" });
  const sessionSocket = new PosixSessionSocket(socket, session);
  await sessionSocket.send(Uint8Array.of(1));
  await within(Promise.resolve(server.receive(new Uint8Array(1), LONG_MS)));
  await server.send(new Uint8Array(0), server.sender);
  assertEquals(await sessionSocket.feed(LONG_MS), true);
  assertEquals(await sessionSocket.feed(5), false);
});
