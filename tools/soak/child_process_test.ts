import { RunError } from "../../common/base/errors.ts";
import { join, toFileUrl } from "../../common/base/std.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { AskedProcess } from "./child_process.ts";

/** Answers as many lines as its first argument says, ends with the exit code of its second, or never. */
const PROGRAM = `
let [answers, end] = Deno.args.map(Number);
for await (const _line of Deno.stdin.readable) if (answers-- > 0) console.log('"answer"');
if (end < 0) setInterval(() => {}, 1000);
else Deno.exitCode = end;
`;

/** Asks such a process once, and ends it. */
async function askOnce(answers: number, end: number, patienceMs?: number): Promise<unknown> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "program.ts");
    await Deno.writeTextFile(path, PROGRAM);
    const args = [answers, end].map(String);
    await using child = new AskedProcess("the peer", toFileUrl(path), [], args, patienceMs);
    return await child.ask("question");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a process that is asked answers, and ends with its stdin", async () => {
  assertEquals(await askOnce(1, 0), "answer");
});

/** What is wrong with a process, its arguments, and what is said of it. */
const WRONG: [string, Parameters<typeof askOnce>, string][] = [
  ["fails in its end", [1, 3], "has failed in its end, exit code 3"],
  ["does not answer", [0, 0, 1000], "has said nothing for 1 s"],
  ["does not end", [1, -1, 1000], "has said nothing for 1 s"],
];

for (const [what, args, line] of WRONG) {
  Deno.test(`a process that ${what} is an error, and is gone`, async () => {
    const { message } = await assertRejects(() => askOnce(...args), RunError);
    assertEquals(message, `the process of the peer ${line}`);
  });
}
