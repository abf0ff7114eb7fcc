/** Every server takes messages of the original's earlier programs, whose header has 31 bytes. */
import { ACK } from "../common/model/message.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { lanesBesideSpin, readDocument, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";
import { bytesOf, talkTo } from "../common/testing/stub_peers.ts";

hostScripts();

const TYPES = { tcp: " tcp", udp: " udp", tls: " ssl", dtls: "dtls" } as const;

for (const lane of lanesBesideSpin("tcp", "udp", "tls", "dtls")) {
  Deno.test(`${lane.name} server takes the earlier header, and says so`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "2", "--connect", "once", "--json", "-"];
    const { port, process } = await place.serve(lane, args);
    const isStream = lane.protocol === "tcp" || lane.protocol === "tls";
    {
      using talk = await talkTo(lane.protocol, port);
      for (const no of [0, 1]) {
        const header = `   ${no},${TYPES[lane.protocol]},    100, 3599.999999,`;
        const message = bytesOf(header.padEnd(100, "A"));
        // The first part is as long as the header without the comma that tells its width.
        const parts = isStream ? [message.subarray(0, 4), message.subarray(4)] : [message];
        for (const part of parts) await talk.send(part);
        assertEquals(await talk.receive(), new Uint8Array(ACK));
      }
      await talk.end();
    }
    const { code, stdout } = await process.ended;
    const document = readDocument(stdout);
    const [run] = document.runs;
    assertEquals([code, document.complete, run?.headerBytes], [0, true, [31]]);
    assertEquals(run?.sizes.map(({ answered, lost }) => [answered, lost]), [[2, 0]]);
  });
}
