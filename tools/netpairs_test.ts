import { VERSION } from "../common/base/version.ts";
import { runsByItself } from "../common/base/program.ts";
import { join } from "../common/base/std.ts";
import { describeCommand } from "../common/cli/command.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { FakeStdout } from "../common/testing/fake_stdout.ts";
import { saidIn } from "../common/testing/stderr.ts";
import { ROOT } from "./lib/children.ts";
import { COMMANDS, netpairs } from "./netpairs.ts";

/** What it prints, with exit code 0. */
async function printed(...args: string[]): Promise<string> {
  using stdout = new FakeStdout();
  try {
    assertEquals(await netpairs(args), 0);
    return stdout.texts.join("");
  } finally {
    runsByItself();
  }
}

/** What it says, with exit code 2. */
async function refused(...args: string[]): Promise<string> {
  const said = await saidIn(async () => assertEquals(await netpairs(args), 2));
  runsByItself();
  assertEquals(said.length, 1, said.join("\n"));
  return said[0]!;
}

Deno.test("netpairs --help lists every command, in 80 columns", async () => {
  const help = await printed("--help");
  assertEquals(await printed("help"), help);
  for (const { words, does } of COMMANDS) {
    assert(help.includes(`\n  ${words.padEnd(28)}${does}\n`), words);
  }
  assertEquals(help.split("\n").filter((line) => line.length > 80), []);
});

Deno.test("netpairs has every command once", () => {
  const words = COMMANDS.map(({ words }) => words);
  assertEquals(words, [...new Set(words)]);
});

for (const { words } of COMMANDS) {
  Deno.test(`netpairs ${words} --help reads as a part of the program, in 80 columns`, async () => {
    const help = await printed(...words.split(" "), "--help");
    assertMatch(help, new RegExp(`^[A-Z][^]*?\\.\\n\\nUsage: netpairs ${words} \\[OPTIONS\\]`));
    assert(!help.includes("deno"), help);
    assertEquals(help.split("\n").filter((line) => line.length > 80), []);
    assertEquals(await printed("help", ...words.split(" ")), help);
  });

  Deno.test(`netpairs ${words} refuses an unknown option`, async () => {
    const line = 'error: unknown option "--frob"; --help lists what is allowed';
    assertEquals(await refused(...words.split(" "), "--frob"), line);
  });
}

Deno.test("netpairs says which command was probably meant", async () => {
  const lines: [args: string[], line: string][] = [
    [[], "a command is missing; netpairs help lists all commands"],
    [["reprot"], 'unknown command "reprot"; did you mean netpairs report?'],
    [["demo", "--quick"], 'unknown command "demo"; did you mean netpairs run?'],
    [["dtsl", "client"], 'unknown command "dtsl"; did you mean netpairs dtls?'],
    [["dtls"], "netpairs dtls: client or server is missing"],
    [["dtls", "sever"], 'unknown command "sever"; did you mean netpairs dtls server?'],
    [["dtls", "cl"], 'unknown command "cl"; did you mean netpairs dtls client?'],
    [["dtls", "--port"], 'a command is missing before "--port"; use client or server'],
    [["--port", "1"], 'a command is missing before "--port"; netpairs help lists all commands'],
    [["whatever"], 'unknown command "whatever"; netpairs help lists all commands'],
    [["help", "whatever"], 'unknown command "whatever"; netpairs help lists all commands'],
    [["a\x1b[31m"], 'unknown command "a\\x1b[31m"; netpairs help lists all commands'],
  ];
  for (const [args, line] of lines) assertEquals(await refused(...args), `error: ${line}`);
});

Deno.test("netpairs lists the commands of a protocol", async () => {
  const help = await printed("tls", "--help");
  assertMatch(
    help,
    /\nUsage: netpairs tls COMMAND \[OPTIONS\]\n[^]*\n {2}tls client .*\n {2}tls server /,
  );
  assert(!help.includes("dtls client"));
});

Deno.test("netpairs --version says the program's and the pairs' version", async () => {
  assertEquals(await printed("--version"), `netpairs ${VERSION}\n`);
  assertEquals(await printed("udp", "server", "--version"), `netpairs ${VERSION}\n`);
});

Deno.test("netpairs starts a command with the arguments behind its words", async () => {
  const options = { args: [] as string[], stdout: "piped", stderr: "piped" } as const;
  const start = ["run", "--quiet", "--no-prompt", "--allow-net", join(ROOT, "tools/netpairs.ts")];
  const server = new Deno.Command(Deno.execPath(), {
    ...options,
    args: [...start, "tcp", "server", "--port", "0", "--sizes", "100", "--repeat", "2", "--quiet"],
  }).spawn();
  let said = "";
  for await (const text of server.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes("\n")) break;
  }
  const port = /^listening on 127\.0\.0\.1:(\d+)\n/.exec(said)?.[1];
  assert(port, said);
  const client = await new Deno.Command(Deno.execPath(), {
    ...options,
    args: [...start, "tcp", "client", "--port", port, "--sizes", "100", "--repeat", "2"],
  }).output();
  assertMatch(new TextDecoder().decode(client.stdout), /^tcp-async client\n/);
  assertEquals(client.code, 0);
  await server.stdout.cancel();
  assertEquals((await server.status).code, 0);
});

Deno.test("describeCommand() hands over a command's help and options, and prints nothing", async () => {
  using stdout = new FakeStdout();
  const run = await COMMANDS.find(({ words }) => words === "certs")!.load();
  const { help, options } = await describeCommand(run);
  assertMatch(help.does, /^Makes the certificates/);
  assert("days" in options && "help" in options);
  assertEquals(stdout.texts, []);
});
