import type { RunResult } from "../common/measure/result.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import {
  assertOneLine,
  laneNamed,
  type PairEnding,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { inShortTime } from "../common/testing/short_time.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** The runs of a pair that ended by itself: the client's and the server's. */
function runsOf({ client, server }: PairEnding): [RunResult, RunResult] {
  assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
  const [one, other] = [client, server].map(({ stdout }) => readDocument(stdout).runs[0]!);
  return [one!, other!];
}

const JSON_OUT = { client: ["--json", "-"], server: ["--json", "-"] };
const LANES = ["tcp-async", "udp-sync", "tls-sync-openssl", "dtls-async-openssl"].map(laneNamed);

for (const lane of LANES) {
  Deno.test(`${lane.name} pair sends one-way for --seconds and stops by itself`, async () => {
    await using place = await Workplace.make();
    const args = [
      "--sizes",
      "999,100",
      "--seconds",
      "1",
      "--connect",
      "once",
      "--no-reply",
      "--wait-ms",
      "1",
    ];
    const [client, server] = runsOf(await place.pair(lane, args, JSON_OUT));
    for (const [i, { sizeBytes, sent, answered, lost, oneWay }] of server.sizes.entries()) {
      const sentOut = client.sizes[i]!.sent!;
      assertEquals([sizeBytes, sent, answered], [client.sizes[i]!.sizeBytes, null, null]);
      assert(oneWay && oneWay.seconds! > 0 && oneWay.messagesPerSecond! > 0);
      assert(oneWay.megabytesPerSecond! > 0);
      assert(lost !== null && lost < sentOut, `${lost} of ${sentOut} lost`);
      // On one machine nothing is doubled; a connection loses nothing and keeps the order.
      assertEquals(oneWay.duplicates, 0);
      if (lane.protocol === "tcp" || lane.protocol === "tls") {
        assertEquals([lost, oneWay.reordered], [0, 0]);
      }
    }
    assertEquals(
      client.sizes.map((size) => [size.answered, size.lost]),
      Array(2).fill([null, null]),
    );
    assert(client.sizes.every((size) => size.sent! > 0 && !("oneWay" in size)));
  });

  Deno.test(`${lane.name} pair exchanges answers for --seconds and stops by itself`, () =>
    // A server of streams takes twice this time without a connection for the end.
    inShortTime(500, async (timeoutMs) => {
      await using place = await Workplace.make();
      const args = ["--sizes", "100", "--seconds", "1", "--wait-ms", "1"];
      const late = ["--timeout-ms", String(timeoutMs)];
      const [client, server] = runsOf(await place.pair(lane, [...args, ...late], JSON_OUT));
      const [sent] = client.sizes;
      assert(sent!.sent! > 0 && sent!.answered === sent!.sent! - sent!.lost!);
      const [received] = server.sizes;
      assertEquals([received!.sent, received!.lost], [null, null]);
      assert(received!.answered! >= sent!.answered && !("oneWay" in received!));
    }));
}

Deno.test("a server's table of a one-way run has rates and counts", async () => {
  await using place = await Workplace.make();
  const args = ["--sizes", "100", "--repeat", "5", "--no-reply"];
  const { client, server } = await place.pair(laneNamed("tcp-async"), args);
  assertEquals([client.code, server.code], [0, 0]);
  assertMatch(
    server.stdout,
    /bytes +messages +lost +messages\/s +MB\/s +duplicates +reordered +delay p50 us\n100 +5 +0 +\d/,
  );
  assertMatch(client.stdout, /bytes +messages +lost +p50 us/);
});

const KEPT = ["--sizes", "100", "--no-reply", "--connect", "once"];

for (const name of ["tcp-async", "tls-async-rustls", "tls-sync-openssl"]) {
  Deno.test(`${name} server fails with its only connection where messages are missing`, async () => {
    await using place = await Workplace.make();
    const { client, server } = await place.pair(laneNamed(name), KEPT, {
      client: ["--repeat", "3"],
      server: ["--repeat", "5"],
    });
    assertEquals(client.code, 0, client.stderr);
    assertOneLine(server, 1, /^error: the client has ended, 3 of 5 messages received$/);
  });
}

for (const name of ["dtls-async-openssl", "dtls-sync-openssl"]) {
  Deno.test(`${name} server ends with its only connection, and counts what was lost`, async () => {
    await using place = await Workplace.make();
    const [, server] = runsOf(
      await place.pair(laneNamed(name), KEPT, {
        client: ["--repeat", "3", "--json", "-"],
        server: ["--repeat", "5", "--json", "-"],
      }),
    );
    assertEquals([server.sizes[0]!.sent, server.sizes[0]!.lost], [5, 2]);
  });
}

for (const name of ["tcp-async", "tcp-sync", "udp-async", "dtls-sync-openssl"]) {
  Deno.test(`${name} client has to wait for a server with --wait-ms`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "4"];
    const [client] = runsOf(
      await place.pair(laneNamed(name), args, {
        client: ["--json", "-"],
        server: ["--json", "-", "--wait-ms", "50"],
      }),
    );
    // Three pauses; a timer may fire a little early.
    assert(client.sizes[0]!.seconds! > 0.14, `${client.sizes[0]!.seconds}`);
  });
}
