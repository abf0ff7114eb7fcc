/** What is waited for and does not come: each wait ends with `--timeout-ms`, on every kind of I/O. */
import { PosixSocket } from "../common/posix/socket.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { inShortTime } from "../common/testing/short_time.ts";
import { within } from "../common/testing/within.ts";
import { bytesOf, messageText, StubServer, talkTo } from "../common/testing/stub_peers.ts";
import {
  assertOneLine,
  laneNamed,
  lanesBesideSpin,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** A client that is served has the usual time: only what is waited for in vain ends early. */
const SMALL = ["--sizes", "100", "--repeat", "2"];

const STREAMS = [...lanesBesideSpin("tcp", "tls"), laneNamed("tcp-spin")];
const DATAGRAMS = [...lanesBesideSpin("udp", "dtls"), laneNamed("dtls-spin-openssl")];

/** Arguments of a client of that port. */
function clientArguments(port: number, repeat: number, timeoutMs: number): string[] {
  return [
    ...["--sizes", "100", "--repeat", String(repeat), "--timeout-ms", String(timeoutMs)],
    ...["--port", String(port), "--json", "-"],
  ];
}

for (const lane of STREAMS) {
  Deno.test(`${lane.name} client gives up on an answer after --timeout-ms`, () =>
    inShortTime(300, async (timeoutMs) => {
      await using place = await Workplace.make();
      const answers = (n: number) => n < 2;
      await using server = await StubServer.listen(lane.protocol, { answers, sizeBytes: 100 });
      const client = await place.run(lane, "client", clientArguments(server.port, 5, timeoutMs));
      const late = `127\\.0\\.0\\.1:\\d+: timed out after ${timeoutMs} ms`;
      assertOneLine(client, 1, new RegExp(`^error: cannot receive an answer from ${late} `));
      assertMatch(client.stderr, /\(at message 2 of size 100, 2 of 5 exchanged\)$/m);
      const document = readDocument(client.stdout);
      assertEquals([document.complete, document.runs[0]!.sizes[0]!.answered], [false, 2]);
    }));

  Deno.test(`${lane.name} server gives up on half a message after --timeout-ms, and serves on`, () =>
    inShortTime(1000, async (timeoutMs) => {
      await using place = await Workplace.make();
      const args = [...SMALL, "--timeout-ms", String(timeoutMs)];
      const { port, process } = await place.serve(lane, args);
      using talk = await talkTo(lane.protocol, port);
      await talk.send(bytesOf(messageText(lane.protocol, 0, 100).slice(0, 50)));
      assertEquals(await talk.receive(), null, "the server closes the connection");
      assertEquals((await place.run(lane, "client", [...SMALL, "--port", String(port)])).code, 0);
      const { code, stderr } = await process.ended;
      assertEquals(code, 0);
      const line = `^127\\.0\\.0\\.1:\\d+: timed out after ${timeoutMs} ms$`;
      assertMatch(stderr, new RegExp(line, "m"));
    }));

  Deno.test(`${lane.name} client gives up on a server that does not read after --timeout-ms`, async () => {
    await using place = await Workplace.make();
    const onSilence = () => new Promise<void>(() => {});
    const options = { answers: () => false, sizeBytes: 100, onSilence };
    await using server = await StubServer.listen(lane.protocol, options);
    const much = ["--sizes", "999999", "--repeat", "50", "--no-reply", "--connect", "once"];
    const args = [...much, "--timeout-ms", "300", "--port", String(server.port), "--json", "-"];
    const client = await within(place.run(lane, "client", args));
    assertOneLine(client, 1, /^error: cannot send to 127\.0\.0\.1:\d+: timed out after 300 ms /);
    assertEquals(readDocument(client.stdout).complete, false);
  });

  Deno.test(`${lane.name} client gives up on a connection after --timeout-ms`, async () => {
    if (Deno.build.os !== "linux") {
      console.log(
        "not tested: other systems than Linux take more connections than they are asked to",
      );
      return;
    }
    await inShortTime(300, async (timeoutMs) => {
      await using place = await Workplace.make();
      using full = new FullListener(timeoutMs);
      const args = clientArguments(full.port, 1, timeoutMs);
      const client = await within(place.run(lane, "client", args));
      const late = `127\\.0\\.0\\.1:\\d+: timed out after ${timeoutMs} ms`;
      assertOneLine(client, 1, new RegExp(`^error: cannot connect to ${late}$`));
    });
  });
}

for (const lane of lanesBesideSpin("tls")) {
  // Node's TLS on rustls does not tell one wait from another.
  const lateAfter = (timeoutMs: number) =>
    lane.engine === "rustls"
      ? `timed out after ${timeoutMs} ms`
      : "the peer did not answer the handshake in time";

  Deno.test(`${lane.name} client gives up on a handshake after --timeout-ms`, () =>
    inShortTime(300, async (timeoutMs) => {
      await using place = await Workplace.make();
      // Connections are accepted by the system, and nobody is there to say a word.
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const args = clientArguments(listener.addr.port, 1, timeoutMs);
      const client = await place.run(lane, "client", args);
      const line = new RegExp(`^error: cannot connect to .*: ${lateAfter(timeoutMs)}$`);
      assertOneLine(client, 1, line);
      assertEquals(readDocument(client.stdout).runs[0]!.sizes, []);
    }));

  Deno.test(`${lane.name} server gives up on a handshake after --timeout-ms, and serves on`, () =>
    inShortTime(1000, async (timeoutMs) => {
      await using place = await Workplace.make();
      const args = [...SMALL, "--timeout-ms", String(timeoutMs)];
      const { port, process } = await place.serve(lane, args);
      using stranger = await Deno.connect({ port });
      const into = new Uint8Array(1);
      assertEquals(await stranger.read(into), null, "the server closes the connection");
      assertEquals((await place.run(lane, "client", [...SMALL, "--port", String(port)])).code, 0);
      const { code, stderr } = await process.ended;
      assertEquals(code, 0);
      const line = `^127\\.0\\.0\\.1:\\d+: .*${lateAfter(timeoutMs)}$`;
      assertMatch(stderr, new RegExp(line, "m"));
    }));
}

/** Of eight messages, two have no answer. */
const answersMost = (n: number) => n % 4 !== 2;

for (const lane of DATAGRAMS) {
  Deno.test(`${lane.name} client counts answers that do not come as lost and goes on`, () =>
    inShortTime(400, async (timeoutMs) => {
      await using place = await Workplace.make();
      const options = { answers: answersMost, sizeBytes: 100 };
      await using server = await StubServer.listen(lane.protocol, options);
      const client = await place.run(lane, "client", clientArguments(server.port, 8, timeoutMs));
      assertEquals([client.code, client.stderr], [0, ""]);
      const [size] = readDocument(client.stdout).runs[0]!.sizes;
      assertEquals([size?.sent, size?.answered, size?.lost], [8, 6, 2]);
      // Neither the warm-up message nor a timeout's time is in the statistics.
      assertEquals(size?.messageUs.n, 5);
    }));
}

for (const lane of lanesBesideSpin("dtls")) {
  Deno.test(`${lane.name} client counts the answers of one session that do not come`, () =>
    inShortTime(400, async (timeoutMs) => {
      await using place = await Workplace.make();
      await using server = await StubServer.listen("dtls", {
        answers: answersMost,
        sizeBytes: 100,
      });
      const args = [...clientArguments(server.port, 8, timeoutMs), "--connect", "once"];
      const client = await place.run(lane, "client", args);
      assertEquals([client.code, client.stderr], [0, ""]);
      const [size] = readDocument(client.stdout).runs[0]!.sizes;
      assertEquals([size?.sent, size?.answered, size?.lost], [8, 6, 2]);
    }));
}

/** Listens, accepts nobody, and has no room left for those who wait. */
class FullListener implements Disposable {
  readonly #listener = PosixSocket.open("stream", "127.0.0.1", "block");
  readonly #waiting: PosixSocket[] = [];

  /** @param timeoutMs who is not connected by then waits for room */
  constructor(timeoutMs: number) {
    this.#listener.listen("127.0.0.1", 0, 0);
    // listen(2): the system may take a few more than the backlog says.
    while (this.#connects(timeoutMs));
  }

  get port(): number {
    return this.#listener.address.port;
  }

  #connects(timeoutMs: number): boolean {
    const socket = PosixSocket.open("stream", "127.0.0.1", "block");
    this.#waiting.push(socket);
    const dueMs = performance.now() + timeoutMs;
    // Each call takes a slice of time.
    while (performance.now() < dueMs) if (socket.connect(this.#listener.address)) return true;
    return false;
  }

  [Symbol.dispose](): void {
    for (const socket of [...this.#waiting, this.#listener]) socket.close();
  }
}
