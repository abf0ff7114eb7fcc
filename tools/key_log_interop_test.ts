/** With a key log tshark reads what the secure pairs send. */
import { assertEquals } from "../common/testing/assert.ts";
import { Capture, NO_CAPTURE } from "../common/testing/capture.ts";
import type { Lane } from "../common/model/lanes.ts";
import { laneNamed, lanesOf, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

const lanes = lanesOf("tls", "dtls").filter(({ engine }) => engine === "openssl");
if (NO_CAPTURE === null) hostScripts(lanes);

const SMALL = ["--sizes", "100", "--repeat", "2"];

/** The original's header as far as no clock is in it, of what is a message; or the answer. */
const HEADER = /^( {4}[0-9],(?: ssl|dtls), {4}100,)[ 0-9]{5}\.[0-9]{6},A+$|^ack/;

/** Runs a pair, of which one end writes its keys; what tshark deciphers with them, and without. */
async function captured(lane: Lane, role: "client" | "server", args: readonly string[]) {
  await using place = await Workplace.make();
  const protocol = lane.protocol as "tls" | "dtls";
  const keys = place.path("keys");
  const keyLog = (end: string) => end === role ? ["--key-log", keys] : [];
  const { port, process } = await place.serve(lane, [...SMALL, ...args, ...keyLog("server")]);
  await using capture = await Capture.start([port], place.path("packets.pcapng"));
  const ends = [...SMALL, ...args, ...keyLog("client"), "--port", String(port)];
  const client = await place.run(lane, "client", ends);
  assertEquals(client.code, 0, client.stderr);
  assertEquals((await process.ended).code, 0);
  await capture.end();
  Deno.writeTextFileSync(place.path("none"), "");
  return {
    withKeys: await capture.deciphered(protocol, keys),
    without: await capture.deciphered(protocol, place.path("none")),
  };
}

const RUNS: [lane: Lane, role: "client" | "server", args: string[]][] = [
  ...lanes.map((lane): typeof RUNS[number] => [lane, "client", []]),
  [laneNamed("dtls-async-openssl"), "server", ["--resume"]],
  [laneNamed("tls-async-openssl"), "server", ["--resume"]],
  [laneNamed("tls-sync-openssl"), "server", ["--tls-version", "1.2"]],
];

for (const [lane, role, args] of RUNS) {
  const run = [lane.name, ...args].join(" ");
  Deno.test({
    name: `tshark reads what ${run} sends, with the ${role}'s key log${
      NO_CAPTURE === null ? "" : ` (${NO_CAPTURE})`
    }`,
    ignore: NO_CAPTURE !== null,
    async fn() {
      const { withKeys, without } = await captured(lane, role, args);
      const type = lane.protocol === "tls" ? " ssl" : "dtls";
      const read = withKeys.map((text) => HEADER.exec(text)).map((found) =>
        found?.[1] ?? found?.[0]
      );
      const messages = ["0", "1"].flatMap((no) => [`    ${no},${type},    100,`, "ack"]);
      assertEquals(read, messages);
      assertEquals(without, []);
    },
  });
}
