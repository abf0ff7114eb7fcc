/** Hosts as users write them, on every lane, over real sockets. */
import { generateCertificates, main as makeCertificates } from "../certs/generate.ts";
import { clientMain, serverMain } from "../common/cli/script.ts";
import { Client } from "../common/exchange/client.ts";
import { setClock } from "../common/measure/clock.ts";
import { Deadlines } from "../common/base/deadline.ts";
import { RunError } from "../common/base/errors.ts";
import { type Lane, laneOptions, permissionsOf } from "../common/model/lanes.ts";
import { parseOptions } from "../common/cli/options.ts";
import { Recorder } from "../common/measure/recorder.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../common/testing/assert.ts";
import { FakeNames } from "../common/testing/fake_names.ts";
import { within } from "../common/testing/within.ts";
import { PREPARE } from "./bench/lane_stage.ts";
import {
  assertOneLine,
  freePortFor,
  laneNamed,
  lanesBesideSpin,
  Workplace,
} from "../common/testing/pairs.ts";
import type { Finished } from "../common/testing/own_certificates.ts";
import { runHere } from "../common/testing/run_here.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";
import { prepare as prepareDtls } from "../dtls/server.ts";
import { prepare as prepareTcp } from "../tcp/client.ts";
import { runAll } from "./run_all.ts";

hostScripts();

/** Longer than a test may take: what ends before has not been waited for. */
const TIMEOUT_MS = "60000";

/** What every message goes through, as little as possible of it. */
const SHORT = ["--sizes", "100", "--repeat", "2", "--timeout-ms", TIMEOUT_MS];

/** Runs a client in this process, where names can be made up. */
async function runClient(lane: Lane, host: string, port: number, certs: string): Promise<number> {
  const options = parseOptions(lane.protocol, "client", [
    ...laneOptions(lane),
    ...SHORT,
    ...["--host", host, "--port", String(port), "--certs", certs],
  ]);
  assert(typeof options !== "string");
  using deadlines = new Deadlines();
  const recorder = new Recorder();
  const transport = await PREPARE[lane.protocol](options, deadlines);
  const client = new Client({ options, recorder, deadlines }, transport, 0);
  try {
    await within(client.exchangeSize(100, true));
    await client.finish();
  } finally {
    await client.abandon();
    transport.end?.();
    // A blocking lane has taken C's.
    setClock(undefined);
  }
  return recorder.messages - recorder.lost;
}

// Hosts are read before a lane has them: those that call C have the same code for it.
for (
  const lane of lanesBesideSpin().filter(({ name, io }) => io === "async" || name === "tcp-sync")
) {
  Deno.test(`${lane.name} client takes every way to write a host`, async () => {
    await using place = await Workplace.make();
    for (
      const [listen, hosts] of [
        ["127.0.0.1", [
          "::ffff:127.0.0.1",
          "[::ffff:7f00:1]",
          "0.0.0.0",
          "LOCALHOST.",
          "localhost",
        ]],
        ["[::1]", ["[::1]", "0:0::1", "::"]],
      ] as const
    ) {
      const { port } = await place.serve(lane, [...SHORT, "--host", listen, "--forever"]);
      for (const host of hosts) {
        using _names = new FakeNames({ localhost: ["127.0.0.1"] });
        assertEquals([host, await runClient(lane, host, port, place.dir)], [host, 2]);
      }
    }
  });
}

for (const lane of lanesBesideSpin()) {
  Deno.test(`${lane.name} client tries all addresses of a name in turn`, async () => {
    await using place = await Workplace.make();
    // Of 192.0.2.0/24 (RFC 5737) there is no way to any, or no answer: it comes last.
    using _names = new FakeNames({ localhost: ["::1", "127.0.0.2", "127.0.0.1", "192.0.2.9"] });
    const { port } = await place.serve(lane, [...SHORT, "--forever"]);
    assertEquals(await runClient(lane, "localhost", port, place.dir), 2);
  });

  Deno.test(`${lane.name} client says at once that nobody listens at any address`, async () => {
    await using place = await Workplace.make();
    using _names = new FakeNames({ localhost: ["::1", "127.0.0.1"] });
    const port = freePortFor(lane);
    const running = runClient(lane, "localhost", port, place.dir);
    const error = await assertRejects(() => running, RunError);
    assertMatch(error.message, /localhost:\d+: connection refused; is the server running there\?$/);
  });
}

for (const lane of ["tcp-async", "dtls-sync-openssl"].map(laneNamed)) {
  Deno.test(`${lane.name} ends refuse an interface that is not there`, async () => {
    await using place = await Workplace.make();
    for (const role of ["client", "server"] as const) {
      const ending = await place.run(lane, role, ["--host", "fe80::1%nope"]);
      assertOneLine(ending, 1, /^error: this machine has no network interface "nope"/);
    }
  });
}

function linkLocal(): Deno.NetworkInterfaceInfo | undefined {
  return Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv6" && address.startsWith("fe80:")
  );
}

const made = new Map<string, ReturnType<typeof generateCertificates>>();

function certificatesFor(name: string) {
  const set = made.get(name) ?? generateCertificates({ names: [name] });
  made.set(name, set);
  return set;
}

// Node's sockets on Deno take no interface.
for (const lane of lanesBesideSpin().filter(({ engine }) => engine !== "rustls")) {
  Deno.test(`${lane.name} pair speaks over a link-local address, its interface said`, async () => {
    const link = linkLocal();
    if (!link) return console.log("not tested: no interface here has a link-local address");
    const { address, name, scopeid } = link;
    await using place = await Workplace.make(await certificatesFor(address));
    for (const zone of [name, scopeid]) {
      const host = `${address}%${zone}`;
      const server = await place.serve(lane, [...SHORT, "--host", host]);
      assertEquals(await runClient(lane, host, server.port, place.dir), 2);
      const { code, stderr } = await server.process.ended;
      assertEquals(code, 0, stderr);
      assertMatch(stderr, /^listening on \[fe80::[0-9a-f:]+%\w+\]:\d+$/m);
    }
  });
}

Deno.test("tls-async-rustls ends say that they take no link-local address", async () => {
  await using place = await Workplace.make();
  const name = Deno.networkInterfaces()[0]!.name;
  for (const role of ["client", "server"] as const) {
    const args = ["--host", `fe80::1%${name}`];
    const ending = await place.run(laneNamed("tls-async-rustls"), role, args);
    assertOneLine(ending, 1, /Deno's own TLS takes no interface; use --engine openssl$/);
  }
});

for (const lane of lanesBesideSpin("tls", "dtls")) {
  Deno.test(`${lane.name} client checks an international name as the certificate has it`, async () => {
    using _names = new FakeNames({ "xn--bcher-kva.example.": ["127.0.0.1"] });
    await using place = await Workplace.make(await certificatesFor("BÜCHER.example"));
    const { port } = await place.serve(lane, [...SHORT, "--forever"]);
    assertEquals(await runClient(lane, "bücher.Example.", port, place.dir), 2);
  });

  Deno.test(`${lane.name} client goes to no other address where the certificate does not pass`, async () => {
    await using place = await Workplace.make(await certificatesFor("other.example"));
    using _names = new FakeNames({ localhost: ["127.0.0.1", "127.0.0.2"] });
    const { port } = await place.serve(lane, [...SHORT, "--forever", "--host", "0.0.0.0"]);
    const running = runClient(lane, "localhost", port, place.dir);
    const error = await assertRejects(() => running, RunError);
    assertMatch(error.message, /certificate is (for other\.example, )?not for localhost/);
  });
}

Deno.test("udp-async client hears without --allow-ffi of no refusal, and gives up as before", async () => {
  await using place = await Workplace.make();
  const lane = laneNamed("udp-async");
  const args = ["--sizes", "100", "--timeout-ms", "50", "--port", String(freePortFor(lane))];
  const client = await place.run(lane, "client", args, { permissions: permissionsOf(lane) });
  assertEquals(client.code, 1);
  assertMatch(
    client.stderr,
    /^warning: .* has not answered 3 messages in a row; .*\nerror: .*: no answer; is the server .*\n$/,
  );
});

/** Commands that take a host, and the option for it. */
const COMMANDS: Record<string, (host: string) => Promise<Finished>> = {
  "tcp/client.ts": (host) =>
    runHere((args) => clientMain("tcp", prepareTcp, args), ["--host", host]),
  "dtls/server.ts": (host) =>
    runHere((args) => serverMain("dtls", prepareDtls, args), ["--host", host]),
  "tools/run_all.ts": (host) => runHere(runAll, ["--host", host]),
  "certs/generate.ts": (host) => runHere(makeCertificates, [`--name=${host}`, "--dir", "none"]),
};

const WRONG_HOSTS = {
  "host:1443": "has a port in it",
  "[::1]:1443": "has a port in it",
  "https://x": "is a URL",
  "256.1.1.1": "is no IPv4 address",
  "127.1": "is no IPv4 address",
  "0x7f.1": "is no IPv4 address",
  "::1::": "is no IPv6 address",
  "[localhost]": "has brackets",
  " localhost": "is neither",
  "": "(wants|needs) a value",
};

for (const [script, run] of Object.entries(COMMANDS)) {
  Deno.test(`${script} refuses what is no host with one line and exit code 2`, async () => {
    for (const [host, why] of Object.entries(WRONG_HOSTS)) {
      assertOneLine(await run(host), 2, new RegExp(`^error: .*${why}`));
    }
  });
}
