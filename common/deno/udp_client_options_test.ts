/** What the sockets of a client are set to, and where they are bound. */
import { AddressError } from "../base/errors.ts";
import { Deadlines } from "../base/deadline.ts";
import { ConnectedUdp } from "../posix/connected_udp.ts";
import { descriptorOf } from "../posix/descriptors.ts";
import { loadLibc } from "../posix/libc.ts";
import { IPPROTO_IP } from "../posix/platform.ts";
import { readOption } from "../posix/socket_options.ts";
import { assertEquals, assertThrows } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { freePort } from "../testing/free_port.ts";
import { within } from "../testing/within.ts";
import { UdpSocket } from "./udp.ts";
import { UdpClient, type UdpClientOptions } from "./udp_client.ts";

/** A server on 127.0.0.2 that is told who sends, and a client that tries 127.0.0.1 before. */
class Stage implements AsyncDisposable {
  readonly #deadlines = new Deadlines();
  readonly #server = UdpSocket.at("127.0.0.2", freePort("udp", "0.0.0.0"));
  readonly #heard = Promise.withResolvers<Deno.NetAddr>();
  readonly #running = this.#server.run((_bytes, from) => this.#heard.resolve({ ...from }));
  readonly client: UdpClient;

  constructor(options: UdpClientOptions, addresses = ["127.0.0.1", "127.0.0.2"]) {
    const events = { received() {}, failed: (error: unknown) => this.#heard.reject(error) };
    const { port } = this.#server.addr;
    this.client = new UdpClient(addresses, port, events, this.#deadlines, options);
  }

  /** Where the server has heard the client. */
  sender(): Promise<Deno.NetAddr> {
    return within(this.#heard.promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    this.#server.close();
    await this.#running;
    this.#deadlines.close();
  }
}

const ONE = Uint8Array.of(1);

Deno.test("UdpClient sets every socket that it opens", async () => {
  const { IP_TTL } = loadLibc().platform;
  const seen: unknown[] = [];
  const connect = (local: Deno.NetAddr, peer: Deno.NetAddr) => {
    seen.push(readOption(loadLibc(), descriptorOf(local)!, IPPROTO_IP, IP_TTL)![0]);
    return ConnectedUdp.of(local, peer);
  };
  await using stage = new Stage({ ttl: 3, connect });
  await stage.client.send(ONE);
  await stage.sender();
  assertEquals(seen, [3, 3]);
});

Deno.test("UdpClient sends from the address that it was told", async () => {
  await using stage = new Stage({ localAddr: { hostname: "127.0.0.3" } }, ["127.0.0.2"]);
  await stage.client.send(ONE);
  assertEquals((await stage.sender()).hostname, "127.0.0.3");
  assertEquals(stage.client.localAddr.hostname, "127.0.0.3");
});

Deno.test("UdpClient sends from the port that it was told, to one address after the other", async () => {
  using clock = new FakeClock();
  const port = freePort("udp", "0.0.0.0");
  await using stage = new Stage({ localAddr: { port } });
  await stage.client.send(ONE);
  await clock.advance(1000);
  await stage.client.send(ONE);
  assertEquals((await stage.sender()).port, port);
  assertEquals(stage.client.localAddr, { transport: "udp", hostname: "0.0.0.0", port });
});

Deno.test("UdpClient passes over addresses of the other family", async () => {
  const localAddr = { hostname: "127.0.0.1" };
  await using stage = new Stage({ localAddr }, ["::1", "127.0.0.2"]);
  await stage.client.send(ONE);
  assertEquals((await stage.sender()).hostname, "127.0.0.1");
});

/** Makes a client that is refused. */
function open(localAddr: UdpClientOptions["localAddr"], addresses = ["127.0.0.1"]): void {
  const deadlines = new Deadlines();
  const events = { received() {}, failed() {} };
  try {
    new UdpClient(addresses, 9, events, deadlines, { localAddr }).close();
  } finally {
    deadlines.close();
  }
}

Deno.test("UdpClient refuses an address of the other family than all of the server's", () => {
  assertThrows(
    () => open({ hostname: "::1" }, ["127.0.0.1", "127.0.0.2"]),
    AddressError,
    "the local address ::1 cannot be used: the server has 127.0.0.1, 127.0.0.2 alone",
  );
});

Deno.test("UdpClient says that its port is taken", () => {
  const other = UdpSocket.at("127.0.0.1", 0);
  const { hostname, port } = other.addr;
  assertThrows(
    () => open({ hostname, port }),
    Deno.errors.AddrInUse,
    `the local address ${hostname}:${port} cannot be used: `,
  );
  other.close();
});

Deno.test("UdpClient says that its address is another machine's", () => {
  assertThrows(
    () => open({ hostname: "192.0.2.1" }),
    Deno.errors.AddrNotAvailable,
    "the local address 192.0.2.1 cannot be used: ",
  );
});

Deno.test("UdpClient without --allow-net is told of the permission", { permissions: {} }, () => {
  assertThrows(() => open({ hostname: "127.0.0.1" }), Deno.errors.NotCapable, "net access");
});
