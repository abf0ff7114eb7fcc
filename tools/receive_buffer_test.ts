/** What a server says of datagrams that have reached its machine and not the program. */
import { assertEquals, assertMatch, assertNotMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** More than a listener's buffer of 4 MiB holds. */
const DATAGRAMS = 12_000;

const ignore = Deno.build.os !== "linux";

for (const lane of lanesBesideSpin("udp", "dtls")) {
  // Deno's own UDP server needs no --allow-ffi, and knows nothing without.
  const knows = lane.name !== "udp-async";
  const says = knows ? "says at its end how many datagrams were lost" : "says nothing of lost ones";

  Deno.test({
    name: `${lane.name} server ${says}`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, ["--quiet", "--discard"]);
      process.kill("SIGSTOP");
      const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
      for (let i = 0; i < DATAGRAMS; i++) await socket.send(new Uint8Array(1400), to);
      socket.close();
      process.kill("SIGCONT");
      process.kill("SIGINT");
      const { code, stderr } = await within(process.ended);
      assertEquals(code, 130, stderr);
      const line = /^warning: \d+ datagrams were lost here: .* was full; .*rmem_max\)$/m;
      if (knows) assertMatch(stderr, line);
      else assertNotMatch(stderr, /warning/);
    },
  });

  Deno.test(`${lane.name} server says nothing of lost datagrams where none were lost`, async () => {
    await using place = await Workplace.make();
    const { server } = await place.pair(lane, ["--sizes", "100", "--repeat", "3"]);
    assertEquals([server.code, /warning/.test(server.stderr)], [0, false], server.stderr);
  });
}
