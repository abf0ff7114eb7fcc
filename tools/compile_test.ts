import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { join } from "../common/base/std.ts";
import { runHere } from "../common/testing/run_here.ts";
import { compileAll } from "./compile.ts";
import { ROOT } from "./lib/children.ts";

async function compile(args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-run",
      join(ROOT, "tools/compile.ts"),
      ...args,
    ],
    env,
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const PAIRS = ["tcp", "udp", "tls", "dtls"].flatMap((name) => [`${name}-client`, `${name}-server`]);
const NAMES = ["netpairs", ...PAIRS];

Deno.test("compile makes netpairs and the eight pairs in the folder", async () => {
  const dist = await Deno.makeTempDir({ prefix: "netpairs-dist-" });
  // Any executable stands in for the runtime here: that it runs the program is Deno's matter.
  const { code, stdout, stderr } = await compile(["--dist", dist], { DENORT_BIN: "/bin/true" });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trim().split("\n"), NAMES.map((name) => join(dist, name)));
  const made = await Array.fromAsync(Deno.readDir(dist), (entry) => entry.name);
  assertEquals(made.sort(), [...NAMES].sort());
  for (const name of NAMES) {
    assertEquals((await Deno.stat(join(dist, name))).mode! & 0o111, 0o111, `${name} is executable`);
  }
  await Deno.remove(dist, { recursive: true });
});

Deno.test("compile names DENORT_BIN where the runtime cannot be had", async () => {
  const dist = await Deno.makeTempDir({ prefix: "netpairs-dist-" });
  const { code, stderr } = await compile(["--dist", dist], {
    // A proxy that nobody listens at, and a cache with no runtime in it.
    ...{ HTTPS_PROXY: "http://127.0.0.1:1", https_proxy: "http://127.0.0.1:1" },
    DENORT_BIN: "/nowhere/denort",
  });
  assertEquals(code, 1);
  assertMatch(stderr, /^error: cannot compile netpairs: .*denort.* DENORT_BIN\n$/);
  await Deno.remove(dist, { recursive: true });
});

Deno.test("compile refuses a machine that it cannot compile for", async () => {
  const { code, stderr } = await runHere(compileAll, ["--target", "pdp11-dec-unix"]);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /^error: --target pdp11-dec-unix: use x86_64-unknown-linux-gnu, .*\n$/,
  );
});
