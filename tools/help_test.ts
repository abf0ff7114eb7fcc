/** What all commands do alike; that each one's program is wired to it, its own test sees. */
import { main as certs } from "../certs/generate.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { FakeStdout } from "../common/testing/fake_stdout.ts";
import { saidIn } from "../common/testing/stderr.ts";
import { agent } from "./agent.ts";
import { capture } from "./capture.ts";
import { checkAll } from "./check_rooms.ts";
import { clean } from "./clean.ts";
import { compare } from "./compare.ts";
import { compileAll } from "./compile.ts";
import { fetchResults } from "./fetch.ts";
import { fuzz } from "./fuzz.ts";
import { push } from "./push.ts";
import { report } from "./report.ts";
import { runAll } from "./run_all.ts";
import { writeDocs } from "./docs.ts";
import { siege } from "./siege.ts";
import { soak } from "./soak.ts";
import { testLibssl } from "./test_libssl.ts";

const COMMANDS = {
  agent,
  capture,
  certs,
  check: checkAll,
  clean,
  compare,
  compile: compileAll,
  demo: runAll,
  docs: writeDocs,
  fetch: fetchResults,
  fuzz,
  push,
  report,
  siege,
  soak,
  "test:libssl": testLibssl,
};

for (const [name, command] of Object.entries(COMMANDS)) {
  Deno.test(`${name} --help has the shape of every help, in 80 columns`, async () => {
    using stdout = new FakeStdout();
    assertEquals(await command(["--help"]), 0);
    const help = stdout.texts.join("");
    assertMatch(help, /^[A-Z][^]*?\.\n\nUsage: deno [^]*?\[OPTIONS\]/);
    for (
      const part of ["\nOptions:\n  --", "\nExit codes: 0 complete, 1 ", "\nPermissions:\n  -"]
    ) {
      assert(help.includes(part), part);
    }
    assertMatch(help, /2\swrong arguments/);
    assertEquals(help.split("\n").filter((line) => line.length > 80), []);
  });

  Deno.test(`${name} refuses an unknown option in one line, with exit code 2`, async () => {
    const said = await saidIn(async () => assertEquals(await command(["--frob"]), 2));
    assertEquals(said, ['error: unknown option "--frob"; --help lists what is allowed']);
  });
}
