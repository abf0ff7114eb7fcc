/** OpenSSL's allocations, counted in processes of their own: here it has allocated already. */
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { findProgram } from "../../common/testing/programs.ts";
import { ROOT } from "../lib/children.ts";
import { join } from "../../common/base/std.ts";
import type { Left } from "./allocations.ts";

// Where there is none, programs_test.ts says so.
const ignore = findProgram("cc") === null;

const PERMISSIONS = ["--allow-ffi", "--allow-read", "--allow-write=results", "--allow-run=cc"];

async function run(script: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...PERMISSIONS, join(ROOT, script), ...args],
    cwd: ROOT,
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: error! };
}

Deno.test({
  name: "what is left each time is found, and where it was allocated",
  ignore,
  async fn() {
    const { code, stdout, stderr } = await run("tools/soak/testing/leaky.ts", "50");
    assertEquals([code, stderr], [0, ""]);
    const [left, none] = JSON.parse(stdout) as [Left, Left];
    assertEquals(none, { blocks: 0, bytes: 0, places: [] });
    assert(left.blocks >= 2 * 50 && left.blocks % 50 === 0, `${left.blocks}`);
    assert(left.bytes > left.blocks);
    assertEquals(left.places.map(([, blocks]) => blocks % 50), left.places.map(() => 0));
    assertMatch(left.places.map(([place]) => place).join(" "), /bio_lib\.c:\d+.*|bss_mem\.c:\d+/);
  },
});

Deno.test({
  name: "no way through OpenSSL leaves anything",
  ignore,
  async fn() {
    const { code, stdout, stderr } = await run("tools/soak.ts", "--ways", "1");
    assertEquals([code, stderr], [0, ""], stdout);
    const lines = stdout.split("\n");
    const ways = lines.slice(1, -2);
    assertEquals(lines.at(-2), `${ways.length} ways, once each`);
    assert(ways.length > 150);
    assertEquals(ways.filter((line) => !/^ {7}0 {8}0 {2}\S/.test(line)), []);
  },
});

Deno.test("soak --ways without a C compiler fails, as nothing is counted", async () => {
  const script = join(ROOT, "tools", "soak.ts");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", script, "--ways", "1"],
    cwd: ROOT,
    env: { PATH: "" },
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, out], [1, ""]);
  assertMatch(error!, /^error: OpenSSL's allocations (are not|cannot be) counted.*\n$/);
});
