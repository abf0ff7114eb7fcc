import type { SessionSocket } from "./driver.ts";
import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { TimeoutError } from "../base/errors.ts";
import { CertificateError, OpenSslError } from "../openssl/bindings/errors.ts";
import type { MaybePromise } from "../base/maybe_promise.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../testing/assert.ts";
import { Driven, LONG_MS } from "../testing/driven.ts";
import { type CallKind, MemorySocket } from "../testing/memory_socket.ts";
import { type MemoryNet, memoryNet, type MemoryNetOptions } from "../testing/memory_net.ts";

/** A flight that was lost is sent again after so many milliseconds: the second of RFC 6347 is long. */
const RETRANSMIT_MS = 20;

/** A flight that is sent again in one datagram with an alert would hide the alert for a while. */
const NO_RETRANSMISSION = {
  client: { retransmitAfterMs: () => LONG_MS },
  server: { retransmitAfterMs: () => LONG_MS },
};

/** A client over a network in memory, and the server at its other end. */
class Link implements Disposable {
  readonly net: MemoryNet;
  readonly socket: MemorySocket;
  readonly client: Driven;
  readonly #kind: CallKind;

  private constructor(net: MemoryNet, kind: CallKind, closeTimeoutMs: number) {
    this.net = net;
    this.#kind = kind;
    this.socket = new MemorySocket(net, kind);
    this.client = new Driven(net.client.session!, this.socket, closeTimeoutMs);
  }

  static async make(
    kind: CallKind,
    { closeTimeoutMs = LONG_MS, ...options }: MemoryNetOptions & { closeTimeoutMs?: number } = {},
  ): Promise<Link> {
    const retransmitAfterMs = () => RETRANSMIT_MS;
    const timed = options.datagram === false ? {} : { retransmitAfterMs };
    const net = await memoryNet({
      ...options,
      client: { ...timed, ...options.client },
      server: { ...timed, ...options.server },
    });
    return new Link(net, kind, closeTimeoutMs);
  }

  /** As {@linkcode Link.make}, with the handshake behind it. */
  static async connected(...args: Parameters<typeof Link.make>): Promise<Link> {
    const link = await Link.make(...args);
    await link.client.handshake();
    // On TLS it ends with what the client sends.
    await link.settle();
    return link;
  }

  /** What a call gives, which is a promise just where the socket's calls return some. */
  async of<T>(result: MaybePromise<T>): Promise<T> {
    assertEquals(result instanceof Promise, this.#kind === "promises");
    return await result;
  }

  /** Lets everything arrive that is on its way. */
  async settle(): Promise<void> {
    // What is sent by a call that returns a promise is sent a little later.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.net.settle();
  }

  /** What the server has read. */
  async serverInbox(): Promise<Uint8Array[]> {
    await this.settle();
    return this.net.server.inbox;
  }

  [Symbol.dispose](): void {
    this.client.close();
    this.net[Symbol.dispose]();
  }
}

for (const kind of ["values", "promises"] as const) {
  for (const datagram of [true, false]) {
    const version = datagram ? "DTLSv1.2" : "TLSv1.3";

    Deno.test(`handshake() completes the handshake (${version}, ${kind})`, async () => {
      using link = await Link.make(kind, { datagram });
      await link.of(link.client.handshake());
      await link.settle();
      assert(link.net.server.established);
      const { security, resumed } = link.client;
      assertEquals([security.version, security.peer, resumed], [
        version,
        "CN=netpairs server,O=netpairs",
        false,
      ]);
    });

    Deno.test(`handshake() refuses a certificate, and tells the peer why (${version}, ${kind})`, async () => {
      using link = await Link.make(kind, {
        datagram,
        serverName: "other.example",
        ...(datagram ? NO_RETRANSMISSION : {}),
      });
      const handshake = async () => await link.client.handshake();
      await assertRejects(handshake, CertificateError, "not for other.example");
      await link.settle();
      assertInstanceOf(link.net.server.error, OpenSslError);
      assert(link.net.server.error.message.includes("the peer refused: "));
    });

    Deno.test(`handshake() says why it failed where the peer cannot be told (${version}, ${kind})`, async () => {
      using link = await Link.make(kind, { datagram, serverName: "other.example" });
      const { passes } = link.net;
      // The server's certificate is on its way: what the client sends from here on fails.
      link.net.passes = (sent) => {
        if (sent.from === "server" && link.net.server.session) {
          link.socket.failure = { send: new Deno.errors.BrokenPipe("gone") };
        }
        return passes(sent);
      };
      const handshake = async () => await link.client.handshake();
      await assertRejects(handshake, CertificateError, "not for other.example");
    });

    Deno.test(`handshake() gives up when its time is over (${version}, ${kind})`, async () => {
      let sent = 0;
      // Where the process has no turn in all of a short time, nothing is sent again in it.
      for (const times of [3, 6, 9, 9]) {
        using link = await Link.make(kind, { datagram });
        link.net.passes = () => false;
        const handshake = async () => await link.client.handshake(times * RETRANSMIT_MS);
        const error = await assertRejects(handshake, TimeoutError);
        assertEquals(error.message, "the peer did not answer the handshake in time");
        sent = link.net.sent.length;
        if (!datagram || sent > 1) break;
      }
      assertEquals(sent > 1, datagram, "datagrams were sent again");
    });

    Deno.test(`handshake() says that the peer has closed the connection (${version}, ${kind})`, async () => {
      using link = await Link.make(kind, { datagram });
      link.socket.failure.feed = new Deno.errors.UnexpectedEof("early");
      const handshake = async () => await link.client.handshake();
      await assertRejects(handshake, Deno.errors.UnexpectedEof, "early");
    });

    Deno.test(`send() and receive() carry messages both ways (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      const message = Uint8Array.from({ length: 16_384 }, (_, i) => i % 251);
      await link.of(link.client.send(message));
      assertEquals(await link.serverInbox(), [message]);
      link.net.server.send(message);
      const into = new Uint8Array(20_000);
      assertEquals(await link.of(link.client.receive(into)), message.length);
      assertEquals(into.subarray(0, message.length), message);
    });

    Deno.test(`receive() says that nothing came in time, and lives on (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      const into = new Uint8Array(10);
      assertEquals(await link.of(link.client.receive(into, 5)), TOO_LATE);
      link.net.server.send(new Uint8Array(7));
      assertEquals(await link.of(link.client.receive(into)), 7);
    });

    Deno.test(`receive() gives what is there without a look at the socket (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      link.net.server.send(new Uint8Array(7));
      const into = new Uint8Array(3);
      assertEquals(await link.of(link.client.receive(into)), 3);
      // On DTLS, too, the rest of a record is kept: SSL_read(3).
      link.socket.failure.feed = new Error("nobody is to ask");
      assertEquals([link.client.receive(into), link.client.receive(into)], [3, 1]);
    });

    Deno.test(`receive() says that the peer has ended (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      link.net.server.shutdown();
      assertEquals(await link.of(link.client.receive(new Uint8Array(10))), ENDED);
      assertEquals(await link.client.receive(new Uint8Array(10)), ENDED, "again and again");
    });

    Deno.test(`receive() hands on that the peer has vanished (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      link.socket.failure.feed = new Deno.errors.UnexpectedEof("early");
      const receive = async () => await link.client.receive(new Uint8Array(10));
      await assertRejects(receive, Deno.errors.UnexpectedEof, "early");
    });

    Deno.test(`shutdown() ends when the peer has ended, too (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      // What comes in the meantime is of no use to anybody.
      for (let i = 0; i < 3; i++) link.net.server.send(new Uint8Array(100));
      await link.of(link.client.shutdown());
      assertEquals([link.net.server.peerEnded, link.net.client.peerEnded], [true, true]);
    });

    Deno.test(`shutdown() answers a peer that has ended (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      link.net.server.shutdown();
      assertEquals(await link.client.receive(new Uint8Array(10)), ENDED);
      await link.client.shutdown();
      await link.settle();
      assert(link.net.server.peerEnded);
    });

    Deno.test(`shutdown() waits a bounded time for a peer that does not answer (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram, closeTimeoutMs: 5 });
      link.socket.answersEnd = false;
      await link.of(link.client.shutdown());
      await link.settle();
      assertEquals([link.net.server.peerEnded, link.net.client.peerEnded], [true, false]);
    });

    Deno.test(`shutdown() takes a peer that has vanished for one that has ended (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      link.socket.failure.feed = new Deno.errors.UnexpectedEof("early");
      await link.client.shutdown();
      await link.settle();
      assert(link.net.server.peerEnded, "it was told all the same");
    });

    Deno.test(`close() frees session and socket, and may be called twice (${version}, ${kind})`, async () => {
      using link = await Link.connected(kind, { datagram });
      link.client.close();
      link.client.close();
      assert(link.socket.closed);
      const send = async () => await link.client.send(new Uint8Array(1));
      await assertRejects(send, TypeError, "it is closed");
    });
  }

  Deno.test(`handshake() completes whatever datagrams are lost, double or late (${kind})`, async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const faults = { lose: 0.2, double: 0.2, reorder: 0.2 };
      using link = await Link.make(kind, { faults, seed });
      try {
        await link.of(link.client.handshake());
        link.net.faults = {};
        await link.client.send(Uint8Array.of(1, 2));
        // What the server has not got of the handshake it asks for by sending again.
        link.net.server.session!.write(Uint8Array.of(3));
        link.net.server.flush();
        assertEquals(await link.client.receive(new Uint8Array(10)), 1);
        assertEquals(await link.serverInbox(), [Uint8Array.of(1, 2)]);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${cause}`, { cause });
      }
    }
  });

  Deno.test(`send() sends long streams whole and in order (${kind})`, async () => {
    using link = await Link.connected(kind, { datagram: false });
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    const borrowed = bytes.slice();
    const sending = link.client.send(borrowed);
    // They are borrowed for the call alone.
    borrowed.fill(0xff);
    // What is sent next comes after it.
    await Promise.all([sending, link.client.send(Uint8Array.of(9))]);
    const all = (await link.serverInbox()).flatMap((part) => [...part]);
    assertEquals(all.length, bytes.length + 1);
    assertEquals([Uint8Array.from(all.slice(0, -1)), all.at(-1)], [bytes, 9]);
  });
}

/** Feeds a client with what is dropped: records of another version. */
function rubbishSocket(net: MemoryNet): SessionSocket {
  let left = 1e6;
  return {
    send() {},
    feed() {
      if (left-- === 0) throw new Error("it goes on and on");
      net.client.session!.feed(new Uint8Array(20).fill(0xee));
      return true;
    },
    close() {},
  };
}

Deno.test("shake() gives up in time where nothing but rubbish comes, and that without end", async () => {
  using link = await Link.make("values");
  link.net.passes = () => false;
  const client = new Driven(link.net.client.session!, rubbishSocket(link.net), LONG_MS);
  const handshake = async () => await client.handshake(3 * RETRANSMIT_MS);
  await assertRejects(handshake, TimeoutError, "did not answer the handshake in time");
});

Deno.test("receive() is late in time where nothing but rubbish comes, and that without end", async () => {
  using link = await Link.connected("values", {});
  const client = new Driven(link.net.client.session!, rubbishSocket(link.net), LONG_MS);
  assertEquals(await client.receive(new Uint8Array(100), 3 * RETRANSMIT_MS), TOO_LATE);
});

Deno.test("send() hands on what went wrong, and so does the next call", async () => {
  using link = await Link.connected("promises", { datagram: false });
  link.socket.failure.send = new Deno.errors.BrokenPipe("gone");
  const send = async () => await link.client.send(new Uint8Array(1));
  await assertRejects(send, Deno.errors.BrokenPipe);
  await assertRejects(send, Deno.errors.BrokenPipe);
});
