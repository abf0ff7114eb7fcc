import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { FakeStdout } from "../common/testing/fake_stdout.ts";
import { folderWith } from "../common/testing/folder.ts";
import { findProgram } from "../common/testing/programs.ts";
import { saidIn } from "../common/testing/stderr.ts";
import { completions } from "./completions.ts";
import { COMMANDS } from "./netpairs.ts";
import { completionTable } from "./netpairs/completion_table.ts";

async function scriptFor(shell: string): Promise<string> {
  using stdout = new FakeStdout();
  assertEquals(await completions([shell], COMMANDS), 0);
  return stdout.texts.join("");
}

/** Where a shell is missing, common/testing/programs_test.ts says so. */
const missing = (shell: "bash" | "zsh") => ({ ignore: findProgram(shell) === null });

/** What a shell prints when it runs a program's text, in a folder with some files. */
async function shellSays(shell: string, args: string[], text: string): Promise<string[]> {
  await using place = await folderWith({ "a plan.yaml": "", "certs/ca.pem": "" });
  const { code, stdout, stderr } = await new Deno.Command(shell, {
    args: [...args, text],
    cwd: place.dir,
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

/** Words of a command line, the last one of which is completed, and what it can become. */
const CASES: readonly (readonly [words: string[], replies: string[]])[] = [
  [["netpairs", "re"], ["report"]],
  [["netpairs", "dt"], ["dtls"]],
  [["netpairs", "dtls", ""], ["client", "server", "--help"]],
  [["netpairs", "dtls", "client", "--io", ""], ["async", "sync", "spin"]],
  [["netpairs", "dtls", "client", "--io", "s"], ["sync", "spin"]],
  [["netpairs", "tls", "server", "--eng"], ["--engine"]],
  [["netpairs", "dtls", "server", "--eng"], []],
  [["netpairs", "tcp", "client", "--forev"], []],
  [["netpairs", "tcp", "server", "--quiet", "--forev"], ["--forever"]],
  [["netpairs", "tcp", "client", "--port", ""], []],
  [["netpairs", "tcp", "client", "--plan", "a"], ["a plan.yaml"]],
  [["netpairs", "run", "--certs", ""], ["certs"]],
  [["netpairs", "completions", ""], ["bash", "zsh", "--help"]],
  [["netpairs", "help", "comp"], ["compare", "completions"]],
  [["netpairs", "nothing", "--i"], []],
];

Deno.test("completionTable() has every option of every command that is for users", async () => {
  const table = await completionTable(COMMANDS);
  for (const { words } of COMMANDS) {
    const row = table.find((row) => row.words.join(" ") === words);
    assert(row?.options.some(({ name }) => name === "--help"), words);
  }
  const names = table.flatMap(({ options }) => options.map(({ name }) => name));
  for (const name of ["--tls-version", "--rounds", "--every-size", "--profile"]) {
    assert(names.includes(name), name);
  }
});

Deno.test("completions bash completes commands, options and values", missing("bash"), async () => {
  const script = await scriptFor("bash");
  const calls = CASES.map(([words]) =>
    `COMP_WORDS=(${words.map(quote).join(" ")}); COMP_CWORD=${words.length - 1}; COMPREPLY=()
_netpairs; (IFS='|'; echo "\${#COMPREPLY[@]}|\${COMPREPLY[*]}")`
  );
  const said = await shellSays("bash", ["--norc", "-c"], [script, ...calls].join("\n"));
  assertEquals(said, CASES.map(([, replies]) => [replies.length, replies.join("|")].join("|")));
});

Deno.test(
  "completions bash completes the value behind an equals sign",
  missing("bash"),
  async () => {
    const script = await scriptFor("bash");
    const calls = [`"="`, `"=" "sp"`].map((end) =>
      `COMP_WORDS=(netpairs tcp client --io ${end}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_netpairs; echo "\${COMPREPLY[*]}"`
    );
    const said = await shellSays("bash", ["--norc", "-c"], [script, ...calls].join("\n"));
    assertEquals(said, ["async sync spin", "spin"]);
  },
);

Deno.test("completions bash registers itself for the name netpairs", missing("bash"), async () => {
  const text = `${await scriptFor("bash")}\ncomplete -p netpairs`;
  assertEquals(await shellSays("bash", ["--norc", "-c"], text), [
    "complete -F _netpairs netpairs",
  ]);
});

/** Stand-ins for what zsh's own functions are told: they print it. */
const ZSH_STUBS = `
compdef() { : }
_describe() { shift 2; print -r -- "options \${(@P)1%%:*}" }
compadd() { shift; print -r -- "words $*" }
_files() { print -r -- "files $*" }
_message() { print -r -- "message" }
`;

const ZSH_CASES: readonly (readonly [words: string[], lines: RegExp])[] = [
  [["netpairs", "re"], /^words tcp udp tls dtls run .*\noptions --help --version$/],
  [["netpairs", "dtls", ""], /^words client server\noptions --help$/],
  [["netpairs", "dtls", "client", "--io", ""], /^words async sync spin$/],
  [["netpairs", "tls", "server", "--eng"], /^options .*--engine .*--forever .*--version$/],
  [["netpairs", "tcp", "client", "--plan", "a"], /^files $/],
  [["netpairs", "run", "--certs", ""], /^files -\/$/],
  [["netpairs", "tcp", "client", "--port", ""], /^message$/],
  [["netpairs", "report", ""], /^files \noptions .*--compare/],
  [["netpairs", "completions", ""], /^words bash zsh\noptions --help$/],
];

Deno.test("completions zsh tells zsh commands, options and values", missing("zsh"), async () => {
  const script = await scriptFor("zsh");
  const calls = ZSH_CASES.map(([words]) =>
    `words=(${words.map(quote).join(" ")}); CURRENT=${words.length}; _netpairs; print -r -- "end"`
  );
  const text = [ZSH_STUBS, script, ...calls].join("\n");
  const said = (await shellSays("zsh", ["-f", "-c"], text)).join("\n").split(/\n?end(?:\n|$)/);
  for (const [i, [words, lines]] of ZSH_CASES.entries()) {
    assertMatch(said[i]!, lines, words.join(" "));
  }
});

Deno.test("completions refuses a shell that it has no script for", async () => {
  const said = await saidIn(async () => {
    assertEquals(await completions(["csh"], COMMANDS), 2);
    assertEquals(await completions([], COMMANDS), 2);
  });
  assertEquals(said, [
    'error: no completions for "csh"; there are bash and zsh',
    "error: one shell is wanted: bash or zsh",
  ]);
});

/** As a shell takes it for one word. */
function quote(text: string): string {
  return `'${text}'`;
}
