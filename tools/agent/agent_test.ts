import { RunError } from "../../common/base/errors.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../common/testing/assert.ts";
import { laneNamed, Workplace } from "../../common/testing/pairs.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { bytesOf, messageText } from "../../common/testing/stub_peers.ts";
import { within } from "../../common/testing/within.ts";
import { loadCertificates } from "../../common/pem/certificate_files.ts";
import { connectTls } from "../../tls/lib/connect.ts";
import { listenTls } from "../../tls/lib/listen.ts";
import { AgentClient } from "./client.ts";
import { Lines } from "./lines.ts";
import { type LaneServer, startQuestion } from "./lane_arguments.ts";
import { MAX_QUESTION_BYTES } from "./messages.ts";
import { TestAgent } from "../../common/testing/agent.ts";

const LANE: LaneServer = {
  ...{ lane: laneNamed("tcp-async"), resume: false, cpu: null },
  args: ["--sizes", "100", "--repeat", "3"],
};

/** A connection that is not TLS, or not yet. */
function connectRaw({ port }: TestAgent): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** A good client is still served. */
async function assertLives(agent: TestAgent): Promise<void> {
  const client = await within(agent.connect());
  assertEquals(client.failure, null);
  await client.close();
}

/** Lets time pass until the agent says that of it: it may not have begun to wait. */
async function untilLate(clock: FakeClock, { said }: TestAgent, pattern: RegExp): Promise<void> {
  while (!said.some((line) => pattern.test(line))) await clock.advance(50);
}

async function assertRefused(port: number): Promise<void> {
  await assertRejects(
    () => Deno.connect({ hostname: "127.0.0.1", port }),
    Deno.errors.ConnectionRefused,
  );
}

Deno.test("An agent refuses strangers in a line each, and lives on", async () => {
  await using agent = await TestAgent.start();
  const { port, place } = agent;
  const caCerts = [await Deno.readTextFile(place.path("ca.pem"))];
  await using nameless = await connectTls({ hostname: "127.0.0.1", port, caCerts });
  await assertRejects(() => nameless.read(new Uint8Array(100)), Error);
  assertMatch(
    await agent.says(/did not return a certificate/),
    /^127\.0\.0\.1:\d+: Cannot complete the handshake: peer did not return a certificate$/,
  );
  await using other = await Workplace.make(await testCertificates("stranger"));
  await Deno.copyFile(place.path("ca.pem"), other.path("ca.pem"));
  await assertRejects(
    () => agent.connect(other.dir),
    RunError,
    `cannot use the agent at 127.0.0.1:${port}: `,
  );
  await agent.says(/^127\.0\.0\.1:\d+: .*(authority|issuer)/);
  assertEquals(agent.said.length, 2, agent.said.join("\n"));
  await assertLives(agent);
});

Deno.test("An agent of another authority is refused by its client", async () => {
  await using agent = await TestAgent.start();
  await using other = await Workplace.make(await testCertificates("stranger"));
  await assertRejects(() => agent.connect(other.dir), RunError, "cannot use the agent at ");
});

Deno.test("An agent survives garbage and half-open connections", async () => {
  // By a real clock a good client would be late, too, on a machine that is loaded.
  using clock = new FakeClock();
  await using agent = await TestAgent.start({ handshakeMs: 50 });
  using silent = await connectRaw(agent);
  await untilLate(clock, agent, /did not answer the handshake in time$/);
  using garbage = await connectRaw(agent);
  await garbage.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
  await agent.says(/^127\.0\.0\.1:\d+: Cannot complete the handshake: /);
  assertEquals(await silent.read(new Uint8Array(1)), null);
  await assertLives(agent);
});

Deno.test("An agent that is closed does not wait for half-open connections", async () => {
  await using agent = await TestAgent.start();
  using _silent = await connectRaw(agent);
  await within(agent.close());
  await assertRefused(agent.port);
});

Deno.test("An agent ends with a client that says what it must not, and says why", async () => {
  await using agent = await TestAgent.start();
  const wrong: [string, RegExp][] = [
    ["hello\n", /a line is no JSON$/],
    [`"${"x".repeat(MAX_QUESTION_BYTES)}"\n`, /a line has more than 65536 bytes$/],
    ['{"ask":"start","lane":"/bin/sh"}\n', /Cannot read a question: lane must be /],
    ['{"ask":"time","path":"/etc"}\n', /Cannot read a question: path is no setting/],
    ['{"ask":', /its last line is cut off$/],
  ];
  for (const [text, says] of wrong) {
    const { conn, lines } = await agent.talk();
    assertEquals((await lines.read(10_000))?.value, { say: "welcome", version: 1 });
    await conn.write(new TextEncoder().encode(text));
    if (!text.endsWith("\n")) await conn.closeWrite();
    await agent.says(says);
    if (says.source.includes("question")) {
      const { say, why } = (await lines.read(10_000))!.value as { say: string; why: string };
      assertEquals(say, "refused");
      assertMatch(why, says);
    }
    await conn.close();
  }
  await assertLives(agent);
});

Deno.test("An agent ends with a client that says nothing for long", async () => {
  using clock = new FakeClock();
  await using agent = await TestAgent.start({ silenceMs: 50 });
  const { conn, lines } = await agent.talk();
  assertEquals((await lines.read(10_000))?.value, { say: "welcome", version: 1 });
  await untilLate(clock, agent, /timed out after 50 ms$/);
  await assertRejects(() => lines.read(10_000).then((line) => assert(line)), Error);
  conn.abandon();
  await assertLives(agent);
});

Deno.test("An agent serves one client at a time, and tells others that it is busy", async () => {
  await using agent = await TestAgent.start();
  const client = await agent.connect();
  await assertRejects(() => agent.connect(), RunError, "it serves another client; try again");
  await client.close();
  await agent.says(/has ended$/);
  await assertLives(agent);
});

Deno.test("An agent ends the server of a client that dies in mid-run", async () => {
  await using agent = await TestAgent.start();
  const { conn, lines } = await agent.talk();
  await lines.read(10_000);
  await lines.write({
    ...{ ask: "start", lane: "tcp-async", resume: false, sizes: [100], repeat: 1 },
    ...{ connect: "message", reply: true, clients: 1, waitMs: 0, timeoutMs: 5000 },
    clockShiftUs: 0,
  });
  const { say, port } = (await within(lines.read(60_000)))!.value as { say: string; port: number };
  assertEquals(say, "listening");
  conn.abandon();
  await agent.says(/closed the connection early$/);
  await assertRefused(port);
  await assertLives(agent);
});

Deno.test("An agent that is closed ends its lane's server, and its client hears of it", async () => {
  await using agent = await TestAgent.start();
  const client = await agent.connect();
  const server = client.start(LANE);
  const port = await within(server.port);
  assert(port !== null);
  await within(agent.close());
  await assertRefused(port);
  const { code, stderr } = await within(server.ended);
  assertEquals([code, stderr], [
    1,
    "error: the agent is out of reach: it has ended the connection",
  ]);
  const next = await within(client.start(LANE).ended);
  assertMatch(next.stderr, /out of reach/);
  await client.close();
});

Deno.test("A lane's server ends when its client says so, and its document is partial", async () => {
  await using agent = await TestAgent.start();
  const client = await agent.connect();
  const server = client.start(LANE);
  assert(await within(server.port) !== null);
  server.kill("SIGINT");
  const { code, stdout } = await within(server.ended);
  assertEquals([code, JSON.parse(stdout).complete], [130, false]);
  const stopped = client.start(LANE);
  stopped.kill("SIGINT");
  assertMatch((await within(stopped.ended)).stderr, /stopped before it began/);
  await client.close();
});

Deno.test("A lane's server answers from the address to which its client has come", async () => {
  for (const hostname of ["0.0.0.0", "::"]) {
    await using agent = await TestAgent.start({ hostname });
    const { conn, lines } = await agent.talk("127.0.0.2");
    assertEquals((await lines.read(10_000))?.value, { say: "welcome", version: 1 });
    await lines.write(startQuestion({ ...LANE, lane: laneNamed("udp-async") }, 0));
    const { port } = (await lines.read(10_000))!.value as { port: number };
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.2", port } as const;
    await socket.send(bytesOf(messageText("udp", 0, 100)), to);
    const [answer, from] = await within(socket.receive());
    assertEquals([answer, from], [bytesOf("ack\0"), to]);
    socket.close();
    await conn.close();
  }
});

Deno.test("A client gives up on an agent that does not end a lane's server", async () => {
  await using place = await Workplace.make();
  const files = { certs: place.dir, keyPassphraseFile: null };
  await using listener = listenTls({
    ...await loadCertificates(files, "server"),
    ...{ hostname: "127.0.0.1", port: 0, clientCertificate: "require" as const },
  });
  const { port } = listener.addr;
  const connecting = AgentClient.connect({ ...files, hostname: "127.0.0.1", port, stopMs: 50 });
  await using conn = (await within(listener.accept()))!;
  const asked = Promise.withResolvers<void>();
  const agent = (async () => {
    const lines = new Lines(conn, MAX_QUESTION_BYTES, () => 0);
    await lines.write({ say: "welcome", version: 1 });
    for (let line; (line = await lines.read(10_000));) {
      const { ask } = line.value as { ask: string };
      if (ask === "time") await lines.write({ say: "time", receivedUs: 0, sentUs: 0 });
      else if (ask === "start") asked.resolve();
    }
  })().catch(() => {});
  const client = await within(connecting);
  const server = client.start(LANE);
  await within(asked.promise);
  server.kill("SIGINT");
  assertEquals(await within(server.port), null);
  assertEquals(
    (await within(server.ended)).stderr,
    "error: the agent is out of reach: it does not end the lane's server",
  );
  await client.close();
  await agent;
});

Deno.test("An agent ends a lane that takes too long", async () => {
  await using agent = await TestAgent.start({ maxSeconds: 1 });
  const client = await agent.connect();
  const { code, stderr } = await within(client.start(LANE).ended);
  assertEquals([code, stderr], [
    1,
    "error: it took more than 1 seconds (--max-seconds of the agent)",
  ]);
  await client.close();
});

Deno.test("An agent refuses what is beyond its limits, and serves on", async () => {
  await using agent = await TestAgent.start();
  const client = await agent.connect();
  const server = client.start({ ...LANE, args: ["--sizes", "100", "--clients", "6"] });
  assertEquals(await within(server.port), null);
  assertMatch((await server.ended).stderr, /the agent refuses it: 6 clients: at most 5/);
  const next = client.start(LANE);
  assert(await within(next.port) !== null);
  next.kill("SIGTERM");
  await within(next.ended);
  await client.close();
});

for (const shiftUs of [0, 7_654_321, -3_600_123_456]) {
  Deno.test(`A clock that is ${shiftUs} us ahead is found out, within what is said`, async () => {
    await using agent = await TestAgent.start({ clockShiftUs: shiftUs });
    const client = await agent.connect();
    const server = client.start(LANE);
    await within(server.port);
    server.kill("SIGTERM");
    const { offset, shiftUs: toldUs } = await within(server.ended);
    await client.close();
    assert(offset !== null);
    const wrongUs = Math.abs(offset.offsetUs - shiftUs);
    assert(wrongUs <= offset.uncertaintyUs, `${offset.offsetUs} of ${shiftUs}`);
    assert(offset.uncertaintyUs < 1_000_000, `${offset.uncertaintyUs}`);
    assert(Math.abs(toldUs + shiftUs) < 1_000_000, `${toldUs}`);
  });
}
