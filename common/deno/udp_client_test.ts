import { Deadlines } from "../base/deadline.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { ConnectedUdp } from "../posix/connected_udp.ts";
import { REFUSABLE_DATAGRAMS } from "../posix/udp.ts";
import { assert, assertEquals, assertInstanceOf } from "../testing/assert.ts";
import { within } from "../testing/within.ts";
import { UdpSocket } from "./udp.ts";
import { type Connect, UdpClient } from "./udp_client.ts";
import { freePort } from "../testing/free_port.ts";

const { ConnectionRefused } = Deno.errors;

/** Without libc no refusal is heard. */
const hears = hearsRefusals();

function hearsRefusals(): boolean {
  const socket = UdpSocket.toward("127.0.0.1");
  try {
    return ConnectedUdp.of(socket.addr, { hostname: "127.0.0.1", port: 9 }) !== null;
  } finally {
    socket.close();
  }
}

/** What a client has heard. */
class Stage implements AsyncDisposable {
  readonly deadlines = new Deadlines();
  readonly failed = Promise.withResolvers<unknown>();
  readonly #waiting: ((text: string) => void)[] = [];
  readonly #open: (() => unknown)[] = [];

  /** A client whose server may be at one of several addresses. */
  client(addresses: string[], port: number, connect?: Connect): UdpClient {
    const events = {
      received: (bytes: Uint8Array) => this.#waiting.shift()?.(new TextDecoder().decode(bytes)),
      failed: (error: unknown) => this.failed.resolve(error),
    };
    const client = new UdpClient(addresses, port, events, this.deadlines, { connect });
    this.#open.push(() => client.close());
    return client;
  }

  /** What comes next. */
  heard(): Promise<string> {
    return within(new Promise((resolve) => this.#waiting.push(resolve)));
  }

  /** A server that sends back what it receives, after its own name; nobody is at other addresses. */
  serve(hostname: string, port = freePort("udp", "0.0.0.0")) {
    const server = UdpSocket.at(hostname, port);
    const running = server.run((bytes, from) => {
      const text = `${hostname} ${new TextDecoder().decode(bytes)}`;
      return server.send(new TextEncoder().encode(text), from);
    });
    // The system has its port back when it waits no more.
    const end = () => (server.close(), running);
    this.#open.push(end);
    return { addr: server.addr, end };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#open) await close();
    this.deadlines.close();
    await Promise.resolve();
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("UdpClient.send() rejects where nobody listens", { ignore: !hears }, async () => {
  let hasRejected = false;
  for (let attempt = 0; attempt < 20 && !hasRejected; attempt++) {
    await using stage = new Stage();
    const client = stage.client(["127.0.0.1"], freePort("udp"));
    const sending = Promise.resolve(client.send(bytesOf("a")));
    const rejection = await sending.then(() => null, (error: unknown) => error);
    hasRejected = rejection !== null;
    // On a busy system the refusal comes after the call: it is told, and there is another attempt.
    const error = rejection ?? await within(stage.failed.promise);
    assertInstanceOf(error, ConnectionRefused);
    assertEquals((error as { code?: string }).code, "ECONNREFUSED");
  }
  assert(hasRejected);
});

Deno.test(
  "UdpClient sends what was turned back to the next address",
  { ignore: !hears },
  async () => {
    await using stage = new Stage();
    const { addr } = stage.serve("127.0.0.3");
    const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
    const client = stage.client(addresses, addr.port);
    const heard = stage.heard();
    await client.send(bytesOf("a"));
    assertEquals(await heard, "127.0.0.3 a");
    assertEquals(client.remoteAddr.hostname, "127.0.0.3");
    assertEquals(addresses, ["127.0.0.3"]);
  },
);

/** A network on which a refusal takes its time. */
function later(errors: (Error | null)[]): Connect {
  return () => ({ takeError: () => errors.shift() ?? null });
}

const refusal = Object.assign(new ConnectionRefused("refused"), { code: "ECONNREFUSED" });

Deno.test("UdpClient hears of a refusal that takes its time", async () => {
  using clock = new FakeClock();
  await using stage = new Stage();
  const client = stage.client(["127.0.0.1"], freePort("udp"), later([null, null, null, refusal]));
  await client.send(bytesOf("a"));
  await clock.advance(1000);
  assertEquals(await stage.failed.promise, refusal);
});

Deno.test("UdpClient sends to the next address after a refusal that takes its time", async () => {
  using clock = new FakeClock();
  await using stage = new Stage();
  const { addr } = stage.serve("127.0.0.2");
  const client = stage.client(["127.0.0.1", "127.0.0.2"], addr.port, later([null, refusal]));
  const heard = stage.heard();
  await client.send(bytesOf("a"));
  await clock.advance(1000);
  assertEquals(await heard, "127.0.0.2 a");
});

Deno.test("UdpClient loses what is turned back once it has heard the server", async () => {
  await using stage = new Stage();
  const server = stage.serve("127.0.0.1");
  const { port } = server.addr;
  const client = stage.client(["127.0.0.1"], port);
  const first = stage.heard();
  await client.send(bytesOf("a"));
  assertEquals(await first, "127.0.0.1 a");
  await server.end();
  for (const text of ["b", "c", "d"]) await client.send(bytesOf(text));
  stage.serve("127.0.0.1", port);
  const second = stage.heard();
  await client.send(bytesOf("e"));
  assertEquals(await second, "127.0.0.1 e");
});

Deno.test("UdpClient loses what is turned back late, where no answer is wanted", async () => {
  await using stage = new Stage();
  const server = UdpSocket.at("127.0.0.1", freePort("udp"));
  const { port } = server.addr;
  const client = stage.client(["127.0.0.1"], port);
  for (let i = 0; i < REFUSABLE_DATAGRAMS; i++) await client.send(bytesOf("a"));
  server.close();
  for (const text of ["b", "c", "d"]) await client.send(bytesOf(text));
  stage.serve("127.0.0.1", port);
  const heard = stage.heard();
  await client.send(bytesOf("e"));
  assertEquals(await heard, "127.0.0.1 e");
});

Deno.test("UdpClient takes nothing that others send", async () => {
  await using stage = new Stage();
  const server = UdpSocket.at("127.0.0.1", 0);
  const stranger = UdpSocket.at("127.0.0.2", 0);
  const client = stage.client(["127.0.0.1"], server.addr.port);
  const heard = stage.heard();
  const serving = server.run(async (bytes, from) => {
    await stranger.send(bytesOf("666"), from);
    await server.send(bytes.slice(), from);
    server.close();
    stranger.close();
  });
  await client.send(bytesOf("a"));
  assertEquals(await heard, "a");
  await serving;
});

Deno.test("UdpClient goes from address to address by itself where it hears of no refusal", async () => {
  using clock = new FakeClock();
  await using stage = new Stage();
  const { addr } = stage.serve("127.0.0.2");
  const addresses = ["127.0.0.1", "127.0.0.2"];
  const client = stage.client(addresses, addr.port, () => null);
  const heard = stage.heard();
  const tried: string[] = [];
  for (let i = 0; i < 3; i++) {
    // What belongs to one attempt goes to one address.
    for (const text of ["a", "b"]) await client.send(bytesOf(text));
    tried.push(client.remoteAddr.hostname);
    if (tried.at(-1) === addr.hostname) await heard;
    await clock.advance(1000);
  }
  assertEquals(tried, ["127.0.0.1", "127.0.0.2", "127.0.0.2"]);
  assertEquals(addresses, ["127.0.0.2"]);
});
