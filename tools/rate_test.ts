/** Clients with `--rate`: messages go out when they are due, whether answers have come or not. */
import { ACK } from "../common/model/message.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { StubServer } from "../common/testing/stub_peers.ts";
import {
  assertOneLine,
  laneNamed,
  lanesBesideSpin,
  readDocument,
  SPINNING,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const LANES = [...lanesBesideSpin(), ...SPINNING];

for (const lane of LANES) {
  Deno.test(`${lane.name} client with --rate sends no sooner than messages are due`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100,999", "--repeat", "12", "--rate", "250.5", "--json", "-"];
    const { client, server } = await place.pair(lane, args);
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    const [run] = readDocument(client.stdout).runs;
    assertEquals(run!.sizes.map(({ answered }) => answered), [12, 12]);
    assertRate(run!.rate, 250.5);
    // Of each size 11 messages are due after the first.
    for (const { seconds } of run!.sizes) assert(seconds! >= 11 / 250.5, `${seconds}`);
    // A server knows what was wanted.
    assertEquals(readDocument(server.stdout).runs[0]!.rate, { wanted: 250.5, reached: null });
  });
}

/** A rate that is reached, or less on a busy machine, and never more. */
function assertRate(rate: { wanted: number; reached: number | null } | undefined, wanted: number) {
  assertEquals(rate?.wanted, wanted);
  const { reached } = rate!;
  assert(reached !== null && reached > 0 && reached <= wanted + 0.001, `${reached}`);
}

/** Every protocol, and every kind of I/O. */
const ONE_OF_EACH = ["tcp-sync", "udp-async", "tls-async-rustls", "dtls-spin-openssl"].map(
  laneNamed,
);

for (const lane of ONE_OF_EACH) {
  Deno.test(`${lane.name} clients with --rate take turns`, async () => {
    await using place = await Workplace.make();
    const csv = place.path("client.csv");
    const args = ["--sizes", "100", "--repeat", "5", "--clients", "3", "--rate", "300"];
    const { client, server } = await place.pair(lane, [...args, "--connect", "once"], {
      client: ["--json", "-", "--csv", csv],
    });
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    assertRate(readDocument(client.stdout).runs[0]!.rate, 300);
    // A message begins when it is due: each client's are 10 ms apart, and its first one is
    // 10 / 3 ms after that of the client before.
    const log = await Deno.readTextFile(csv);
    const beginsMs = [0, 1, 2].map((client) => beginsOf(log, client).map((us) => us / 1000));
    const first = beginsMs[0]![0]!;
    for (const [client, begins] of beginsMs.entries()) {
      assertEquals(begins.length, 5);
      for (const [no, ms] of begins.entries()) {
        const dueMs = first + no * 10 + client * 10 / 3;
        assert(Math.abs(ms - dueMs) < 0.01, `${client}, ${no}: ${ms} for ${dueMs}`);
      }
    }
  });

  Deno.test(`${lane.name} client with --rate and --no-reply paces what it sends`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--seconds", "1", "--connect", "once", "--no-reply"];
    const { client, server } = await place.pair(lane, [...args, "--rate", "40", "--json", "-"]);
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    const [run] = readDocument(client.stdout).runs;
    assertRate(run!.rate, 40);
    const { sent } = run!.sizes[0]!;
    assert(sent! > 0 && sent! <= 40, `${sent}`);
  });
}

/** When each of a client's messages began, in microseconds. */
function beginsOf(log: string, client: number): number[] {
  const begins = new Map<string, number>();
  for (const line of log.split("\n").slice(1)) {
    const [startUs, , step, , , number, sizeBytes, no] = line.split(",");
    // Steps of setting up have no size.
    if (step === "size" || sizeBytes === "0" || number !== String(client)) continue;
    if (no === undefined) continue;
    const us = Number(startUs);
    begins.set(no, Math.min(begins.get(no) ?? Infinity, us));
  }
  return [...begins.values()].sort((a, b) => a - b);
}

for (const lane of [...ONE_OF_EACH, laneNamed("tcp-async")]) {
  Deno.test(`${lane.name} client hears Ctrl-C while it waits for its turn`, async () => {
    await using place = await Workplace.make();
    const answered = Promise.withResolvers<void>();
    const answers = () => (answered.resolve(), true);
    await using server = await StubServer.listen(lane.protocol, { answers, sizeBytes: 100 });
    const client = place.start(lane, "client", [
      ...["--sizes", "100", "--repeat", "5", "--connect", "once", "--rate", "0.1"],
      ...["--port", String(server.port), "--json", "-"],
    ]);
    await within(answered.promise);
    client.kill("SIGINT");
    const ending = await within(client.ended);
    assertOneLine(ending, 130, /^interrupted; the results are partial$/);
    const [run] = readDocument(ending.stdout).runs;
    assertEquals(run!.rate, { wanted: 0.1, reached: null });
  });
}

Deno.test("a client warns of a rate that it has not reached", async () => {
  await using place = await Workplace.make();
  const args = ["--sizes", "100", "--repeat", "200", "--connect", "once"];
  // The server takes a message every 2 ms.
  const { client } = await place.pair(laneNamed("tcp-async"), args, {
    client: ["--rate", "5000"],
    server: ["--wait-ms", "2"],
  });
  assertEquals(client.code, 0, client.stderr);
  assertMatch(
    client.stderr,
    /^warning: 5000 messages a second were not reached: [0-9.]+ were sent; the times hold .*--rate.*\n$/,
  );
});

/** So long it pauses in each second, the first time half a second after the first message. */
const PAUSE_MS = 100;

/** A server of one connection that answers at once, and pauses once a second. */
async function servePausing(listener: Deno.TcpListener, sizeBytes: number): Promise<void> {
  using connection = await listener.accept();
  const bytes = new Uint8Array(sizeBytes);
  for (let beganMs = NaN;;) {
    for (let got = 0; got < sizeBytes;) {
      const read = await connection.read(bytes.subarray(got));
      if (read === null) return;
      got += read;
    }
    if (Number.isNaN(beganMs)) beganMs = performance.now();
    const intoMs = (performance.now() - beganMs + 500) % 1000;
    if (intoMs < PAUSE_MS) await new Promise((go) => setTimeout(go, PAUSE_MS - intoMs));
    await connection.write(ACK);
  }
}

Deno.test("a client with --rate shows a server's pauses in its times", async () => {
  await using place = await Workplace.make();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = servePausing(listener, 100);
  const hgrm = place.path("times.hgrm");
  const client = await place.run(laneNamed("tcp-async"), "client", [
    ...["--sizes", "100", "--repeat", "600", "--connect", "once", "--rate", "200"],
    ...["--port", String(listener.addr.port), "--json", "-", "--hgrm", hgrm],
  ]);
  await serving;
  assertEquals(client.code, 0, client.stderr);
  // In each of three pauses 20 messages are due, 4 of them in its first 20 ms. Only 6 of 600 took
  // longer than the 99th percentile.
  const { p99 } = readDocument(client.stdout).runs[0]!.sizes[0]!.messageUs;
  assert(p99! > 50_000, `${p99}`);
  const lines = (await Deno.readTextFile(hgrm)).split("\n");
  assertEquals(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
  // The first message is warm-up.
  assert(lines.some((line) => / Total count {4}= +599\]$/.test(line)), lines.join("\n"));
});

Deno.test("a client and a server write their times with --hgrm, to stdout alone with -", async () => {
  await using place = await Workplace.make();
  const args = ["--sizes", "100,999", "--repeat", "30", "--hgrm", "-"];
  const { client, server } = await place.pair(laneNamed("udp-async"), args);
  for (const { code, stdout } of [client, server]) {
    assertEquals(code, 0);
    assertMatch(stdout, /^ +Value +Percentile TotalCount 1\/\(1-Percentile\)\n\n/);
    assertMatch(stdout, / Total count {4}= +59\]\n#\[Buckets = +32, SubBuckets {5}= +2048\]\n$/);
  }
});

Deno.test("a client's table has a 99.9th percentile where a size has 1000 messages", async () => {
  await using place = await Workplace.make();
  const args = ["--sizes", "100,999", "--connect", "once"];
  const tableOf = async (repeat: number) => {
    const { client } = await place.pair(laneNamed("tcp-sync"), [
      ...[...args, "--repeat", String(repeat)],
    ]);
    assertEquals(client.code, 0, client.stderr);
    return client.stdout.trimEnd().split("\n").slice(1).map((line) => line.trim().split(/ {2,}/));
  };
  assertEquals((await tableOf(20))[0]!.slice(3, 7), ["p50 us", "p90 us", "p99 us", "max us"]);
  // The first message of the run is not among them.
  const [head, first, second] = await tableOf(1000);
  assertEquals(head!.slice(3, 8), ["p50 us", "p90 us", "p99 us", "p99.9 us", "max us"]);
  assertEquals([first![6], /^[0-9.]+$/.test(second![6]!)], ["-", true]);
});
