/** A few rounds of each kind, and what ever failed; `deno task fuzz` makes many. */
import { assert, assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import { sealed } from "../../common/testing/dtls_strangers.ts";
import type { Sent } from "../../common/testing/memory_net.ts";
import { FakeStdout } from "../../common/testing/fake_stdout.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { randomNumbers } from "../../common/base/random.ts";
import { join } from "../../common/base/std.ts";
import { virtualNet } from "../../common/testing/virtual_net.ts";
import { CORPUS, corpusText, parseCorpus, playDtls, playTls, tellRound } from "./corpus.ts";
import { netOf, NETS } from "./nets.ts";
import { isChanged } from "./mutator.ts";
import { changing, FailedRound, kindOf, ROUNDS, runRound } from "./rounds.ts";

/** Another one each day would make a gate that fails by chance. */
const SEED = 19_000;
const ROUNDS_OF_A_KIND = 10;

for (const [i, kind] of Object.keys(ROUNDS).entries()) {
  Deno.test(`${ROUNDS_OF_A_KIND} rounds of ${kind} with changed bytes break nothing`, async () => {
    const kinds = Object.keys(ROUNDS).length;
    const seeds = Array.from({ length: ROUNDS_OF_A_KIND }, (_, no) => SEED + no * kinds + i);
    assertEquals(kindOf(seeds[0]!), kind);
    let changed = 0;
    assertEquals(new Set(seeds.map(netOf)), new Set(Object.keys(NETS)));
    await Promise.all(seeds.map(async (seed) => {
      using net = await virtualNet(NETS[netOf(seed)]);
      const made = await runRound(net, seed);
      changed += made.length;
    }));
    assert(changed > ROUNDS_OF_A_KIND / 2, `${changed} inputs were changed`);
  });
}

Deno.test("what arrives as it was is no changed input, before a changed one or twice", () => {
  const changed: Sent[] = [];
  const change = changing({ random: randomNumbers(SEED), changed }, 1);
  const sent: Sent = { from: "client", bytes: sealed(30, 1) };
  let arrived = 0;
  for (let index = 0; index < 300; index++) arrived += change(sent, index).length;
  assert(changed.length > 0 && changed.length < arrived, `${changed.length} of ${arrived}`);
  assert(changed.every(({ bytes }) => isChanged(bytes, sent.bytes)));
});

for (const { name } of Deno.readDirSync(CORPUS)) {
  Deno.test(`what is in corpus/${name} breaks nothing`, async () => {
    const all = parseCorpus(Deno.readTextFileSync(join(CORPUS, name)));
    assert(all.length > 0);
    if (name.startsWith("tls")) return await playTls(all);
    using net = await virtualNet();
    await playDtls(net, all);
  });
}

Deno.test("a round that fails is kept as a file that can be read again", async () => {
  await using folder = await folderWith();
  const changed = [
    { from: "client", bytes: Uint8Array.of(1, 2) },
    { from: "server", bytes: new Uint8Array() },
  ] as const;
  const failed = new FailedRound("dtls-session", 7, changed, new Error("lost\nfor ever"));
  using stdout = new FakeStdout();
  tellRound(folder.dir, failed);
  const path = join(folder.dir, "dtls-session-7.txt");
  assertEquals(stdout.texts.join(""), `${failed.message}\n  kept in ${path}\n`);
  const text = Deno.readTextFileSync(path);
  assertEquals(
    text,
    '# dtls-session, seed 7, network "pre-shared key": Error: lost\n# for ever\n' +
      "# again: --seed 7\n> 0102\n< \n",
  );
  assertEquals(parseCorpus(text), [...changed]);
  assertEquals(corpusText("a", []), "# a\n");
  stdout.texts.length = 0;
  tellRound(path, failed);
  const said = stdout.texts.join("");
  assert(said.startsWith(`${failed.message}\n  not kept in ${path}/dtls-session-7.txt: `), said);
});

Deno.test("parseCorpus() names the line that is none", () => {
  for (const wrong of ["0102", "> 012", "> 0g", "= 01"]) {
    assertThrows(() => parseCorpus(`# good\n> 01 # one\n${wrong}\n`), SyntaxError, "line 3");
  }
});

Deno.test("a session that is lost is a finding, and the round tells its seed", async () => {
  using net = await virtualNet();
  const seed = Object.keys(ROUNDS).indexOf("dtls-session");
  const settle = net.settle.bind(net);
  // The server's end dies in the middle of it.
  net.settle = async () => {
    await settle();
    if (net.outcome === "established/established") net.server.error = new Error("gone");
  };
  const error = await assertRejects(() => runRound(net, seed), FailedRound);
  assertEquals([error.kind, error.seed], ["dtls-session", seed]);
});
