/** A server has more than one client, and not all of them behave: whoever does is served. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { inShortTime } from "../common/testing/short_time.ts";
import { within } from "../common/testing/within.ts";
import {
  bytesOf,
  messageText,
  StubServer,
  type Talk,
  talkTo,
} from "../common/testing/stub_peers.ts";
import {
  assertOneLine,
  lanesBesideSpin,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const SMALL = ["--sizes", "100", "--repeat", "3"];

/** Receives so many bytes, in whatever pieces they come. */
async function receiveAll(talk: Talk, length: number): Promise<Uint8Array> {
  const all: number[] = [];
  while (all.length < length) {
    const bytes = await talk.receive();
    if (!bytes) break;
    all.push(...bytes);
  }
  return Uint8Array.from(all);
}

const ACK = bytesOf("ack\0");

for (const lane of lanesBesideSpin("tcp", "tls", "dtls")) {
  Deno.test(`${lane.name} server serves a second client while the first is silent`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, SMALL);
    using first = await talkTo(lane.protocol, port);
    await first.send(bytesOf(messageText(lane.protocol, 0, 100)));
    assertEquals(await within(first.receive()), ACK);
    const second = await place.run(lane, "client", [...SMALL, "--port", String(port)]);
    assertEquals([second.code, second.stderr], [0, ""]);
    await first.end();
    assertEquals((await within(process.ended)).code, 0);
  });
}

for (const lane of lanesBesideSpin("tcp", "tls", "dtls")) {
  Deno.test(`${lane.name} server ends without a client that does not, after --timeout-ms`, () =>
    // The server gives up a handshake after this time, too, and that of a script's start is longer.
    inShortTime(300, async (timeoutMs) => {
      await using place = await Workplace.make();
      const args = [...SMALL, "--timeout-ms", String(timeoutMs)];
      const { port, process } = await place.serve(lane, args);
      using first = await talkTo(lane.protocol, port);
      await first.send(bytesOf(messageText(lane.protocol, 0, 100)));
      assertEquals(await within(first.receive()), ACK);
      for (let no = 0; no < 3; no++) {
        using second = await talkTo(lane.protocol, port);
        await second.send(bytesOf(messageText(lane.protocol, no, 100)));
        assertEquals(await within(second.receive()), ACK);
        await second.end();
      }
      const { code, stdout } = await within(process.ended);
      assertEquals(code, 0);
      assertMatch(stdout, /^100 +3 +0 /m);
    }));
}

for (const lane of lanesBesideSpin("tcp", "tls")) {
  Deno.test(`${lane.name} server serves a client while another has only connected`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, SMALL);
    using stranger = await Deno.connect({ port });
    const client = await place.run(lane, "client", [...SMALL, "--port", String(port)]);
    assertEquals([client.code, client.stderr], [0, ""]);
    stranger.close();
    assertEquals((await within(process.ended)).code, 0);
  });

  Deno.test(`${lane.name} server puts a message together that comes byte by byte`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
    using talk = await talkTo(lane.protocol, port);
    for (const byte of bytesOf(messageText(lane.protocol, 0, 100))) {
      await talk.send(Uint8Array.of(byte));
    }
    assertEquals(await within(receiveAll(talk, 4)), ACK);
    await talk.end();
    const { code, stdout } = await within(process.ended);
    assertEquals(code, 0);
    assertMatch(stdout, /us {5}0,.{4}, {4}100, {4}0\.000001$/m);
  });

  Deno.test(`${lane.name} client puts an answer together that comes byte by byte`, async () => {
    await using place = await Workplace.make();
    const parts = [...ACK].map((byte) => Uint8Array.of(byte));
    const options = { answers: () => true, sizeBytes: 100, parts };
    await using server = await StubServer.listen(lane.protocol, options);
    const args = [...SMALL, "--port", String(server.port), "--json", "-"];
    const client = await place.run(lane, "client", args);
    assertEquals([client.code, client.stderr], [0, ""]);
    assertEquals(readDocument(client.stdout).runs[0]!.sizes[0]!.answered, 3);
  });

  Deno.test(`${lane.name} server reports a client that goes in the middle of a message`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, SMALL);
    for (const inOrder of [true, false]) {
      using talk = await talkTo(lane.protocol, port);
      await talk.send(bytesOf(messageText(lane.protocol, 0, 100).slice(0, 50)));
      if (inOrder) await talk.end();
    }
    const client = await place.run(lane, "client", [...SMALL, "--port", String(port)]);
    assertEquals(client.code, 0, client.stderr);
    const { code, stderr } = await within(process.ended);
    assertEquals(code, 0);
    const why = "(the peer ended in the middle of a message|the peer closed the connection early)";
    const line = new RegExp(`^127\\.0\\.0\\.1:\\d+: ${why}$`, "gm");
    assertEquals(stderr.match(line)?.length, 2, stderr);
  });

  for (const part of ["", "ac"]) {
    Deno.test(`${lane.name} client says that the server went after "${part}" of an answer`, async () => {
      await using place = await Workplace.make();
      await using server = await StubServer.listen(lane.protocol, {
        answers: (n) => n < 2,
        sizeBytes: 100,
        onSilence: async (talk) => {
          if (part) await talk.send(bytesOf(part));
          talk[Symbol.dispose]();
        },
      });
      const args = [...SMALL, "--port", String(server.port), "--json", "-"];
      const client = await place.run(lane, "client", args);
      assertOneLine(
        client,
        1,
        /^error: cannot receive an answer from .*: the (server|peer) (closed the connection|hung up) .* \(at message 2 of size 100, 2 of 3 exchanged\)$/,
      );
      assertEquals(readDocument(client.stdout).runs[0]!.sizes[0]!.answered, 2);
    });
  }
}
