/** Trouble that is no one's fault: each end says what it is, and keeps what was measured. */
import type { ResultDocument } from "../common/measure/result.ts";
import { assert, assertEquals } from "../common/testing/assert.ts";
import {
  assertOneLine,
  freePortFor,
  laneNamed,
  lanesBesideSpin,
  readDocument,
  untilLogged,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const SMALL = ["--sizes", "100", "--repeat", "3"];

/** Where a client is told at once what is wrong, this is no wait; it takes its time on a busy machine. */
const LONG_MS = "60000";

/** More than any machine exchanges before the server is killed; a log is written after each size. */
const SIZES = Array.from({ length: 400 }, (_, i) => 100 + i);
const ENDLESS = ["--sizes", SIZES.join(","), "--repeat", "50"];

/** How many messages of a run were lost, of whatever size they were. */
function lostOf({ runs }: ResultDocument): number {
  return runs[0]!.sizes.reduce((sum, { lost }) => sum + lost!, 0);
}

for (const lane of lanesBesideSpin()) {
  Deno.test(`${lane.name} server says that its port is taken`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, SMALL);
    const second = await place.run(lane, "server", [...SMALL, "--port", String(port)]);
    const line = new RegExp(
      `^error: cannot listen on 127.0.0.1:${port}: the address is in use; choose another port`,
    );
    assertOneLine(second, 1, line);
  });

  Deno.test(`${lane.name} client says that nobody answers`, async () => {
    await using place = await Workplace.make();
    const port = freePortFor(lane);
    // Without --allow-ffi nothing tells this one but that nothing ever comes back.
    const isTold = lane.name !== "udp-async";
    const args = [...SMALL, "--timeout-ms", isTold ? LONG_MS : "200", "--json", "-"];
    const client = await place.run(lane, "client", [...args, "--port", String(port)]);
    const [run] = readDocument(client.stdout).runs;
    if (!isTold) {
      assertOneLine(
        client,
        1,
        /^error: .*127\.0\.0\.1:\d+: no answer; is the server running there\?/,
      );
      assertEquals(run?.sizes.map((size) => [size.sent, size.answered, size.lost]), [[3, 0, 3]]);
      return;
    }
    const line = new RegExp(`^error: .* 127.0.0.1:${port}: connection refused; is the server`);
    assertOneLine(client, 1, line);
    assertEquals(run?.sizes, []);
  });

  Deno.test(`${lane.name} client keeps what it measured when the server goes`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ENDLESS, { ownProcess: true });
    await Deno.writeTextFile(place.path("client.csv"), "");
    // Nothing but 20 answers that do not come tells a UDP client that its server is gone.
    const timeoutMs = lane.protocol === "udp" ? "200" : "10000";
    const client = place.start(lane, "client", [
      ...[...ENDLESS, "--wait-ms", "10", "--timeout-ms", timeoutMs],
      ...["--port", String(port), "--csv", place.path("client.csv"), "--json", "-"],
    ]);
    await untilLogged(client, place.path("client.csv"), 50);
    process.kill("SIGKILL");
    const ending = await client.ended;
    const document = readDocument(ending.stdout);
    const { sent, answered, lost } = document.runs[0]!.sizes[0]!;
    // An answer that takes longer than 200 ms is a lost one, too.
    assertEquals([sent, answered! + (lost ?? 0)], [50, 50]);
    if (lane.protocol === "udp") {
      const line = /^error: cannot .*: 20 messages in a row were lost; the server is gone \(at /;
      assertOneLine(ending, 1, line);
      assertEquals(document.complete, false);
      assert(lostOf(document) >= 20);
      return;
    }
    assertOneLine(
      ending,
      1,
      /^error: cannot .* \(at message \d+ of size \d+, \d+ of 20000 exchanged\)$/,
    );
    assertEquals(document.complete, false);
  });

  Deno.test(`${lane.name} server ends with an error when nothing is heard`, async () => {
    await using place = await Workplace.make();
    const args = [...SMALL, "--port", "0", "--idle-timeout-ms", "50"];
    const server = await place.run(lane, "server", args);
    assertOneLine(
      server,
      1,
      /^error: nothing heard for 50 ms, 0 of 3 messages received$/,
    );
  });
}

for (const lane of lanesBesideSpin("dtls")) {
  Deno.test(`${lane.name} client ends its one connection when the server is gone`, async () => {
    await using place = await Workplace.make();
    const args = [...ENDLESS, "--connect", "once"];
    const { port, process } = await place.serve(lane, args, { ownProcess: true });
    await Deno.writeTextFile(place.path("client.csv"), "");
    const client = place.start(lane, "client", [
      ...[...args, "--wait-ms", "10", "--timeout-ms", "200", "--port", String(port)],
      ...["--csv", place.path("client.csv"), "--json", "-"],
    ]);
    await untilLogged(client, place.path("client.csv"), 50);
    process.kill("SIGKILL");
    const ending = await client.ended;
    const line = /^error: cannot .*: 20 messages in a row were lost; the server is gone \(at /;
    assertOneLine(ending, 1, line);
    const document = readDocument(ending.stdout);
    assertEquals(document.complete, false);
    assert(lostOf(document) >= 20);
  });
}

for (const lane of lanesBesideSpin("udp")) {
  Deno.test(`${lane.name} client's run without any answer is not complete, however short`, async () => {
    await using place = await Workplace.make();
    // Without --allow-ffi, which this lane does without, nothing says that nobody listens.
    const isTold = lane.io !== "async";
    const args = ["--sizes", "100", "--repeat", "1", "--timeout-ms", isTold ? LONG_MS : "50"];
    const port = String(freePortFor(lane));
    const client = await place.run(lane, "client", [...args, "--json", "-", "--port", port]);
    const line = isTold
      ? /^error: .*: connection refused; is the server running there\?$/
      : /^error: .*: no answer; is the server running there\? \(at message 0 /;
    assertOneLine(client, 1, line);
    assertEquals(readDocument(client.stdout).complete, false);
  });
}

Deno.test("dtls scripts say how to install libssl where it is missing", async () => {
  await using place = await Workplace.make();
  const env = { NETPAIRS_LIBSSL: "/nowhere/libssl.so.3" };
  for (const role of ["client", "server"] as const) {
    const ending = await place.run(laneNamed("dtls-async-openssl"), role, SMALL, { env });
    assertOneLine(
      ending,
      1,
      /^error: OpenSSL 3 is missing \(NETPAIRS_LIBSSL names \/nowhere\/libssl\.so\.3, which cannot be opened\); .*install/,
    );
  }
});

Deno.test("dtls scripts say that they need the permission to use FFI", async () => {
  await using place = await Workplace.make();
  const permissions = ["--allow-net", "--allow-read"];
  for (const role of ["client", "server"] as const) {
    const ending = await place.run(laneNamed("dtls-async-openssl"), role, SMALL, { permissions });
    assertOneLine(ending, 1, /^error: permission missing: .*; run again with --allow-ffi$/);
  }
});
