/** What goes over the wire does not hang on how an end waits: ends of all kinds go together. */
import { laneName } from "../common/model/protocol.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** Client and server: every kind of I/O and every engine meets another one, as either end. */
const MIXES = (["tcp", "udp", "tls", "dtls"] as const).flatMap((protocol) => {
  const engine = protocol === "tls" || protocol === "dtls" ? "openssl" : null;
  const kinds = [["async", "sync"], ["sync", "async"], ["spin", "sync"], ["sync", "spin"]] as const;
  return kinds.map((kind) => kind.map((io) => laneName(protocol, io, engine)));
}).concat([
  ["tls-async-rustls", "tls-sync-openssl"],
  ["tls-spin-openssl", "tls-async-rustls"],
]);

for (const [client, server] of MIXES) {
  for (const connect of ["message", "once"]) {
    Deno.test(`${client} client talks to ${server} server (--connect ${connect})`, async () => {
      await using place = await Workplace.make();
      const args = ["--sizes", "100,16384", "--repeat", "3", "--connect", connect];
      const ended = await place.pair(laneNamed(client!), args, {
        serverLane: laneNamed(server!),
        client: ["--json", "-"],
        server: ["--json", "-"],
      });
      for (
        const [lane, { code, stdout, stderr }] of [
          [client, ended.client],
          [server, ended.server],
        ] as const
      ) {
        assertEquals(code, 0, stderr);
        const [run] = readDocument(stdout).runs;
        assertEquals(run?.lane, lane);
        assertEquals(run?.sizes.map((size) => [size.answered, size.lost]), [[3, 0], [3, 0]]);
      }
    });
  }
}
