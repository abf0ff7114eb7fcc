import { defaultLane } from "../common/model/lanes.ts";
import { type Protocol, PROTOCOLS } from "../common/model/protocol.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { assertOneLine, laneNamed, lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** Arguments that are wrong for every client and server, and the line each gets. */
const WRONG_ARGUMENTS: [string[], RegExp][] = [
  [["--prot", "1443"], /^error: unknown option "--prot"; did you mean --port\?$/],
  [["now"], /^error: unexpected argument "now"/],
  [["--repeat", "0"], /^error: --repeat 0: a whole number from 1 to 100000 is allowed$/],
  [["--repeat", "ten"], /^error: --repeat ten: a whole number/],
  [["--port", "65536"], /^error: --port 65536: a whole number from [01] to 65535 is allowed$/],
  [["--port"], /^error: --port needs a value: N$/],
  [["--quiet=yes"], /^error: --quiet takes no value$/],
  [["--sizes", "100,many"], /^error: --sizes 100,many: "many" is no whole number of bytes$/],
  [["--sizes", "31"], /^error: size 31: at least 32 bytes, the length of the header$/],
  [["--connect", "often"], /^error: --connect often: use message, size or once$/],
  [["--json", "-", "--csv", "-"], /^error: --json - and --csv -: stdout can take only one$/],
];

// Arguments are read before anything is done with them: the lane makes no difference.
for (const protocol of PROTOCOLS) {
  const lane = defaultLane(protocol);
  for (const role of ["client", "server"] as const) {
    Deno.test(`${protocol}/${role}.ts refuses wrong arguments with one line and exit code 2`, async () => {
      await using place = await Workplace.make();
      for (const [args, line] of WRONG_ARGUMENTS) {
        const ending = await place.run(lane, role, args);
        assertOneLine(ending, 2, line);
        assertEquals(ending.stdout, "");
      }
    });
  }
}

const TOO_LONG: [Protocol, number, RegExp][] = [
  ["udp", 65508, /^error: size 65508: at most 65507 bytes on UDP, as a UDP datagram carries/],
  ["dtls", 16385, /^error: size 16385: at most 16384 bytes on DTLS, as a DTLS record carries/],
  ["tcp", 1000000, /^error: size 1000000: at most 999999 bytes on TCP/],
  ["tls", 1000000, /^error: size 1000000: at most 999999 bytes on TLS/],
];

for (const [protocol, size, line] of TOO_LONG) {
  Deno.test(`${protocol}/client.ts refuses messages of ${size} bytes`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", String(size)];
    assertOneLine(await place.run(defaultLane(protocol), "client", args), 2, line);
  });

  for (const lane of lanesBesideSpin(protocol)) {
    Deno.test(`${lane.name} pair exchanges messages of ${size - 1} bytes`, async () => {
      await using place = await Workplace.make();
      const args = ["--sizes", String(size - 1), "--repeat", "2"];
      const { client, server } = await place.pair(lane, args);
      assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    });
  }
}

const PLANS: [string, string | null, RegExp][] = [
  ["missing.yaml", null, /^error: plan \S*missing\.yaml: no such file$/],
  [
    "broken.yaml",
    "sizes: [100",
    /^error: plan \S*broken\.yaml: not YAML: line 2: cannot read flow/,
  ],
  [
    "key.yaml",
    "sizes: [100]\nrepeats: 3\n",
    /^error: plan \S*key\.yaml: line 2: unknown key; did you mean repeat\?$/,
  ],
  ["value.yaml", "sizes: []\n", /^error: plan \S*value\.yaml: key "sizes": a list of at least one/],
  ["zero.yaml", "repeat: 0\n", /^error: plan \S*zero\.yaml: key "repeat": a whole number from 1/],
  ["text.yaml", "just args\n", /^error: plan \S*text\.yaml: keys with values are wanted/],
];

for (const [name, text, line] of PLANS) {
  Deno.test(`tcp client refuses the plan ${name} with one line and exit code 2`, async () => {
    await using place = await Workplace.make();
    if (text !== null) await Deno.writeTextFile(place.path(name), text);
    const permissions = ["--allow-net", `--allow-read=${place.dir}`];
    const args = ["--plan", place.path(name)];
    assertOneLine(
      await place.run(laneNamed("tcp-async"), "client", args, { permissions }),
      2,
      line,
    );
  });
}

Deno.test("tcp pair runs the plan of a file", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("plan.yaml"), "sizes: [100, 200]\nrepeat: 3\n");
  const permissions = ["--allow-net", `--allow-read=${place.dir}`];
  const args = ["--plan", place.path("plan.yaml")];
  const { client } = await place.pair(laneNamed("tcp-async"), args, { changes: { permissions } });
  assertEquals(client.code, 0, client.stderr);
  assertEquals(client.stdout.match(/^(100|200) +3 +0 /gm)?.length, 2);
});

Deno.test("tcp client says which permission a plan file needs", async () => {
  await using place = await Workplace.make();
  const ending = await place.run(laneNamed("tcp-async"), "client", ["--plan", "plan.yaml"], {
    permissions: ["--allow-net"],
  });
  assertOneLine(
    ending,
    1,
    /^error: permission missing: read access to plan\.yaml; run again with --allow-read$/,
  );
});

Deno.test("tcp client names the file that it cannot write, before it measures", async () => {
  await using place = await Workplace.make();
  const path = place.path("no/such/folder.json");
  const ending = await place.run(laneNamed("tcp-async"), "client", ["--json", path]);
  assertOneLine(ending, 1, /^error: cannot write \S*folder\.json: no such folder$/);
});
