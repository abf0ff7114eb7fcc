import { parseOptions } from "../common/options.ts";
import { CONNECTIONS, PASSES, rehearse, rehearseSecure } from "../common/rehearsal.ts";
import { assert, assertEquals } from "../common/testing/assert.ts";
import { posixPair as dtls } from "../dtls/posix.ts";
import { posixPair as tcp } from "../tcp/posix.ts";
import { posixPair as tls } from "../tls/posix.ts";
import { posixPair as udp } from "../udp/posix.ts";

// At this number of connections the secure ones are rehearsed, too.
const MANY = ["--sizes", "100", "--repeat", "100"];
const ALL = PASSES.reduce((sum, messages) => sum + messages, 0);

for (const role of ["client", "server"] as const) {
  for (const io of ["sync", "spin"]) {
    for (const [protocol, pair] of [["tcp", tcp], ["udp", udp]] as const) {
      Deno.test(`${protocol}-${io} ${role} rehearses every message`, async () => {
        const options = parseOptions(protocol, role, ["--io", io]);
        assert(typeof options === "object");
        assertEquals(await rehearse(options, pair), ALL);
      });
    }
    for (const [protocol, pair] of [["tls", tls], ["dtls", dtls]] as const) {
      Deno.test(`${protocol}-${io} ${role} rehearses every message`, async () => {
        const engine = protocol === "tls" ? ["--engine", "openssl"] : [];
        const exchanged = async (...words: string[]) => {
          const options = parseOptions(protocol, role, ["--io", io, ...engine, ...words]);
          assert(typeof options === "object");
          return await rehearseSecure(options, pair);
        };
        assertEquals(await exchanged(...MANY), ALL + CONNECTIONS);
        assertEquals(await exchanged(...MANY, "--connect", "once"), ALL);
        assertEquals(await exchanged("--sizes", "100", "--repeat", "99"), ALL);
      });
    }
  }
}
