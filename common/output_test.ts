import { RunError } from "./errors.ts";
import { openOutput, print } from "./output.ts";
import { join } from "./std.ts";
import { assertEquals, assertThrows } from "./testing/assert.ts";
import { FakeStdout } from "./testing/fake_stdout.ts";

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
