/** What ends no server: clients that are gone before they are accepted, and too many clients. */
import { assert, assertEquals } from "../common/testing/assert.ts";
import {
  cannotMakeTrouble,
  descriptorsOf,
  limitDescriptors,
  resetConnections,
} from "../common/testing/trouble.ts";
import { within } from "../common/testing/within.ts";
import { lanesOf, untilLogged, Workplace } from "./testing.ts";

const ignore = cannotMakeTrouble();

/** More than a server accepts before they are gone. */
const RESETS = 300;

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

for (const lane of lanesOf("tcp", "tls")) {
  const words = ["--sizes", "100", "--repeat", "3"];

  Deno.test({
    name: `${lane.name} server passes over connections that are gone before they are accepted`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, words);
      resetConnections(port, RESETS);
      const client = await place.run(lane, "client", [...words, "--port", String(port)]);
      assertEquals(client.code, 0, client.stderr);
      const { code, stderr } = await within(process.ended);
      assertEquals(code, 0, stderr);
      assert(!stderr.includes("a client that is gone"), stderr);
    },
  });

  Deno.test({
    name: `${lane.name} server rests while descriptors have run out, and goes on`,
    ignore,
    fn: async () => {
      await using place = await Workplace.make();
      const csv = place.path("client.csv");
      await Deno.writeTextFile(csv, "");
      const { port, process } = await place.serve(lane, [...words, "--forever"]);
      const lasting = place.start(lane, "client", [
        ...["--sizes", "100,200,300", "--repeat", "15", "--connect", "once", "--wait-ms", "10"],
        ...["--port", String(port), "--csv", csv],
      ]);
      await untilLogged(lasting, csv, 15);
      const conns = await crowd(port, process.pid);
      const { code, stderr } = await within(lasting.ended);
      assertEquals(code, 0, `an open connection lives on: ${stderr}`);
      for (const conn of conns) conn.close();
      const client = await place.run(lane, "client", [...words, "--port", String(port)]);
      assertEquals(client.code, 0, client.stderr);
      process.kill("SIGINT");
      const server = await within(process.ended);
      assertEquals(server.code, 130, server.stderr);
      assert(!/error/.test(server.stderr), server.stderr);
    },
  });
}
