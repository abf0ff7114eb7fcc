/** Handshakes that the pairs trace. */
import type { RunResult } from "../common/measure/result.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
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

const MESSAGES = 3;

const secure = [...lanesBesideSpin("tls", "dtls"), ...SPINNING]
  .filter(({ engine }) => engine === "openssl");

/** The messages of the handshake alone, as the client's ">" and the server's "<". */
function namesOf({ role, handshakes = [] }: RunResult, i: number): string {
  const { events } = handshakes[i]!;
  const end = events.findIndex(({ kind }) => kind === "application_data");
  return events.slice(0, end)
    // In TLS 1.3 the client reads its tickets when it reads the answer.
    .filter(({ name }) => name !== "NewSessionTicket")
    .map(({ direction, name }) =>
      ((role === "client") === (direction === "sent") ? ">" : "<") + name
    )
    .join(" ");
}

for (const lane of secure) {
  Deno.test(`${lane.name} --trace keeps and draws handshakes at both ends`, async () => {
    await using place = await Workplace.make();
    const args = ["--trace", "--resume", "--sizes", "100", "--repeat", String(MESSAGES)];
    const { client, server } = await place.pair(lane, args, {
      client: ["--json", place.path("client.json")],
      server: ["--json", place.path("server.json")],
    });
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    const [one, other] = await Promise.all(["client.json", "server.json"].map(async (name) => {
      const [run] = readDocument(await Deno.readTextFile(place.path(name))).runs;
      return run!;
    }));
    const facts = ({ handshakes = [] }: RunResult) =>
      handshakes.map(({ client, no, resumed }) => [client, no, resumed]);
    assertEquals(facts(one!), [[0, 0, false], [0, 1, true], [0, 2, true]]);
    assertEquals(facts(other!), [[null, 0, false], [null, 1, true], [null, 2, true]]);
    for (let i = 0; i < MESSAGES; i++) assertEquals(namesOf(one!, i), namesOf(other!, i));
    assertMatch(namesOf(one!, 0), /<CertificateRequest .*>Certificate .*>CertificateVerify /);
    assertMatch(namesOf(one!, 1), /^>ClientHello (?!.*Certificate)/);
    for (const { stdout } of [client, server]) {
      assert(stdout.includes(`\n${lane.name}: first handshake\n`), stdout);
      assert(stdout.includes(`\n${lane.name}: first resumed handshake\n`), stdout);
    }
  });
}

Deno.test("without --trace no handshake is kept or drawn", async () => {
  await using place = await Workplace.make();
  const { client } = await place.pair(laneNamed("dtls-sync-openssl"), [
    ...["--sizes", "100", "--repeat", "2"],
  ], { client: ["--json", place.path("client.json")] });
  const [run] = readDocument(await Deno.readTextFile(place.path("client.json"))).runs;
  assertEquals([run!.handshakes, client.stdout.includes("first handshake")], [undefined, false]);
});

Deno.test("--trace says how many handshakes it has kept", async () => {
  await using place = await Workplace.make();
  const args = ["--sizes", "100", "--repeat", "60"];
  const { client } = await place.pair(laneNamed("dtls-sync-openssl"), args, {
    client: ["--trace", "--json", "-"],
  });
  const said = "trace: 50 of 60 handshakes are kept: the first ones, the first complete one and " +
    "the first resumed one";
  assertEquals([client.code, client.stderr.trim()], [0, said]);
  assertEquals(readDocument(client.stdout).runs[0]!.handshakes!.length, 50);
});

Deno.test("--trace shows why a handshake failed", async () => {
  await using place = await Workplace.make();
  const lane = laneNamed("tls-async-openssl");
  const args = ["--sizes", "100", "--repeat", "1", "--trace"];
  const { port } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
  const client = await place.run(lane, "client", [
    ...["--port", String(port), "--server-name", "example.org", "--json", "-", ...args],
  ]);
  const [run] = readDocument(client.stdout).runs;
  const last = run!.handshakes![0]!.events.at(-1)!;
  assertEquals([client.code, last.direction, last.kind], [1, "sent", "alert"]);
  assertEquals(last.name, "bad_certificate");
});

for (const role of ["client", "server"] as const) {
  Deno.test(`--trace is refused where there is nothing to trace (${role})`, async () => {
    await using place = await Workplace.make();
    const rustls = await place.run(laneNamed("tls-async-rustls"), role, ["--trace"]);
    assertOneLine(rustls, 2, /--trace goes with --engine openssl; rustls cannot/);
    const tcp = await place.run(laneNamed("tcp-async"), role, ["--trace"]);
    assertOneLine(tcp, 2, /--trace/);
  });
}
