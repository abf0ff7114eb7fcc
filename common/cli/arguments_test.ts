import { exitCodeOf, UsageError } from "../base/errors.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertThrows,
} from "../testing/assert.ts";
import {
  argumentsOf,
  defaultValues,
  givenValues,
  optionLines,
  refuseTogether,
  splitArguments,
} from "./arguments.ts";
import { flag, hidden, many, notTaken, option, text, wholeNumber } from "./option_kinds.ts";

const TABLE = {
  port: wholeNumber([-1, 9], "port", 7),
  json: text("FILE", "document", null),
  "wait-ms": wholeNumber([0, 9], "pause", undefined),
  name: many(option("NAME", "one more name", "", (text) => text)),
  quiet: flag("say nothing"),
  forever: notTaken(flag("serve")),
  listener: hidden(flag("not for users")),
  help: { ...flag("show this"), short: "h" },
};

function read(...args: string[]) {
  return givenValues(TABLE, splitArguments(TABLE, args));
}

/** The line that refuses a command line. */
function refusal(args: string[], operand?: string): string {
  const act = () => givenValues(TABLE, splitArguments(TABLE, args, operand));
  const error = assertThrows(act, UsageError);
  assertEquals(exitCodeOf(error), 2);
  assertNotMatch(error.message, /\n/);
  return error.message;
}

const READ: [string[], ReturnType<typeof read>][] = [
  [[], {}],
  [["--port", "3"], { port: 3 }],
  [["--port=3"], { port: 3 }],
  [["--wait-ms", "0"], { waitMs: 0 }],
  [["--json", "-"], { json: "-" }],
  [["--json=-"], { json: "-" }],
  [["--json", "a=b"], { json: "a=b" }],
  [["--json=a=b"], { json: "a=b" }],
  [["--json=--quiet"], { json: "--quiet" }],
  [["--json", "./quiet=1.json"], { json: "./quiet=1.json" }],
  [["--json", "true", "--quiet"], { json: "true", quiet: true }],
  [["--name", "a", "--quiet", "--name=b"], { name: ["a", "b"], quiet: true }],
  [["--listener"], { listener: true }],
  [["--quiet", "--quiet"], { quiet: true }],
  [["-h"], { help: true }],
];

for (const [args, wanted] of READ) {
  Deno.test(`splitArguments() takes ${args.join(" ") || "nothing"}`, () => {
    assertEquals(read(...args), wanted);
  });
}

const REFUSED: [string[], string][] = [
  [["--bogus"], 'unknown option "--bogus"; --help lists what is allowed'],
  [["--bogus=3"], 'unknown option "--bogus"; --help lists what is allowed'],
  [["-x"], 'unknown option "-x"; --help lists what is allowed'],
  [["--no-quiet"], 'unknown option "--no-quiet"; did you mean --quiet?'],
  [["--constructor"], 'unknown option "--constructor"; --help lists what is allowed'],
  [["--port.x", "1"], 'unknown option "--port.x"; did you mean --port?'],
  [["--waitMs", "1"], 'unknown option "--waitMs"; did you mean --wait-ms?'],
  [["--forever"], 'unknown option "--forever"; --help lists what is allowed'],
  [["--help", "--bogus"], 'unknown option "--bogus"; --help lists what is allowed'],
  [["-"], 'unexpected argument "-"; --help lists what is allowed'],
  [["100"], 'unexpected argument "100"; --help lists what is allowed'],
  [[""], 'unexpected argument ""; --help lists what is allowed'],
  [["--", "--port"], 'unexpected argument "--port"; --help lists what is allowed'],
  [["--quiet", "false"], 'unexpected argument "false"; --help lists what is allowed'],
  [["--quiet=yes"], "--quiet takes no value"],
  [["--quiet="], "--quiet takes no value"],
  [["-h=1"], 'unknown option "-h"; --help lists what is allowed'],
  [["--port"], "--port needs a value: N"],
  [["--port="], "--port needs a value: N"],
  [["--port", ""], "--port needs a value: N"],
  [["--json", "--quiet"], "--json needs a value: FILE"],
  [["--json", "-x"], "--json needs a value: FILE"],
  [["--port", "1", "--port=2"], "--port is given 2 times"],
  [["--json=a", "--json=a", "--json=a"], "--json is given 3 times"],
  [["--port", "-2"], "--port -2: a whole number from -1 to 9 is allowed"],
];

for (const [args, line] of REFUSED) {
  Deno.test(`splitArguments() refuses ${JSON.stringify(args)}`, () => {
    assertEquals(refusal(args), line);
  });
}

Deno.test("splitArguments() keeps operands in their order where they are allowed", () => {
  const args = ["a", "--json", "b", "c", "--quiet", "--", "--port", "-"];
  const { operands, texts } = splitArguments(TABLE, args, "[PATH...]");
  assertEquals(operands, ["a", "c", "--port", "-"]);
  assertEquals([...texts.keys()], ["json", "quiet"]);
  assertMatch(refusal(["a", "--bogus"], "[PATH...]"), /^unknown option "--bogus"/);
});

/** What may be a key, in every place where an argument is refused. */
const SECRETS = ["-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n", "8f3a9c".repeat(8)];

for (const place of ["", "--bogus=", "--port=", "--quiet="]) {
  Deno.test(`a refused argument does not show a key: ${place}`, () => {
    for (const secret of SECRETS) {
      assertNotMatch(refusal([`${place}${secret}`]), /MIGH|8f3a9c/);
    }
  });
}

Deno.test("defaultValues() has every option, also those that are not taken", () => {
  assertEquals(defaultValues(TABLE), {
    port: 7,
    json: null,
    waitMs: undefined,
    name: [],
    quiet: false,
    forever: false,
    listener: false,
    help: false,
  });
});

Deno.test("refuseTogether() names two of a group", () => {
  const split = splitArguments(TABLE, ["--quiet", "--port", "1"]);
  refuseTogether(split, [["quiet", "json"], ["port", "name"]]);
  const act = () => refuseTogether(split, [["json", "port", "quiet"]]);
  assertThrows(act, UsageError, "--port and --quiet: only one of them");
});

Deno.test("optionLines() shows what is for users, with placeholders, ranges and defaults", () => {
  const lines = optionLines(TABLE);
  assertEquals(lines, [
    "  --port N                    port (-1 to 9, default 7)",
    "  --json FILE                 document",
    "  --wait-ms N                 pause (0 to 9)",
    "  --name NAME                 one more name; may be given several times",
    "  --quiet                     say nothing",
    "  --help                      show this",
  ]);
  assert(!lines.join().includes("listener"));
});

Deno.test("argumentsOf() gives options as they stand on the command line", () => {
  const args = ["--quiet", "--port", "-1", "--name", "a", "--json=x", "--name", "b"];
  const { texts } = splitArguments(TABLE, args);
  const names = ["name", "quiet", "port", "wait-ms"];
  assertEquals(argumentsOf(texts, names), [
    ...["--name", "a", "--name", "b", "--quiet", "--port", "-1"],
  ]);
});
