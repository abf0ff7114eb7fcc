import { createSecureContext, TLSSocket } from "node:tls";
import { RunError, TimeoutError } from "../../common/base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { beginHandshake } from "./client.ts";
import { PeerCheck } from "./security.ts";
import { NodeTcpListener } from "./server.ts";
import { within } from "../../common/testing/within.ts";
import { credentials, LONG_MS, TestServer } from "../../common/testing/rustls.ts";

/** Exchanges one byte each way: the connection is as good as any. */
async function assertServes(listener: TestServer): Promise<void> {
  const { stream, server } = await listener.pair();
  const into = new Uint8Array(1);
  await stream.write(Uint8Array.of(1), LONG_MS);
  assertEquals(await server.read(into, LONG_MS), 1);
  await server.write(Uint8Array.of(2), LONG_MS);
  assertEquals(await stream.read(into, LONG_MS), 1);
  await Promise.all([stream.shutdown(LONG_MS), server.shutdown(LONG_MS)]);
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  Deno.test(`Handshakes.run() refuses a ${version} client without a certificate`, async () => {
    await using listener = await TestServer.listen();
    const accepting = assertRejects(
      () => listener.accept(),
      RunError,
      "the client sent no certificate",
    );
    const { ca } = await credentials("client");
    const raw = await listener.connectRaw();
    const server = { address: "127.0.0.1", port: listener.port, hostname: "localhost" };
    const context = createSecureContext({ ca, minVersion: version, maxVersion: version });
    const socket = beginHandshake(raw, server, context, new PeerCheck(ca, "server"));
    const alert = Promise.withResolvers<Error>();
    socket.on("error", alert.resolve);
    await accepting;
    assertEquals((await alert.promise).message, "received fatal alert: CertificateRequired");
    socket.destroy();
    await assertServes(listener);
  });
}

for (const own of ["stranger", "expired"] as const) {
  Deno.test(`Handshakes.run() refuses a client's certificate: ${own}`, async () => {
    // Expired, its authority is known: its time is its only fault.
    const known = own === "expired" ? own : "good";
    const { ca } = await credentials("client", known);
    await using listener = await TestServer.listen({ ...await credentials("server"), ca });
    const line =
      "the client's certificate does not pass: it is out of date, made for another purpose, of X.509 version 1, or not from an authority";
    const accepting = assertRejects(() => listener.accept(), RunError, line);
    const { stream } = await listener.connect(await credentials("client", own, "good"));
    await accepting;
    const reading = async () => await stream.read(new Uint8Array(1), LONG_MS);
    const hint =
      "the server hung up right after the handshake: it refused the client's certificate";
    await assertRejects(reading, RunError, hint);
  });
}

Deno.test("Handshakes.run() says that the client refused the server", async () => {
  await using listener = await TestServer.listen();
  const accepting = assertRejects(
    () => listener.accept(),
    RunError,
    "the client refused the server's certificate",
  );
  const stranger = await credentials("client", "good", "stranger");
  await assertRejects(() => listener.connect(stranger), RunError, "the server's certificate");
  await accepting;
});

Deno.test("Handshakes.run() tells handshakes at the same time apart", async () => {
  await using listener = await TestServer.listen();
  const stranger = await credentials("client", "stranger", "good");
  const endings: string[] = [];
  for (let i = 0; i < 12; i++) {
    const ending = listener.accept().then(() => "open", (error) => error.message);
    if (i % 3 === 0) (await listener.connectRaw()).end("GET / HTTP/1.0\r\n\r\n");
    else await listener.connect(i % 3 === 1 ? stranger : undefined);
    endings.push(await ending);
  }
  const of = (text: string) => endings.filter((ending) => ending.includes(text)).length;
  assertEquals([of("open"), of("not TLS"), of("the client's certificate")], [4, 4, 4]);
});

Deno.test("Handshakes.run() rejects garbage and serves on", async () => {
  await using listener = await TestServer.listen();
  const garbage = [Uint8Array.of(22, 3, 3, 0, 4, 1, 2, 3, 4), new Uint8Array(500).fill(22)];
  for (const bytes of garbage) {
    const accepting = assertRejects(() => listener.accept(), Error);
    (await listener.connectRaw()).write(bytes);
    await accepting;
  }
  await assertServes(listener);
});

Deno.test("Handshakes.run() rejects when the client vanishes", async () => {
  await using listener = await TestServer.listen();
  const ways = ["end", "destroy", "resetAndDestroy"] as const;
  for (const way of ways) {
    const accepting = assertRejects(() => listener.accept(), RunError, "the client hung up");
    (await listener.connectRaw())[way]();
    await accepting;
  }
  await assertServes(listener);
});

Deno.test("Handshakes.run() ends with its signal when the client is silent", async () => {
  await using listener = await TestServer.listen();
  const controller = new AbortController();
  const accepting = listener.accept(controller.signal);
  const raw = await listener.connectRaw();
  const hungUp = new Promise((resolve) => raw.once("end", resolve));
  raw.resume();
  controller.abort(new TimeoutError("late"));
  await assertRejects(() => accepting, RunError);
  await hungUp;
  await assertServes(listener);
});

Deno.test("NodeTcpListener.listen() says that the port is taken", async () => {
  await using listener = await TestServer.listen();
  const listening = () => NodeTcpListener.listen("127.0.0.1", listener.port);
  const line = `cannot listen on 127.0.0.1:${listener.port}: the address is in use`;
  await assertRejects(listening, Deno.errors.AddrInUse, line);
});

Deno.test("NodeTcpListener.listen() says that the address is not this machine's", async () => {
  // RFC 5737: nobody has it.
  const listening = () => NodeTcpListener.listen("192.0.2.1", 0);
  const line = "cannot listen on 192.0.2.1:0: the address is not one of this machine";
  await assertRejects(listening, Deno.errors.AddrNotAvailable, line);
});

Deno.test({
  name: "NodeTcpListener.listen() rejects without the permission to listen",
  permissions: { net: ["127.0.0.2"] },
  fn: async () => {
    await assertRejects(() => NodeTcpListener.listen("127.0.0.1", 0), Deno.errors.NotCapable);
  },
});

Deno.test("accept() returns null after stop(), and what waits for it, too", async () => {
  const listener = await NodeTcpListener.listen("127.0.0.1", 0);
  const waiting = listener.accept();
  listener.stop();
  listener.stop();
  assertEquals(await waiting, null);
  assertEquals(await listener.accept(), null);
  await listener.closed;
});

Deno.test("accept() hands over connections that came before it was called", async () => {
  await using listener = await TestServer.listen();
  const connecting = Promise.all([listener.connect(), listener.connect()]);
  await listener.accept();
  await listener.accept();
  assert((await connecting).every(({ socket }) => socket.authorized));
});

Deno.test("Handshakes.run() keeps nothing of a client that leaves in the handshake", async () => {
  // Deno leaves a timer that keeps the connection in memory, and calls this when it fires.
  const { prototype } = TLSSocket as unknown as { prototype: { _handleTimeout(): void } };
  const { _handleTimeout: handleTimeout } = prototype;
  const fired = Promise.withResolvers<void>();
  prototype._handleTimeout = function () {
    handleTimeout.call(this);
    fired.resolve();
  };
  try {
    await using listener = await TestServer.listen(undefined, 1);
    const accepting = assertRejects(() => listener.accept(), RunError);
    (await listener.connectRaw()).destroy();
    await accepting;
    await within(fired.promise);
  } finally {
    prototype._handleTimeout = handleTimeout;
  }
});
