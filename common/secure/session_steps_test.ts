import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { CertificateError, OpenSslError } from "../openssl/bindings/errors.ts";
import { type MemoryNet, memoryNet, type MemoryNetOptions } from "../testing/memory_net.ts";
import { SessionSteps } from "./session_steps.ts";

/** A client's steps on a network in memory, and what its socket was told. */
class Client implements Disposable {
  readonly told: unknown[] = [];
  readonly steps: SessionSteps;
  readonly net: MemoryNet;
  /** What each of the socket's calls returns. */
  sending: Promise<void> | undefined;

  private constructor(net: MemoryNet) {
    this.net = net;
    this.steps = new SessionSteps(net.client.session!, {
      send: (bytes) => {
        net.transmit("client", bytes);
        return this.sending;
      },
      established: () => void this.told.push("established"),
      failed: (error) => void this.told.push(error),
      close: () => void this.told.push("closed"),
    });
    net.client.advance = () => {
      if (!this.steps.session.established) this.steps.advance(true);
    };
  }

  static async make(options?: MemoryNetOptions): Promise<Client> {
    return new Client(await memoryNet(options));
  }

  [Symbol.dispose](): void {
    this.net[Symbol.dispose]();
  }
}

for (const datagram of [true, false]) {
  const version = datagram ? "DTLSv1.2" : "TLSv1.3";

  Deno.test(`SessionSteps.advance() completes the handshake, and measures a round trip (${version})`, async () => {
    using client = await Client.make({ datagram });
    const { statistics } = client.steps.session;
    assertEquals([client.steps.advance(true), statistics.roundTripMs], [false, null]);
    client.net.settle();
    assert(client.net.server.established);
    assertEquals(client.told, ["established"]);
    assert(statistics.roundTripMs! > 0);
  });

  Deno.test(`SessionSteps.fail() lets the alert out, and tells the socket (${version})`, async () => {
    using client = await Client.make({ datagram, serverName: "other.example" });
    client.steps.advance(true);
    const error = assertThrows(() => client.net.settle(), CertificateError);
    client.steps.fail(error);
    client.net.settle();
    assertEquals(client.told, [error]);
    assertInstanceOf(client.net.server.error, OpenSslError);
  });

  Deno.test(`SessionSteps.sending settles when all has left that a step has put out (${version})`, async () => {
    using client = await Client.make({ datagram });
    const { promise, resolve } = Promise.withResolvers<void>();
    client.sending = promise;
    client.steps.advance(true);
    client.net.settle();
    const sending = client.steps.send(new Uint8Array(5));
    assert(sending instanceof Promise && sending === client.steps.sending);
    resolve();
    await sending;
    client.sending = undefined;
    assertEquals([client.steps.send(new Uint8Array(5)), client.steps.sending], [
      undefined,
      undefined,
    ]);
  });

  Deno.test(`SessionSteps.end() tells whether the peer has ended, too (${version})`, async () => {
    using client = await Client.make({ datagram });
    client.steps.advance(true);
    client.net.settle();
    client.net.client.advance = () => void client.steps.session.read(new Uint8Array(9));
    assertEquals(client.steps.end(), false);
    client.net.settle();
    assert(client.net.server.peerEnded);
    client.net.server.shutdown();
    client.net.settle();
    assertEquals(client.steps.end(), true);
    client.steps.close();
    client.steps.close();
    assertEquals(client.told, ["established", "closed"]);
  });

  Deno.test(`SessionSteps.end() keeps what an end before is still sending (${version})`, async () => {
    using client = await Client.make({ datagram });
    client.steps.advance(true);
    client.net.settle();
    const { promise, resolve } = Promise.withResolvers<void>();
    client.sending = promise;
    client.steps.end();
    const { sending } = client.steps;
    client.steps.end();
    assert(sending !== undefined && client.steps.sending === sending);
    resolve();
    await sending;
  });
}
