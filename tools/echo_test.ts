/** Servers with `--echo` and `--discard` take whatever comes, of any number of clients. */
import type { Protocol } from "../common/model/protocol.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { bytesOf, talkTo } from "../common/testing/stub_peers.ts";
import {
  assertOneLine,
  lanesBesideSpin,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** Sends to a server what is no message of the pairs', and gives what comes back. */
async function echoOf(
  protocol: Protocol,
  port: number,
  bytes: Uint8Array,
): Promise<Uint8Array | null> {
  using talk = await talkTo(protocol, port);
  await talk.send(bytes);
  const echo = await within(talk.receive());
  await talk.end();
  return echo;
}

for (const lane of lanesBesideSpin()) {
  Deno.test(`${lane.name} client with --expect-echo gets each message back`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--echo"]);
    // A stream's echo comes in parts.
    const sizes = lane.protocol === "tcp" || lane.protocol === "tls" ? "100,300000" : "100,16384";
    const args = ["--port", String(port), "--sizes", sizes, "--repeat", "3", "--expect-echo"];
    const { code, stdout, stderr } = await place.run(lane, "client", [...args, "--json", "-"]);
    assertEquals([code, stderr], [0, ""]);
    const [run] = readDocument(stdout).runs;
    assertEquals([run?.expectEcho, run?.sizes.map(({ answered }) => answered)], [true, [3, 3]]);
    process.kill("SIGINT");
    assertEquals((await within(process.ended)).code, 130);
  });

  Deno.test(`${lane.name} server with --echo sends everything back until it is stopped`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--echo"]);
    const sent = [1, 2, 3, 4].map((i) => bytesOf(`anything at all ${i}`));
    const echoes = await Promise.all(sent.map((bytes) => echoOf(lane.protocol, port, bytes)));
    assertEquals(echoes, sent);
    process.kill("SIGINT");
    const { code, stderr } = await within(process.ended);
    assertEquals(code, 130);
    assertMatch(stderr, /^listening on .*\ninterrupted; the results are partial\n$/);
  });

  Deno.test(`${lane.name} server with --discard takes everything until it is stopped`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, [
      ...["--discard", "--json", place.path("discard.json")],
    ]);
    using open = new DisposableStack();
    const talks = await Promise.all([1, 2, 3, 4].map(() => talkTo(lane.protocol, port)));
    for (const talk of talks) open.use(talk);
    const answers = talks.map((talk) => talk.receive());
    for (const talk of talks) {
      for (let i = 0; i < 50; i++) await talk.send(new Uint8Array(1000));
    }
    for (const talk of talks) await talk.end();
    assertEquals(await within(Promise.all(answers)), [null, null, null, null]);
    process.kill("SIGINT");
    const { code, stdout, stderr } = await within(process.ended);
    assertEquals(code, 130);
    const [run] = readDocument(await Deno.readTextFile(place.path("discard.json"))).runs;
    // What is on its way when the server is stopped may be missing.
    const { bytes } = run!.discarded!;
    assert(bytes <= 4 * 50 * 1000, `${bytes}`);
    assertMatch(stdout, new RegExp(`^${lane.name} server\\nbytes +seconds +MB/s\\n${bytes} `));
    assertMatch(stderr, /^listening on .*\ninterrupted; the results are partial\n$/);
  });
}

for (const lane of lanesBesideSpin("tcp", "udp")) {
  Deno.test(`${lane.name} client with --expect-echo refuses another answer`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
    const args = ["--port", String(port), "--sizes", "100", "--repeat", "1", "--expect-echo"];
    const line = /^error: cannot receive an answer .*: what came is not the message that was sent$/;
    assertOneLine(await place.run(lane, "client", args), 1, line);
  });
}
