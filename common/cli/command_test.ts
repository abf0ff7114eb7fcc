import { RunError } from "../base/errors.ts";
import { assertEquals } from "../testing/assert.ts";
import { FakeStdout } from "../testing/fake_stdout.ts";
import { saidIn } from "../testing/stderr.ts";
import { type Command, readCommand, runCommand } from "./command.ts";
import { flag, text } from "./option_kinds.ts";

const OPTIONS = { out: text("DIR", "folder", "results"), "dry-run": flag("write nothing") };

const COMMAND: Command<typeof OPTIONS> = {
  does: "Makes a page.",
  starts: "deno task page",
  operand: "[PATH...]",
  about: "PATH is a document.",
  options: OPTIONS,
  examples: ["deno task page a.json"],
  canBeInterrupted: true,
  permissions: { "--allow-read": "documents" },
};

const HELP = `Makes a page.

Usage: deno task page [OPTIONS] [PATH...]

PATH is a document.

Options:
  --out DIR                   folder (default results)
  --dry-run                   write nothing
  --help                      show this text and end

Examples:
  deno task page a.json

Exit codes: 0 complete, 1 failed, 2 wrong arguments, 130 interrupted.

Permissions:
  --allow-read                documents
`;

Deno.test("readCommand() gives what is there, and all options with their defaults", () => {
  const read = readCommand(COMMAND, ["a", "--dry-run"]);
  if (read === "help") throw new Error("help was not asked for");
  assertEquals(read.given, { dryRun: true });
  assertEquals(read.values, { out: "results", dryRun: true });
  assertEquals(read.operands, ["a"]);
});

Deno.test("runCommand() shows the help, whatever else is there, and runs nothing", async () => {
  const never = () => Promise.reject(new Error("it ran"));
  for (const args of [["--help"], ["-h"], ["--out", "x", "--help", "a"]]) {
    using stdout = new FakeStdout();
    assertEquals(await runCommand(COMMAND, args, never), 0);
    assertEquals(stdout.texts.join(""), HELP);
  }
});

Deno.test("runCommand() resolves to the exit code, and to 0 where there is none", async () => {
  assertEquals(await runCommand(COMMAND, [], () => Promise.resolve()), 0);
  assertEquals(await runCommand(COMMAND, [], () => Promise.resolve(130)), 130);
});

Deno.test("runCommand() says an error in one line", async () => {
  const codes: number[] = [];
  const said = await saidIn(async () => {
    codes.push(await runCommand(COMMAND, ["--dry"], () => Promise.resolve()));
    codes.push(await runCommand(COMMAND, [], () => Promise.reject(new RunError("no disk"))));
  });
  assertEquals(codes, [2, 1]);
  assertEquals(said, [
    'error: unknown option "--dry"; --help lists what is allowed',
    "error: no disk",
  ]);
});

Deno.test("runCommand() says how files outside the task's folders are permitted", async () => {
  const elsewhere = "deno run --allow-read=.,DIR page.ts";
  const missing = 'Requires write access to "/a/b", run again with the --allow-write flag';
  const errors = [
    new Deno.errors.NotCapable(missing),
    new RunError("cannot write /a/b: permission missing: it; run again with --allow-write"),
    new RunError("permission missing: network; run again with --allow-net"),
  ];
  const said = await saidIn(async () => {
    for (const error of errors) {
      const code = await runCommand({ ...COMMAND, elsewhere }, [], () => Promise.reject(error));
      assertEquals(code, 1);
    }
  });
  assertEquals(said, [
    `error: permission missing: write access to /a/b; for another folder DIR: ${elsewhere}`,
    `error: cannot write /a/b: permission missing: it; for another folder DIR: ${elsewhere}`,
    "error: permission missing: network; run again with --allow-net",
  ]);
});
