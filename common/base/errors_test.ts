import {
  AddressError,
  describe,
  EXIT,
  exitCodeOf,
  InterruptedError,
  reportError,
  RunError,
  TimeoutError,
  UsageError,
} from "./errors.ts";
import { MessageError } from "../model/message.ts";
import { assert, assertEquals, assertThrows } from "../testing/assert.ts";

/** An error as Node's own modules throw it. */
function nodeError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:1443`), { code });
}

Deno.test("EXIT has the documented codes", () => {
  assertEquals({ ...EXIT }, { complete: 0, failed: 1, usage: 2, interrupted: 130 });
});

const CODES: [unknown, number][] = [
  [new UsageError("x"), 2],
  [new InterruptedError("x"), 130],
  [new RunError("x"), 1],
  [new TimeoutError("x"), 1],
  [new MessageError("x"), 1],
  [new Deno.errors.NotCapable("x"), 1],
  [new Error("x"), 1],
  ["x", 1],
  [undefined, 1],
];

for (const [error, code] of CODES) {
  Deno.test(`exitCodeOf() is ${code} for ${error}`, () => {
    assertEquals(exitCodeOf(error), code);
  });
}

Deno.test("the classes of errors are told apart by their names", () => {
  const kinds = [UsageError, RunError, AddressError, TimeoutError, InterruptedError, MessageError];
  assertEquals(kinds.map((kind) => new kind("x").name), kinds.map((kind) => kind.name));
});

const DESCRIBED: [Error, string][] = [
  [
    new Deno.errors.ConnectionRefused("os error 111"),
    "connection refused; is the server running there?",
  ],
  [new Deno.errors.ConnectionReset("os error 104"), "connection reset by the peer"],
  [new Deno.errors.ConnectionAborted("os error 103"), "connection aborted"],
  [new Deno.errors.BrokenPipe("os error 32"), "the peer has closed the connection"],
  [new Deno.errors.UnexpectedEof("eof"), "the peer closed the connection early"],
  [
    new Deno.errors.AddrInUse("os error 98"),
    "the address is in use; choose another port, or 0 for a free one",
  ],
  [new Deno.errors.AddrNotAvailable("os error 99"), "the address is not one of this machine"],
  [new Deno.errors.NotFound("os error 2"), "no such file"],
  [new Deno.errors.PermissionDenied("os error 13"), "the system does not permit it"],
  [nodeError("ECONNREFUSED"), "connection refused; is the server running there?"],
  [nodeError("ECONNRESET"), "connection reset by the peer"],
  [nodeError("ECONNABORTED"), "connection aborted"],
  [nodeError("EPIPE"), "the peer has closed the connection"],
  [nodeError("EADDRINUSE"), "the address is in use; choose another port, or 0 for a free one"],
  [nodeError("EADDRNOTAVAIL"), "the address is not one of this machine"],
  [nodeError("EOTHER"), "connect EOTHER 127.0.0.1:1443"],
  [new Deno.errors.BadResource("Bad resource ID"), "Bad resource ID"],
  [new TypeError("wrong kind"), "wrong kind"],
  [new RangeError(""), "RangeError"],
  [new UsageError("--port x: no number"), "--port x: no number"],
  [new TimeoutError("timed out after 5 ms"), "timed out after 5 ms"],
  [new InterruptedError("interrupted"), "interrupted"],
  [new DOMException("The signal has been aborted", "AbortError"), "The signal has been aborted"],
];

for (const [error, line] of DESCRIBED) {
  Deno.test(`describe() says ${JSON.stringify(line)} for ${error.name}: ${error.message}`, () => {
    assertEquals(describe(error), line);
  });
}

Deno.test("describe() finds the code of several attempts that failed together", () => {
  const attempts = ["::1", "127.0.0.1"].map((host) => new Error(`connect ECONNREFUSED ${host}`));
  const error = Object.assign(new AggregateError(attempts), { code: "ECONNREFUSED" });
  assertEquals(describe(error), "connection refused; is the server running there?");
});

Deno.test("what went wrong first counts, whatever the end of something throws on top of it", () => {
  const thrown = assertThrows(() => {
    using _one = { [Symbol.dispose]: () => assert(false, "the first end") };
    using _other = { [Symbol.dispose]: () => assert(false, "the second end") };
    throw new UsageError("it was wrong");
  }, Error);
  assertEquals([describe(thrown), exitCodeOf(thrown)], ["it was wrong", 2]);
});

Deno.test("describe() takes a run's own words although its cause is a known one", () => {
  const cause = new Deno.errors.ConnectionRefused("os error 111");
  assertEquals(
    describe(new RunError("cannot connect to there", { cause })),
    "cannot connect to there",
  );
});

const MANY_LINES: unknown[] = [
  new Error("first\nsecond\n\n   third\n"),
  new Error("first\r\nsecond\r\n"),
  new RunError("first\n\tsecond"),
  new UsageError("\nfirst"),
  new Deno.errors.NotCapable("first\nsecond"),
  "a text\nof two lines",
  { toString: () => "an\nobject" },
];

for (const error of MANY_LINES) {
  Deno.test(`describe() makes one line of ${JSON.stringify(String(error))}`, () => {
    const line = describe(error);
    assert(!/[\r\n]/.test(line), line);
    assertEquals(line, line.trim());
    assert(line.length > 0);
  });
}

Deno.test("describe() takes anything that was thrown", () => {
  assertEquals([null, undefined, 3, "word"].map(describe), ["null", "undefined", "3", "word"]);
});

Deno.test("describe() leaves no lone carriage return in the line", () => {
  // On a terminal it would let the rest of the line overwrite its beginning.
  assertEquals(describe(new Error("first\rsecond")), "first second");
});

Deno.test({
  name: "describe() names the permission that reading a file wants",
  permissions: { read: false },
  fn: () => {
    const error = assertThrows(() => Deno.readTextFileSync("p.yaml"), Deno.errors.NotCapable);
    const line = "permission missing: read access to p.yaml; run again with --allow-read";
    assertEquals(describe(error), line);
  },
});

Deno.test({
  name: "describe() names the permission that listening wants",
  permissions: { net: false },
  fn: () => {
    const listen = () => Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const error = assertThrows(listen, Deno.errors.NotCapable);
    const line = "permission missing: net access to 127.0.0.1:0; run again with --allow-net";
    assertEquals(describe(error), line);
  },
});

Deno.test("describe() keeps the words of a missing permission that it does not know", () => {
  assertEquals(describe(new Deno.errors.NotCapable("ask your admin")), "ask your admin");
});

/** What reportError() prints, line by line, and what it returns. */
function reported(error: unknown): [string[], number] {
  const lines: string[] = [];
  const real = console.error;
  console.error = (...values: unknown[]) => lines.push(...values.join(" ").split("\n"));
  try {
    return [lines, reportError(error)];
  } finally {
    console.error = real;
  }
}

Deno.test("reportError() prints one line without a stack and returns the exit code", () => {
  assertEquals(reported(new UsageError("unknown option\nand more")), [
    ["error: unknown option and more"],
    2,
  ]);
  assertEquals(reported(new Deno.errors.AddrNotAvailable("x")), [
    ["error: the address is not one of this machine"],
    1,
  ]);
});

Deno.test("describe() leaves nothing of a foreign text that a terminal obeys", () => {
  for (const error of [new RunError("a\x1b[2J"), new Error("a\x1b[2J"), "a\x1b[2J"]) {
    assertEquals(describe(error), "a\\x1b[2J");
  }
});
