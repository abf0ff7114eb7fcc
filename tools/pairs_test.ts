import { LANES } from "../common/model/lanes.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { readLog } from "./report/log_reader.ts";
import {
  freePortFor,
  lanesBesideSpin,
  type PairEnding,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const SMALL = ["--sizes", "100,5000,16384", "--repeat", "4"];

function assertBothEnded({ client, server }: PairEnding): void {
  assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
}

for (const lane of LANES) {
  Deno.test(`${lane.name} pair exchanges the plan and stops by itself`, async () => {
    await using place = await Workplace.make();
    const ended = await place.pair(lane, SMALL, {
      client: ["--json", place.path("client.json"), "--csv", place.path("client.csv")],
      server: ["--json", place.path("server.json"), "--csv", place.path("server.csv")],
    });
    assertBothEnded(ended);
    for (const role of ["client", "server"]) {
      const document = readDocument(await Deno.readTextFile(place.path(`${role}.json`)));
      const [run] = document.runs;
      assertEquals([document.complete, run?.lane, run?.role], [true, lane.name, role]);
      assertEquals(run?.sizes.map((size) => size.sizeBytes), [100, 5000, 16384]);
      assertEquals(run?.sizes.map((size) => [size.sent, size.answered, size.lost]), [
        [4, 4, 0],
        [4, 4, 0],
        [4, 4, 0],
      ]);
      // The first message of a run is warm-up.
      assertEquals(run?.sizes.map((size) => size.messageUs.n), [3, 4, 4]);
      const steps = [...readLog(await Deno.readTextFile(place.path(`${role}.csv`)))];
      assertEquals(new Set(steps.map((step) => `${step.sizeBytes},${step.no}`)).size, 12);
    }
  });

  Deno.test(`${lane.name} pair sends all messages over one connection with --connect once`, async () => {
    await using place = await Workplace.make();
    const ended = await place.pair(lane, [...SMALL, "--connect", "once"], {
      client: ["--json", "-"],
      server: ["--csv", "-"],
    });
    assertBothEnded(ended);
    const [run] = readDocument(ended.client.stdout).runs;
    assertEquals(run?.sizes.map((size) => size.answered), [4, 4, 4]);
    assertEquals(run?.sizes.map((size) => size.steps.close), [null, null, null]);
    const handshakes = [...readLog(ended.server.stdout)].filter(({ step }) => step === "handshake");
    assertEquals(handshakes.length, lane.engine ? 1 : 0);
  });
}

for (const lane of lanesBesideSpin()) {
  Deno.test(`${lane.name} pair sends one-way with --no-reply`, async () => {
    await using place = await Workplace.make();
    const ended = await place.pair(lane, [...SMALL, "--no-reply"], {
      client: ["--json", "-"],
      server: ["--json", "-"],
    });
    assertBothEnded(ended);
    const [client] = readDocument(ended.client.stdout).runs;
    assertEquals(client?.sizes.map((size) => [size.sent, size.answered, size.lost]), [
      [4, null, null],
      [4, null, null],
      [4, null, null],
    ]);
    const [server] = readDocument(ended.server.stdout).runs;
    if (lane.protocol === "udp") {
      assert(server?.sizes.every((size) => size.lost !== null && size.lost <= 4));
    } else {
      assertEquals(server?.sizes.map((size) => size.lost), [0, 0, 0]);
    }
  });

  Deno.test(`${lane.name} server waits for as many clients as --clients says`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100,5000", "--repeat", "2", "--clients", "8"];
    const ended = await place.pair(lane, args, {
      client: ["--json", "-"],
      server: ["--json", "-"],
    });
    assertBothEnded(ended);
    for (const { stdout } of [ended.client, ended.server]) {
      const [run] = readDocument(stdout).runs;
      assertEquals(run?.clients, 8);
      assertEquals(run?.sizes.map((size) => size.answered), [16, 16]);
    }
  });

  Deno.test(`${lane.name} pair works over IPv6`, async () => {
    await using place = await Workplace.make();
    const ended = await place.pair(lane, ["--sizes", "100", "--repeat", "3", "--host", "::1"]);
    assertBothEnded(ended);
    assertMatch(ended.server.stderr, /^listening on \[::1\]:\d+$/m);
  });

  Deno.test(`${lane.name} pair works with a host name`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "3", "--host", "localhost"];
    assertBothEnded(await place.pair(lane, args));
  });

  Deno.test(`${lane.name} server prints a line a message and both print a table`, async () => {
    await using place = await Workplace.make();
    const { client, server } = await place.pair(lane, ["--sizes", "100", "--repeat", "3"]);
    const type = { tcp: " tcp", udp: " udp", tls: " ssl", dtls: "dtls" }[lane.protocol];
    const line = new RegExp(
      `^ *\\d+\\.\\d{6} +-?\\d+ us     2,${type},    100, *\\d+\\.\\d{6}$`,
      "m",
    );
    assertMatch(server.stdout, line);
    for (const { stdout } of [client, server]) {
      assertMatch(stdout, new RegExp(`^${lane.name} (client|server)`, "m"));
      assertMatch(stdout, /^100 +3 +0 /m);
    }
  });

  Deno.test(`${lane.name} series of quick runs binds the same port again`, async () => {
    await using place = await Workplace.make();
    const port = freePortFor(lane);
    const args = ["--sizes", "100", "--repeat", "2", "--port", String(port)];
    for (let run = 0; run < 3; run++) {
      const server = place.start(lane, "server", args);
      assertEquals(await server.port, port);
      assertEquals((await place.run(lane, "client", args)).code, 0);
      assertEquals((await server.ended).code, 0);
    }
  });
}
