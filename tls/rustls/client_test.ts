import { createServer } from "node:net";
import { describe, RunError } from "../../common/base/errors.ts";
import { assertEquals, assertMatch, assertRejects } from "../../common/testing/assert.ts";
import { freePort } from "../../common/testing/free_port.ts";
import { explainRefusal, openTcp } from "./client.ts";
import { securityOf } from "./security.ts";
import { credentials, type Kind, TestServer } from "../../common/testing/rustls.ts";

const NEVER = new AbortController().signal;

/** What a client says to a server, or nothing. */
async function complaint(
  listener: TestServer,
  ca: Kind,
  hostname: string,
): Promise<string> {
  const accepting = listener.accept().catch(() => null);
  const own = await credentials("client", "good", ca);
  const error = await assertRejects(() => listener.connect(own, hostname), Error);
  await accepting;
  // Why, it finds out over a second connection.
  const again = listener.accept().catch(() => null);
  const server = { address: "127.0.0.1", port: listener.port, hostname };
  const clear = await explainRefusal(error, server, own.ca, NEVER);
  if (clear !== error) await again;
  return describe(clear);
}

for (const hostname of ["localhost", "LOCALHOST", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"]) {
  Deno.test(`beginHandshake() finds ${hostname} in the server's certificate`, async () => {
    await using listener = await TestServer.listen();
    const [, { socket }] = await Promise.all([
      listener.accept(),
      listener.connect(undefined, hostname),
    ]);
    assertEquals(socket.authorized, true);
    assertEquals(securityOf(socket), {
      version: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      group: null,
      peer: "CN=netpairs server,O=netpairs",
      resumed: false,
    });
  });
}

for (const hostname of ["localhost", "127.0.0.1", "::1"]) {
  Deno.test(`beginHandshake() does not find ${hostname} in another server's certificate`, async () => {
    const own = await credentials("server", "elsewhere");
    await using listener = await TestServer.listen(own);
    assertEquals(
      await complaint(listener, "elsewhere", hostname),
      `the server's certificate is for elsewhere.example, 192.0.2.1, not for ${hostname}`,
    );
  });
}

Deno.test("explainRefusal() says that the server's certificate has expired", async () => {
  await using listener = await TestServer.listen(await credentials("server", "expired"));
  const line = await complaint(listener, "expired", "localhost");
  assertEquals(line, "the server's certificate has expired");
});

Deno.test("explainRefusal() says that the server's certificate is of another authority", async () => {
  await using listener = await TestServer.listen();
  const line = await complaint(listener, "stranger", "localhost");
  assertMatch(line, /^the server's certificate is not from an authority in ca\.pem/);
});

Deno.test("explainRefusal() leaves other errors as they are", async () => {
  const error = new RunError("something else");
  const server = { address: "127.0.0.1", port: 9, hostname: "127.0.0.1" };
  assertEquals(await explainRefusal(error, server, [], NEVER), error);
});

Deno.test("openTcp() rejects where nobody listens", async () => {
  const opening = () => openTcp({ address: "127.0.0.1", port: freePort("tcp") }, NEVER);
  const error = await assertRejects(opening, Error);
  assertEquals(describe(error), "connection refused; is the server running there?");
});

/** What a server that speaks no TLS answers, and what a client says of it. */
const NO_TLS: Record<string, string> = {
  "220 ready\r\n": "what the server sent is not TLS",
  "": "the server hung up during the handshake: it speaks no TLS, refused the client, or is gone",
};

for (const [answer, line] of Object.entries(NO_TLS)) {
  Deno.test(`handshake() rejects when the answer has ${answer.length} bytes and is no TLS`, async () => {
    const other = createServer((socket) => socket.on("error", () => {}).resume().end(answer));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    await using listener = await TestServer.listen();
    const { port } = other.address() as { port: number };
    await assertRejects(() => listener.connect(undefined, "localhost", port), RunError, line);
    await new Promise((resolve) => other.close(resolve));
  });
}
