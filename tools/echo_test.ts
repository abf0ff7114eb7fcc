/** Servers with `--echo` and `--discard` take whatever comes, of any number of clients. */
import type { Protocol } from "../common/model/protocol.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { bytesOf, talkTo } from "../common/testing/stub_peers.ts";
import { lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
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
    const { port, process } = await place.serve(lane, ["--discard"]);
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
    const { code, stderr } = await within(process.ended);
    assertEquals(code, 130);
    assertMatch(stderr, /^listening on .*\ninterrupted; the results are partial\n$/);
  });
}
