/** Ctrl-C ends a run in order, whatever the program is doing: exit code 130, partial results. */
import { assert, assertEquals } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { readLog } from "./report/log_reader.ts";
import { StubServer } from "../common/testing/stub_peers.ts";
import {
  assertOneLine,
  laneNamed,
  lanesBesideSpin,
  readDocument,
  SPINNING,
  untilLogged,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** More than any machine exchanges before the test has looked; a log is written after each. */
const SIZES = Array.from({ length: 500 }, (_, i) => 100 + i).join(",");

const ENDLESS = [
  ...["--sizes", SIZES, "--repeat", "100000"],
  ...["--no-reply", "--connect", "once"],
];

const INTERRUPTED = /^interrupted; the results are partial$/;

for (const lane of lanesBesideSpin()) {
  Deno.test(`${lane.name} client writes partial results on Ctrl-C`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", SIZES, "--repeat", "50"];
    const { port, process } = await place.serve(lane, [...args, "--json", "-"]);
    await Deno.writeTextFile(place.path("client.csv"), "");
    const client = place.start(lane, "client", [
      ...[...args, "--wait-ms", "10", "--port", String(port)],
      ...["--csv", place.path("client.csv"), "--json", "-"],
    ]);
    await untilLogged(client, place.path("client.csv"), 50);
    client.kill("SIGINT");
    const ending = await client.ended;
    assertOneLine(ending, 130, INTERRUPTED);
    const document = readDocument(ending.stdout);
    assertEquals(document.complete, false);
    assertEquals(document.runs[0]!.sizes[0]!.sent, 50);
    assert([...readLog(await Deno.readTextFile(place.path("client.csv")))].length >= 50);

    process.kill("SIGINT");
    const server = await process.ended;
    assertEquals(server.code, 130);
    const partial = readDocument(server.stdout);
    assertEquals(partial.complete, false);
    // Cut short, a server cannot know what was sent to it.
    assertEquals(partial.runs[0]!.sizes[0]!.sent, null);
    assert(partial.runs[0]!.sizes[0]!.messageUs.n > 0);
  });

  Deno.test(`${lane.name} server hears Ctrl-C while messages come without a pause`, async () => {
    await using place = await Workplace.make();
    const csv = place.path("server.csv");
    await Deno.writeTextFile(csv, "");
    const args = [...ENDLESS, "--json", "-", "--csv", csv];
    const { port, process } = await place.serve(lane, args);
    place.start(lane, "client", [...ENDLESS, "--port", String(port)]);
    await within(untilLogged(process, csv, 1000));
    process.kill("SIGINT");
    const { code, stdout } = await within(process.ended);
    assertEquals(code, 130);
    const document = readDocument(stdout);
    assertEquals(document.complete, false);
    assert(document.runs[0]!.sizes[0]!.messageUs.n > 1000);
  });

  Deno.test(`${lane.name} client hears Ctrl-C while it sends without a pause`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, ["--discard"]);
    const csv = place.path("client.csv");
    await Deno.writeTextFile(csv, "");
    const args = [...ENDLESS, "--port", String(port), "--json", "-", "--csv", csv];
    const client = place.start(lane, "client", args);
    await within(untilLogged(client, csv, 1000));
    client.kill("SIGINT");
    const ending = await within(client.ended);
    assertOneLine(ending, 130, INTERRUPTED);
    const document = readDocument(ending.stdout);
    assertEquals(document.complete, false);
    assert(document.runs[0]!.sizes[0]!.sent! > 1000);
  });
}

/** Every protocol, and every kind of I/O that sleeps. */
const ONE_OF_EACH = ["tcp-async", "udp-sync", "tls-async-rustls", "dtls-async-openssl"].map(
  laneNamed,
);

// What waits by spinning has to hear it as well.
for (const lane of [...ONE_OF_EACH, ...SPINNING]) {
  Deno.test(`${lane.name} client hears Ctrl-C while it waits for an answer`, async () => {
    await using place = await Workplace.make();
    const answers = (n: number) => n < 2;
    await using server = await StubServer.listen(lane.protocol, { answers, sizeBytes: 100 });
    const client = place.start(lane, "client", [
      ...["--sizes", "100", "--repeat", "5", "--timeout-ms", "600000"],
      ...["--port", String(server.port), "--json", "-"],
    ]);
    await within(server.silent);
    client.kill("SIGINT");
    const ending = await within(client.ended);
    assertOneLine(ending, 130, INTERRUPTED);
    const document = readDocument(ending.stdout);
    assertEquals([document.complete, document.runs[0]!.sizes[0]!.answered], [false, 2]);
  });

  Deno.test(`${lane.name} server hears Ctrl-C while nobody is there`, async () => {
    await using place = await Workplace.make();
    const { process } = await place.serve(lane, ["--json", "-"]);
    process.kill("SIGINT");
    const ending = await within(process.ended);
    assertOneLine(ending, 130, INTERRUPTED);
    assertEquals(readDocument(ending.stdout).complete, false);
  });
}

for (const main of ["clientMain", "serverMain"]) {
  Deno.test(`${main}() hears Ctrl-C while it prepares, as where a name server is silent`, async () => {
    const script = import.meta.resolve("../common/cli/script.ts");
    // The timer stands for the look-up that goes on.
    const code = `
      import { ${main} } from ${JSON.stringify(script)};
      const prepare = () => {
        Deno.kill(Deno.pid, "SIGINT");
        return new Promise((resolve) => setTimeout(resolve, 600_000));
      };
      Deno.exit(await ${main}("tcp", prepare, ["--json", "-"]));
    `;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", "--unstable-net", code],
    });
    const { code: exitCode, stdout, stderr } = await within(command.output());
    const [document, lines] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([exitCode, lines], [130, "interrupted; the results are partial\n"]);
    assertEquals(readDocument(document!).complete, false);
  });
}
