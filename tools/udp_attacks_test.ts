/** What strangers' datagrams, forged or not, do to a UDP server: nothing that lasts. */
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { Forger } from "../common/testing/forged.ts";
import { residentBytes } from "../common/testing/trouble.ts";
import { within } from "../common/testing/within.ts";
import { bytesOf, messageText, talkTo } from "../common/testing/stub_peers.ts";
import { lanesBesideSpin, type RunningServer, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const HOST = "127.0.0.1";

/** Forged datagrams go to loopback with calls of Linux, and take the rights of root. */
const ignore = Deno.build.os !== "linux" || !Forger.isPermitted;
if (ignore) console.error("not tested: forged datagrams, which take a raw socket");

/** A server echoes what anybody else sends: whatever came before it has been dealt with. */
async function assertEchoes(port: number, text: string): Promise<void> {
  using talk = await talkTo("udp", port);
  await talk.send(bytesOf(text));
  assertEquals(await within(talk.receive()), bytesOf(text));
}

/** Stops a server and gives the lines it has said about troubles. */
async function troublesOf({ process }: RunningServer): Promise<string[]> {
  process.kill("SIGINT");
  const { stderr } = await within(process.ended);
  return stderr.trim().split("\n").filter((line) => !/^(listening on|interrupted)/.test(line));
}

for (const lane of lanesBesideSpin("udp")) {
  for (const host of [HOST, "0.0.0.0"]) {
    Deno.test({
      name:
        `${lane.name} server with --echo on ${host} answers no datagram that claims to be its own`,
      ignore,
      fn: async () => {
        await using place = await Workplace.make();
        const server = await place.serve(lane, ["--echo", "--host", host]);
        const { port } = server;
        using forger = Forger.open()!;
        // Any address of this machine is one of a server's that listens on all of them.
        const froms = host === HOST ? [HOST] : [HOST, "127.0.0.9"];
        for (const from of froms) {
          forger.bind(from);
          forger.send(bytesOf("to and fro"), port, HOST, port);
        }
        await assertEchoes(port, "after");
        const troubles = await troublesOf(server);
        assertEquals(troubles.length, froms.length, troubles.join("\n"));
        for (const line of troubles) assertMatch(line, /: nothing is echoed to port \d+/);
      },
    });
  }

  Deno.test({
    name: `two ${lane.name} servers with --echo on one port do not answer each other`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const one = await place.serve(lane, ["--echo"]);
      const args = ["--echo", "--host", "127.0.0.2", "--port", String(one.port)];
      const process = place.start(lane, "server", args);
      assertEquals(await within(process.port), one.port);
      using forger = Forger.open()!;
      forger.bind("127.0.0.2");
      forger.send(bytesOf("to and fro"), one.port, HOST, one.port);
      await assertEchoes(one.port, "after");
      assertEquals((await troublesOf(one)).length, 1);
      assertEquals(await troublesOf({ process, port: one.port }), []);
    },
  });

  Deno.test({
    name: `${lane.name} server's memory has a bound with 45,000 forged senders`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const server = await place.serve(lane, ["--seconds", "1", "--sizes", "32,100", "--quiet"], {
        ownProcess: true,
      });
      const { port, process } = server;
      const before = residentBytes(process.pid);
      using forger = Forger.open()!;
      const bytes = bytesOf(messageText("udp", 99_999, 32));
      const good = await talkTo("udp", port);
      for (let i = 0; i < 45_000; i++) {
        if (i % 10_000 === 0) forger.bind(`127.0.1.${1 + i / 10_000}`);
        forger.send(bytes, 1024 + i % 10_000, HOST, port);
        // It is answered in its turn: the server has dealt with what came before.
        if (i % 100 === 0) {
          await good.send(bytesOf(messageText("udp", i / 100, 100)));
          await within(good.receive());
        }
      }
      const grown = residentBytes(process.pid) - before;

      assert(grown < 256 * 2 ** 20, `${grown}`);
      good[Symbol.dispose]();
    },
  });

  Deno.test({
    name: `${lane.name} server's memory has a bound with messages of 2,000 sizes`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const server = await place.serve(lane, ["--sizes", "100", "--forever", "--quiet"], {
        ownProcess: true,
      });
      const { port, process } = server;
      const before = residentBytes(process.pid);
      using talk = await talkTo("udp", port);
      for (let sizeBytes = 32; sizeBytes < 2032; sizeBytes++) {
        await talk.send(bytesOf(messageText("udp", 0, sizeBytes)));
        assertEquals(await within(talk.receive()), bytesOf("ack\0"));
      }
      const grown = residentBytes(process.pid) - before;

      assert(grown < 256 * 2 ** 20, `${grown}`);
      const troubles = await troublesOf(server);
      assertMatch(troubles[0]!, /: message 0 of \d+ bytes is not in this server's plan/);
      assert(troubles.length < 500, `${troubles.length} lines`);
    },
  });
}
