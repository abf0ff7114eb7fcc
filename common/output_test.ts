import { RunError } from "./errors.ts";
import { LinePrinter, openOutput, print } from "./output.ts";
import { join } from "./std.ts";
import { assertEquals, assertThrows } from "./testing/assert.ts";
import { FakeClock } from "./testing/fake_clock.ts";

type WriteSync = typeof Deno.stdout.writeSync;

/** Stands in for stdout until it is disposed. */
class FakeStdout implements Disposable {
  /** What was written, one text a write. */
  readonly texts: string[] = [];
  readonly #real: WriteSync = Deno.stdout.writeSync;

  /** @param write what a write does; takes everything where it is left out */
  constructor(write: WriteSync = (bytes) => bytes.length) {
    Deno.stdout.writeSync = (bytes) => {
      const written = write(bytes);
      this.texts.push(new TextDecoder().decode(bytes.subarray(0, written)));
      return written;
    };
  }

  [Symbol.dispose](): void {
    Deno.stdout.writeSync = this.#real;
  }
}

/** Calls with a new folder, and closes what was opened: a Write lives as long as its command. */
function withFolder(act: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync();
  const realOpen = Deno.openSync;
  const files = new DisposableStack();
  Deno.openSync = (...args) => files.use(realOpen(...args));
  try {
    act(dir);
  } finally {
    Deno.openSync = realOpen;
    files.dispose();
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("openOutput() writes every text to the file", () =>
  withFolder((dir) => {
    const path = join(dir, "out.json");
    const write = openOutput(path);
    write("one\n");
    write("zwölf\n");
    assertEquals(Deno.readTextFileSync(path), "one\nzwölf\n");
  }));

Deno.test("openOutput() leaves nothing of what the file held", () =>
  withFolder((dir) => {
    const path = join(dir, "out.csv");
    Deno.writeTextFileSync(path, "a long line of an earlier run\n");
    openOutput(path)("new\n");
    assertEquals(Deno.readTextFileSync(path), "new\n");
  }));

Deno.test("openOutput() says that a folder is missing", () =>
  withFolder((dir) => {
    const path = join(dir, "no", "such", "out.json");
    const error = assertThrows(() => openOutput(path), RunError);
    assertEquals(error.message, `cannot write ${path}: no such folder`);
  }));

Deno.test("openOutput() refuses a folder as a file", () =>
  withFolder((dir) => {
    assertThrows(() => openOutput(dir), RunError, `cannot write ${dir}: `);
  }));

Deno.test({
  name: "openOutput() hands on that a permission is missing",
  permissions: { write: false },
  fn: () => {
    assertThrows(() => openOutput("out.json"), Deno.errors.NotCapable, "--allow-write");
  },
});

Deno.test("openOutput() takes - for stdout and opens no file", () => {
  using stdout = new FakeStdout();
  const realOpen = Deno.openSync;
  Deno.openSync = () => {
    throw new Error("a file was opened");
  };
  try {
    openOutput("-")("{}\n");
  } finally {
    Deno.openSync = realOpen;
  }
  assertEquals(stdout.texts, ["{}\n"]);
});

Deno.test("print() goes on where stdout takes a part at a time", () => {
  using stdout = new FakeStdout((bytes) => Math.min(bytes.length, 4));
  print("123456789\n");
  assertEquals(stdout.texts, ["1234", "5678", "9\n"]);
});

Deno.test("print() does not mind a reader that has gone away", () => {
  using stdout = new FakeStdout(() => {
    throw new Deno.errors.BrokenPipe("os error 32");
  });
  print("nobody reads this\n");
  assertEquals(stdout.texts, []);
});

Deno.test("print() hands on every other error", () => {
  using _stdout = new FakeStdout(() => {
    throw new Error("No space left on device (os error 28)");
  });
  assertThrows(() => print("lost\n"), Error, "No space left on device");
});

Deno.test("LinePrinter.flush() prints all lines with one write", () => {
  using _clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new LinePrinter();
  printer.add("one");
  printer.add("two");
  assertEquals(stdout.texts, []);
  printer.flush();
  assertEquals(stdout.texts, ["one\ntwo\n"]);
});

Deno.test("LinePrinter.flush() prints each line once, and nothing where there is none", () => {
  using clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new LinePrinter();
  printer.flush();
  printer.add("one");
  printer.flush();
  printer.flush();
  assertEquals(stdout.texts, ["one\n"]);
  assertEquals(clock.timers, 0);
});

Deno.test("LinePrinter.add() lets no line wait longer than 100 ms", async () => {
  using clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new LinePrinter();
  printer.add("one");
  await clock.advance(60);
  printer.add("two");
  await clock.advance(39);
  assertEquals(stdout.texts, []);
  await clock.advance(1);
  assertEquals(stdout.texts, ["one\ntwo\n"]);
  assertEquals(clock.timers, 0);
});

Deno.test("LinePrinter.add() does not gather more than 500 lines", () => {
  using clock = new FakeClock();
  using stdout = new FakeStdout();
  const printer = new LinePrinter();
  for (let i = 0; i < 1001; i++) printer.add(String(i));
  assertEquals(stdout.texts.map((text) => text.split("\n").length - 1), [500, 500]);
  printer.flush();
  assertEquals(stdout.texts.at(-1), "1000\n");
  assertEquals(clock.timers, 0);
});

Deno.test("LinePrinter.add() keeps a full disk from ending the process", async () => {
  using clock = new FakeClock();
  using _stdout = new FakeStdout(() => {
    throw new Error("No space left on device (os error 28)");
  });
  const printer = new LinePrinter();
  printer.add("one");
  // An error out of the timer reaches nobody who could report it in one line.
  await clock.advance(100);
  assertThrows(() => printer.flush(), Error, "No space left on device");
});

Deno.test("LinePrinter.add() leaves it to flush() to say that the disk is full", () => {
  using _clock = new FakeClock();
  using _stdout = new FakeStdout(() => {
    throw new Error("No space left on device (os error 28)");
  });
  const printer = new LinePrinter();
  // Who adds a line is busy with a message, and would take the error for its peer's.
  for (let i = 0; i < 1001; i++) printer.add(String(i));
  assertThrows(() => printer.flush(), Error, "No space left on device");
});
