import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { join } from "../common/base/std.ts";
import { ROOT } from "./lib/children.ts";

/** Runs the command as on a machine that has none of the programs that it starts. */
async function testLibssl(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write=.libssl"],
      ...["--allow-sys=uid", `--allow-run=${Deno.execPath()},apt-get,unshare`],
      ...[join(ROOT, "tools", "test_libssl.ts"), ...args],
    ],
    cwd: ROOT,
    env: { PATH: "/nowhere" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("test:libssl skips a version that cannot be had, and says in a line why", async () => {
  const { code, stdout } = await testLibssl("4.0", "3.5");
  assertEquals(code, 0);
  // Where its suite is unpacked already, apt is not wanted any more.
  const why = "skipped: (apt-get|unshare) is missing, which is wanted to .+";
  assertMatch(stdout, new RegExp(`^libssl 3\\.5: ${why}\nlibssl 4\\.0: ${why}\n$`));
});

Deno.test("test:libssl refuses a version that there is no suite for, with exit code 2", async () => {
  const { code, stdout, stderr } = await testLibssl("3.9");
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /error: libssl 3\.9: 3\.5, 3\.6, 4\.0 or all is allowed\n$/);
});
