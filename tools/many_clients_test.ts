/** Clients by the hundred, each with a connection of its own for the whole run. */
import { fromFileUrl } from "../common/base/std.ts";
import { LANES } from "../common/model/lanes.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { StubServer } from "../common/testing/stub_peers.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** More than connect at once, and than a listener lets one address begin by itself. */
const CLIENTS = 200;
const REPEAT = 3;

/** All of them shake hands, or wait for an answer, at the same time. */
const TIMEOUT_MS = "60000";

// On loopback UDP loses what no receive buffer has room for, and these messages fit into any.
for (const lane of LANES.filter(({ io }) => io === "async")) {
  Deno.test(`${lane.name} pair serves ${CLIENTS} clients at once, and loses nothing`, async () => {
    await using place = await Workplace.make();
    const { client, server } = await place.pair(
      lane,
      [
        "--clients",
        String(CLIENTS),
        "--connect",
        "once",
        "--sizes",
        "100",
        "--repeat",
        `${REPEAT}`,
        "--timeout-ms",
        TIMEOUT_MS,
      ],
      { client: ["--json", "-"], server: ["--json", "-"] },
    );
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    for (const { stdout } of [client, server]) {
      const [run] = readDocument(stdout).runs;
      assertEquals(run?.clients, CLIENTS);
      assertEquals(run?.sizes.map(({ answered }) => answered), [CLIENTS * REPEAT]);
    }
  });
}

Deno.test("clients that all have the same trouble say it some times, and how often", async () => {
  await using place = await Workplace.make();
  const clients = 40;
  await using server = await StubServer.listen("udp", {
    answers: (n) => n < clients,
    sizeBytes: 100,
  });
  const args = ["--clients", String(clients), "--sizes", "100", "--repeat", "3"];
  const { stderr } = await place.run(
    laneNamed("udp-sync"),
    "client",
    [...args, "--timeout-ms", "20", "--port", String(server.port)],
  );
  const lines = stderr.trim().split("\n");
  const warnings = lines.filter((line) => / has not confirmed the run's end/.test(line));
  assertEquals(warnings.length < clients, true, stderr);
  assertMatch(stderr, /^and \d+ more such lines, left out$/m);
});

Deno.test("a client that may not have so many files open says so before it connects", async () => {
  const limited = ["-c", 'ulimit -n 300; exec "$@"', "sh", Deno.execPath(), "run", "--no-prompt"];
  const script = fromFileUrl(import.meta.resolve("../dtls/client.ts"));
  const command = new Deno.Command("bash", {
    args: [...limited, "--no-check", "--unstable-net", "--allow-ffi", script, "--clients", "500"],
    ...{ stdout: "piped", stderr: "piped" },
  });
  const { code, stderr } = await command.output();
  assertEquals(
    [code, new TextDecoder().decode(stderr)],
    [
      2,
      "error: --clients 500: this program may have 300 files open, and needs 564, one for each " +
      "connection; allow more before it starts (ulimit -n 564)\n",
    ],
  );
});
