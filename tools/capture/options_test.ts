import { UsageError } from "../../common/base/errors.ts";
import { readCommand } from "../../common/cli/command.ts";
import { assert, assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { captureOptions, COMMAND } from "./options.ts";

function read(...args: string[]) {
  const read = readCommand(COMMAND, args);
  assert(read !== "help");
  return captureOptions(read);
}

Deno.test("capture runs two messages of DTLS where nothing is said", () => {
  const { lane, args, out, only, resume } = read();
  assertEquals([lane.name, out, only, resume], ["dtls-sync-openssl", null, null, false]);
  assertEquals(args, ["--sizes", "100", "--repeat", "2"]);
});

Deno.test("capture hands the options of an exchange to both ends", () => {
  const words = "--lane tls-async-openssl --sizes 1000,2000 --seconds 2 --resume --tls-version 1.2";
  const { args, resume } = read(...words.split(" "));
  assertEquals(args.join(" "), "--sizes 1000,2000 --seconds 2 --resume --tls-version 1.2");
  assertEquals(resume, true);
  assertEquals(read("--resume", "--connect", "once").resume, false);
});

Deno.test("capture takes the name of a lane with resumed sessions", () => {
  const { lane, args, resume } = read("--lane", "tls-sync-openssl-resumed");
  assertEquals([lane.name, resume], ["tls-sync-openssl", true]);
  assertEquals(args, ["--resume", "--sizes", "100", "--repeat", "2"]);
  const both = read("--lane", "tls-sync-openssl-resumed", "--resume");
  assertEquals(both.args.filter((word) => word === "--resume").length, 1);
});

Deno.test("capture --only takes a port, a time and keys", () => {
  assertEquals(read("--only", "--port", "1443").only, { port: 1443, seconds: null, keyLog: null });
  const { only } = read("--only", "--port", "1", "--seconds", "3", "--key-log", "keys");
  assertEquals(only, { port: 1, seconds: 3, keyLog: "keys" });
});

const REFUSED: [words: string, line: string][] = [
  ["--only", "--only: --port is missing, the port of the server"],
  ["--port 1", "--port goes with --only; a lane's port and its keys need no names"],
  ["--key-log a", "--key-log goes with --only; a lane's port and its keys need no names"],
  ["--only --port 1 --resume", "--resume and --only: only one of them"],
  ["--repeat 1 --seconds 1", "--repeat and --seconds: only one of them"],
  ["--lane tcp-sync --ciphers x", 'unknown option "--ciphers"; --help lists what is allowed'],
  [
    "--lane tls-async-rustls --resume",
    "--resume goes with --engine openssl; rustls cannot set it",
  ],
  [
    "--lane dtls-sync-openssl-resumed --connect once",
    "--lane dtls-sync-openssl-resumed: nothing is resumed with --connect once",
  ],
  [
    "--only --port 1 --out a/../keys --key-log keys",
    "--out a/../keys and --key-log keys: a file can take only one",
  ],
  ["--out -", "--out -: a file's name is wanted"],
];

for (const [words, line] of REFUSED) {
  Deno.test(`capture refuses ${words}`, () => {
    assertEquals(assertThrows(() => read(...words.split(" ")), UsageError).message, line);
  });
}
