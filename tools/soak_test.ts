import { join } from "../common/base/std.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { runHere } from "../common/testing/run_here.ts";
import { ROOT } from "./lib/children.ts";
import { soak as soakHere } from "./soak.ts";

/** Starts the soak with the permissions that its help names. */
async function soak(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--unstable-net", "--allow-ffi", "--allow-run"],
      "--allow-net=127.0.0.1,localhost,0.0.0.0",
      ...[join(ROOT, "tools", "soak.ts"), ...args],
    ],
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

Deno.test("soak --help ends with 0, and names the default", async () => {
  const { code, stdout, stderr } = await runHere(soakHere, ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /--cycles N [^-]*default 20000/);
});

const WRONG: [string[], string][] = [
  [["--protocol", "udp"], "--protocol udp: use dtls or tls"],
  [["--cycles", "0"], "--cycles 0: a whole number from 1 to 10000000 is allowed"],
  [["--sessions", "many"], "--sessions many: a whole number from 1 to 10000 is allowed"],
  [["--for-ever"], 'unknown option "--for-ever"; --help lists what is allowed'],
];

for (const [args, line] of WRONG) {
  Deno.test(`soak refuses ${args.join(" ")} with exit code 2`, async () => {
    const { code, stdout, stderr } = await runHere(soakHere, args);
    assertEquals([code, stdout, stderr], [2, "", `error: ${line}\n`]);
  });
}
