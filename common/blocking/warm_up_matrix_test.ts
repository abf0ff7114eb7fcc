import { parseOptions } from "../cli/options.ts";
import { CONNECTION_PASSES, LONG_PASSES, SHORT_PASSES, warmUp, warmUpSecure } from "./warm_up.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { blockingPair as dtls } from "../../dtls/blocking.ts";
import { blockingPair as tcp } from "../../tcp/blocking.ts";
import { blockingPair as tls } from "../../tls/blocking.ts";
import { blockingPair as udp } from "../../udp/blocking.ts";

// The long passes are gone through by a run of many messages, one of them by a run of some.
const MANY = ["--sizes", "100", "--repeat", "500"];
const SOME = ["--sizes", "100,999", "--repeat", "50"];
const FEW = ["--sizes", "100", "--repeat", "99"];
const SHORT = sum(SHORT_PASSES);
const MESSAGES = SHORT + sum(LONG_PASSES);
const CONNECTIONS = sum(CONNECTION_PASSES);
const SOME_MESSAGES = SHORT + LONG_PASSES[0]!;
const SOME_CONNECTIONS = sum(CONNECTION_PASSES.map((count) => Math.min(count, 100)));

for (const role of ["client", "server"] as const) {
  for (const io of ["sync", "spin"]) {
    for (const [protocol, pair] of [["tcp", tcp], ["udp", udp]] as const) {
      Deno.test(`${protocol}-${io} ${role} warms up with every message`, async () => {
        const exchanged = async (...args: string[]) => {
          const options = parseOptions(protocol, role, ["--io", io, ...args]);
          assert(typeof options === "object");
          return await warmUp(options, pair);
        };
        const connects = protocol === "tcp";
        assertEquals(await exchanged(...SOME), SOME_MESSAGES + (connects ? SOME_CONNECTIONS : 0));
        assertEquals(await exchanged(...SOME, "--connect", "once"), SOME_MESSAGES);
        const perSize = connects ? CONNECTION_PASSES.length * 2 : 0;
        assertEquals(await exchanged(...SOME, "--connect", "size"), SOME_MESSAGES + perSize);
        assertEquals(await exchanged(...FEW), SHORT);
      });
    }
    for (const [protocol, pair] of [["tls", tls], ["dtls", dtls]] as const) {
      Deno.test(`${protocol}-${io} ${role} warms up with every message`, async () => {
        const engine = protocol === "tls" ? ["--engine", "openssl"] : [];
        const exchanged = async (...args: string[]) => {
          const options = parseOptions(protocol, role, ["--io", io, ...engine, ...args]);
          assert(typeof options === "object");
          return await warmUpSecure(options, pair);
        };
        assertEquals(await exchanged(...SOME), SOME_MESSAGES + SOME_CONNECTIONS);
        assertEquals(await exchanged(...SOME, "--connect", "once"), SOME_MESSAGES);
        assertEquals(await exchanged(...FEW), SHORT);
      });
    }
  }
}

Deno.test("warmUp() goes through all passes for a run of many messages", async () => {
  const exchanged = async (...args: string[]) => {
    const options = parseOptions("tcp", "server", ["--io", "sync", ...args]);
    assert(typeof options === "object");
    return await warmUp(options, tcp);
  };
  assertEquals(await exchanged(...MANY), MESSAGES + CONNECTIONS);
  assertEquals(await exchanged(...MANY, "--connect", "once"), MESSAGES);
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
