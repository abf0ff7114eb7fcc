/** What ends no server: clients that are gone before they are accepted, and too many clients. */
import { MessageWriter } from "../common/model/message.ts";
import type { Lane } from "../common/model/lanes.ts";
import { assert, assertEquals } from "../common/testing/assert.ts";
import { integerBetween, seededRandom } from "../common/testing/fake_random.ts";
import { ResettingRelay } from "../common/testing/resetting_relay.ts";
import {
  cannotMakeTrouble,
  descriptorsOf,
  limitDescriptors,
  resetConnections,
} from "../common/testing/trouble.ts";
import { within } from "../common/testing/within.ts";
import { connectTls, type TlsConn } from "../tls/mod.ts";
import {
  goodCertificates,
  lanesBesideSpin,
  untilLogged,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const ignore = cannotMakeTrouble();

/** More than a server accepts before they are gone. */
const RESETS = 300;

/** So many connections are torn in the middle, this many at once. */
const TORN = 20;
const TORN_AT_ONCE = 5;

/** A handshake with both certificates takes some 3,000 bytes, a message with its answer 1,004. */
const TORN_BYTES = 6000;

/** A client that sends messages until its connection ends. */
async function sendUntilTorn({ protocol }: Lane, port: number): Promise<void> {
  const message = new MessageWriter("tcp", 1000).prepare(0, 1000);
  const answer = new Uint8Array(4);
  using stack = new DisposableStack();
  try {
    const conn = protocol === "tcp"
      ? stack.use(await Deno.connect({ hostname: "127.0.0.1", port }))
      : stack.adopt(await connectSecure(port), (conn) => conn.abandon());
    do await conn.write(message); while (await conn.read(answer) !== null);
  } catch {
    // It was torn.
  }
}

async function connectSecure(port: number): Promise<TlsConn> {
  const { ca, client } = await goodCertificates();
  return await connectTls({ hostname: "127.0.0.1", port, caCerts: [ca], ...client });
}

/** Clients at once, and for how many of them there are descriptors. */
const CROWD = 24;
const ROOM = 6;

/** Opens connections until the server can take no more; some of them wait. */
async function crowd(port: number, pid: number): Promise<Deno.TcpConn[]> {
  limitDescriptors(pid, ROOM);
  const before = descriptorsOf(pid).length;
  const conns: Deno.TcpConn[] = [];
  for (let i = 0; i < CROWD; i++) conns.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  await within((async () => {
    while (descriptorsOf(pid).length < before + ROOM) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })());
  return conns;
}

for (const lane of lanesBesideSpin("tcp", "tls")) {
  const args = ["--sizes", "100", "--repeat", "3"];

  Deno.test({
    name: `${lane.name} server passes over connections that are gone before they are accepted`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, args);
      resetConnections(port, RESETS);
      const client = await place.run(lane, "client", [...args, "--port", String(port)]);
      assertEquals(client.code, 0, client.stderr);
      const { code, stderr } = await within(process.ended);
      assertEquals(code, 0, stderr);
      assert(!stderr.includes("a client that is gone"), stderr);
    },
  });

  Deno.test({
    name: `${lane.name} server serves others while connections are reset in the middle`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, [...args, "--forever"]);
      const lasting = place.start(lane, "client", [
        ...["--sizes", "100,200", "--repeat", "100000", "--connect", "once", "--wait-ms", "5"],
        ...["--port", String(port), "--timeout-ms", "60000"],
      ]);
      const random = seededRandom();
      {
        const after = () => integerBetween(random, 0, TORN_BYTES);
        await using relay = await ResettingRelay.listen(port, after);
        for (let i = 0; i < TORN; i += TORN_AT_ONCE) {
          const torn = Array.from({ length: TORN_AT_ONCE }, () => sendUntilTorn(lane, relay.port));
          await within(Promise.all(torn));
        }
        assertEquals(relay.resets, TORN);
      }
      const client = await place.run(lane, "client", [...args, "--port", String(port)]);
      assertEquals(client.code, 0, client.stderr);
      lasting.kill("SIGINT");
      const { code, stderr } = await within(lasting.ended);
      assertEquals([code, stderr], [130, "interrupted; the results are partial\n"]);
      process.kill("SIGINT");
      const server = await within(process.ended);
      assertEquals(server.code, 130, server.stderr);
      assert(!/^error: /m.test(server.stderr), server.stderr);
    },
  });

  Deno.test({
    name: `${lane.name} server rests while descriptors have run out, and goes on`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const csv = place.path("client.csv");
      await Deno.writeTextFile(csv, "");
      const { port, process } = await place.serve(lane, [...args, "--forever"], {
        ownProcess: true,
      });
      const lasting = place.start(lane, "client", [
        ...["--sizes", "100,200,300", "--repeat", "15", "--connect", "once", "--wait-ms", "10"],
        ...["--port", String(port), "--csv", csv],
      ]);
      await untilLogged(lasting, csv, 15);
      const conns = await crowd(port, process.pid);
      const { code, stderr } = await within(lasting.ended);
      assertEquals(code, 0, `an open connection lives on: ${stderr}`);
      for (const conn of conns) conn.close();
      const client = await place.run(lane, "client", [...args, "--port", String(port)]);
      assertEquals(client.code, 0, client.stderr);
      process.kill("SIGINT");
      const server = await within(process.ended);
      assertEquals(server.code, 130, server.stderr);
      assert(!/error/.test(server.stderr), server.stderr);
    },
  });
}
