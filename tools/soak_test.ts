import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { runHere } from "../common/testing/run_here.ts";
import { ROOT } from "./lib/children.ts";
import { SECURE_LANES, type SecureLane } from "./soak/mixed.ts";
import { soak as soakHere } from "./soak.ts";

/** Starts the soak with the permissions that its help names. */
async function soak(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--unstable-net", "--allow-ffi", "--allow-run"],
      ...["--allow-net=127.0.0.1,localhost,0.0.0.0", "--allow-read=.", "--allow-write=results"],
      ...[join(ROOT, "tools", "soak.ts"), ...args],
    ],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Two columns of numbers: this process and the listener's. */
const BOTH = String.raw`\s+[\d.]+\s+[\d.]+\n`;

for (const protocol of ["dtls", "tls"]) {
  Deno.test(`soak counts cycles, memory and SSL objects (${protocol})`, async () => {
    const { code, stdout, stderr } = await soak("--protocol", protocol, "--cycles", "20");
    assertEquals([code, stderr], [0, ""]);
    const points = [3, 5, 8, 10, 13, 15, 18, 20].map((cycle) => `\\s+${cycle}${BOTH}`).join("");
    const lines = String.raw`${points}\s+growth\s+[\d.]+ %\s+[\d.]+ %\nlive SSLs\s+0\s+0\n$`;
    assertMatch(stdout, new RegExp(String.raw`^\s+cycles  client MiB  server MiB\n${lines}`));
  });

  Deno.test(`soak --sessions opens many at once and says what each takes (${protocol})`, async () => {
    const { code, stdout, stderr } = await soak("--protocol", protocol, "--sessions", "10");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, new RegExp(`a session's KiB${BOTH}live SSLs\\s+0\\s+0\\n$`));
  });
}

Deno.test("soak runs one cycle", async () => {
  const { code, stdout } = await soak("--cycles", "1");
  assertEquals(code, 0);
  assertMatch(stdout, /growth +0\.0 % +0\.0 %\n/);
});

/** In processes of their own: those of DTLS wait twice until what was left is given up. */
const TOGETHER: SecureLane[][] = [
  ["dtls-async-openssl"],
  ["dtls-sync-openssl"],
  ["tls-async-openssl", "tls-sync-openssl", "tls-async-rustls"],
];

/** How many of 48 connections have which end. */
const FATES = "good 24, refused 6, closed 6, refusing 6, vanished 6";

Deno.test("soak --mixed finds nothing left of connections that fail, on any secure lane", async () => {
  assertEquals(TOGETHER.flat().sort(), Object.keys(SECURE_LANES).sort());
  await Promise.all(TOGETHER.map(async (lanes) => {
    const each = lanes.flatMap((lane) => ["--lane", lane]);
    const { code, stdout, stderr } = await soak("--mixed", "48", ...each);
    assertEquals([code, stderr], [0, ""], stdout);
    assertMatch(
      stdout,
      /\npassed: nothing is left on any lane; not judged: .*memory, which counts/,
    );
    const lines = stdout.split("\n").filter((line) => !/no C compiler/.test(line));
    for (const [i, lane] of lanes.entries()) {
      const [first, , ...used] = lines.slice(6 * i, 6 * (i + 1));
      assertMatch(first!, new RegExp(`^${lane}: 48 connections in \\d+ s: ${FATES}$`));
      // SSL objects, descriptors, timers: of the client, and of the listener.
      const [client, clientEnd, listener, listenerEnd] = used.map((line) => line.slice(-30, -9));
      assertEquals([clientEnd, listenerEnd], [client, listener]);
      assertMatch(listener!, /^ +0 /);
    }
  }));
});

Deno.test("soak --workers: Workers come, close and are terminated, while others go on on one libssl", async () => {
  const { code, stdout, stderr } = await soak("--workers", "3");
  assertEquals([code, stderr], [0, ""], stdout);
  const rows = stdout.matchAll(/^(before|3 closed|3 terminated) +[\d.]+ +\d+ +(\d+) +(\d+) /gm);
  const used = [...rows].map(([, when, sockets, live]) => [when, Number(sockets), Number(live)]);
  const [, sockets, live] = used[0]!;
  assertEquals(used, [["before", sockets, live], ["3 closed", sockets, live], [
    "3 terminated",
    sockets,
    live,
  ]]);
  // Each of three has two listeners, and of its DTLS listener a session that is ready.
  assert(Number(sockets) >= 6 && live === 3, `${sockets} sockets, ${live} SSL objects`);
  assertMatch(stdout, /\npassed: \d+ connections of 3 Workers .*; not judged: .*memory/);
});

Deno.test("soak --help ends with 0, and names the default", async () => {
  const { code, stdout, stderr } = await runHere(soakHere, ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /--cycles N [^-]*default 20000/);
});

function listed(names: object): string {
  return Object.keys(names).join(", ").replace(/, (?=[^,]*$)/, " or ");
}

const WRONG: [string[], string][] = [
  [["--protocol", "udp"], "--protocol udp: use dtls or tls"],
  [["--cycles", "0"], "--cycles 0: a whole number from 1 to 10000000 is allowed"],
  [["--sessions", "many"], "--sessions many: a whole number from 1 to 10000 is allowed"],
  [["--mixed", "7"], "--mixed 7: a whole number from 8 to 10000000 is allowed"],
  [["--mixed", "8", "--lane", "tcp-async"], `--lane tcp-async: use ${listed(SECURE_LANES)}`],
  [["--lane", "dtls-sync-openssl"], "--lane goes with --mixed"],
  [["--ways", "0"], "--ways 0: a whole number from 1 to 100000 is allowed"],
  [["--workers", "0"], "--workers 0: a whole number from 1 to 5000 is allowed"],
  [["--workers", "1", "--ways", "1"], "--ways and --workers do not go together"],
  [["--protocol", "tls", "--workers", "1"], "--protocol and --workers do not go together"],
  [["--ways", "1", "--mixed", "8"], "--mixed and --ways do not go together"],
  [["--cycles", "1", "--sessions", "8"], "--cycles and --sessions do not go together"],
  [["--cycles", "1", "--mixed", "8"], "--cycles and --mixed do not go together"],
  [["--protocol", "tls", "--mixed", "8"], "--protocol and --mixed do not go together"],
  [["--protocol", "tls", "--ways", "1"], "--protocol and --ways do not go together"],
  [["--for-ever"], 'unknown option "--for-ever"; --help lists what is allowed'],
];

for (const [args, line] of WRONG) {
  Deno.test(`soak refuses ${args.join(" ")} with exit code 2`, async () => {
    const { code, stdout, stderr } = await runHere(soakHere, args);
    assertEquals([code, stdout, stderr], [2, "", `error: ${line}\n`]);
  });
}
