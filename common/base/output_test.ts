import { RunError } from "./errors.ts";
import { appendPrivately, appendTo, openDocument, openLog, print } from "./output.ts";
import { join } from "./std.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { FakeStdout } from "../testing/fake_stdout.ts";

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

/** What is in a folder, by name. */
function filesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

Deno.test("openDocument() makes a file when there is something in it, and leaves no other", () =>
  withFolder((dir) => {
    const path = join(dir, "out.json");
    const write = openDocument(path);
    assertEquals(filesIn(dir), []);
    write("zwölf\n");
    assertEquals([filesIn(dir), Deno.readTextFileSync(path)], [["out.json"], "zwölf\n"]);
  }));

Deno.test("openDocument() leaves a file as it is until all of another one is there", () =>
  withFolder((dir) => {
    const path = join(dir, "out.json");
    Deno.writeTextFileSync(path, "a long line of an earlier run\n", { mode: 0o600 });
    const { ino } = Deno.statSync(path);
    const write = openDocument(path);
    assertEquals(Deno.readTextFileSync(path), "a long line of an earlier run\n");
    write("new\n");
    assertEquals([filesIn(dir), Deno.readTextFileSync(path)], [["out.json"], "new\n"]);
    const after = Deno.statSync(path);
    assert(after.ino !== ino, "the file was not written in its place");
    assertEquals(after.mode! & 0o777, 0o600);
  }));

Deno.test("openDocument() keeps the old document where the new one does not fit", () =>
  withFolder((dir) => {
    const path = join(dir, "out.json");
    Deno.writeTextFileSync(path, "old\n");
    const write = openDocument(path);
    const { renameSync } = Deno;
    Deno.renameSync = () => {
      throw Object.assign(new Error("os error 28"), { code: "ENOSPC" });
    };
    try {
      const error = assertThrows(() => write("new\n"), RunError);
      assertEquals(error.message, `cannot write ${path}: there is no space left on the device`);
    } finally {
      Deno.renameSync = renameSync;
    }
    assertEquals([filesIn(dir), Deno.readTextFileSync(path)], [["out.json"], "old\n"]);
  }));

Deno.test("openDocument() writes through a link, and into a file that has a second name", () =>
  withFolder((dir) => {
    const [path, link, second] = ["a.json", "link.json", "b.json"].map((name) => join(dir, name));
    Deno.writeTextFileSync(path!, "a long line of an earlier run\n");
    Deno.symlinkSync(path!, link!);
    Deno.linkSync(path!, second!);
    for (const [name, text] of [[link, "one\n"], [second, "two\n"]] as const) {
      openDocument(name!)(text);
      assertEquals(Deno.readTextFileSync(path!), text);
    }
    assert(Deno.lstatSync(link!).isSymlink);
  }));

Deno.test({
  name: "openDocument() writes in its place where it may not read the folder",
  permissions: { read: false, write: true },
  fn: () =>
    withFolder((dir) => {
      const { renameSync } = Deno;
      Deno.renameSync = () => {
        throw new Error("nothing is renamed");
      };
      try {
        for (const text of ["a long line\n", "new\n"]) openDocument(join(dir, "out.json"))(text);
      } finally {
        Deno.renameSync = renameSync;
      }
    }),
});

Deno.test("openDocument() leaves a file to its owner", () =>
  withFolder((dir) => {
    const path = join(dir, "out.json");
    Deno.writeTextFileSync(path, "old\n");
    try {
      Deno.chownSync(path, 65_534, 65_534);
    } catch {
      console.error("not tested: another owner's file, which takes the rights of root to make one");
      return;
    }
    openDocument(path)("new\n");
    assertEquals([Deno.statSync(path).uid, Deno.readTextFileSync(path)], [65_534, "new\n"]);
  }));

Deno.test("openDocument() says that its folder has gone in the meantime", () =>
  withFolder((dir) => {
    const folder = join(dir, "results");
    Deno.mkdirSync(folder);
    const write = openDocument(join(folder, "out.json"));
    Deno.removeSync(folder);
    const error = assertThrows(() => write("lost\n"), RunError);
    assertEquals(error.message, `cannot write ${join(folder, "out.json")}: no such folder`);
  }));

Deno.test("openLog() adds each text to the last, and keeps an old log until the first one", () =>
  withFolder((dir) => {
    const path = join(dir, "out.csv");
    Deno.writeTextFileSync(path, "a long line of an earlier run\n");
    const log = openLog(path);
    assertEquals(Deno.readTextFileSync(path), "a long line of an earlier run\n");
    log.write("one\n");
    log.write("zwölf\n");
    assertEquals(Deno.readTextFileSync(path), "one\nzwölf\n");
    log.close();
  }));

Deno.test("openLog() says at its end that the file has gone in the meantime", () =>
  withFolder((dir) => {
    const path = join(dir, "out.csv");
    const log = openLog(path);
    log.write("one\n");
    Deno.removeSync(path);
    const error = assertThrows(() => log.close(), RunError);
    assertEquals(error.message, `cannot write ${path}: it was removed in the meantime`);
  }));

for (const [name, open] of [["openDocument", openDocument], ["openLog", openLog]] as const) {
  Deno.test(`${name}() says that a folder is missing`, () =>
    withFolder((dir) => {
      const path = join(dir, "no", "such", "out.json");
      const error = assertThrows(() => open(path), RunError);
      assertEquals(error.message, `cannot write ${path}: no such folder`);
    }));

  Deno.test(`${name}() refuses a folder as a file, and a file as a folder`, () =>
    withFolder((dir) => {
      assertThrows(() => open(dir), RunError, `cannot write ${dir}: `);
      const file = join(dir, "file");
      Deno.writeTextFileSync(file, "");
      assertThrows(() => open(join(file, "out")), RunError, `cannot write ${join(file, "out")}: `);
    }));

  Deno.test({
    name: `${name}() hands on that a permission is missing`,
    permissions: { write: false },
    fn: () => {
      assertThrows(() => open("out.json"), Deno.errors.NotCapable, "--allow-write");
    },
  });

  Deno.test(`${name}() takes - for stdout and opens no file`, () => {
    using stdout = new FakeStdout();
    const realOpen = Deno.openSync;
    Deno.openSync = () => {
      throw new Error("a file was opened");
    };
    try {
      const opened = open("-");
      if (typeof opened === "function") opened("{}\n");
      else opened.write("{}\n");
    } finally {
      Deno.openSync = realOpen;
    }
    assertEquals(stdout.texts, ["{}\n"]);
  });
}

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
  const error = assertThrows(() => print("lost\n"), RunError);
  assertEquals(error.message, "cannot write to stdout: there is no space left on the device");
});

Deno.test("print() writes what can be seen, in place of what a terminal obeys", () => {
  using stdout = new FakeStdout();
  print("a\x1b[2J\u202eb\n");
  assertEquals(stdout.texts.join(""), "a\\x1b[2J\\u202eb\n");
});

Deno.test("appendTo() adds to what is there, and writes nothing where it is told not to", () =>
  withFolder((dir) => {
    const path = join(dir, "history");
    appendTo(path, (there) => `${there.length} zwölf\n`);
    appendTo(path, (there) => `${there.length}\n`);
    appendTo(path, () => "");
    const error = assertThrows(
      () =>
        appendTo(path, () => {
          throw new RangeError("not this");
        }),
      RangeError,
    );
    assertEquals(error.message, "not this");
    assertEquals(Deno.readTextFileSync(path), "0 zwölf\n8\n");
  }));

Deno.test({
  name: "appendTo() makes a file for its owner alone, and leaves another's mode",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder((dir) => {
      const [made, there] = [join(dir, "made"), join(dir, "there")];
      Deno.writeTextFileSync(there, "a\n");
      Deno.chmodSync(there, 0o644);
      for (const path of [made, there]) appendTo(path, () => "b\n");
      const modes = [made, there].map((path) => Deno.statSync(path).mode! & 0o777);
      assertEquals(modes, [0o600, 0o644]);
    }),
});

Deno.test("appendTo() writes in one piece, so that what several add does not mix", () =>
  withFolder((dir) => {
    const path = join(dir, "history");
    const text = `${"x".repeat(100_000)}\n`;
    const { writeSync } = Deno.FsFile.prototype;
    const lengths: number[] = [];
    Deno.FsFile.prototype.writeSync = function (bytes) {
      lengths.push(bytes.length);
      return writeSync.call(this, bytes);
    };
    try {
      appendTo(path, () => text);
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
    assertEquals(lengths, [text.length]);
  }));

Deno.test("appendTo() names a folder, and a place that is not there", () =>
  withFolder((dir) => {
    const wrong = { [dir]: /^cannot write .*: /, [join(dir, "no", "x")]: /: no such folder$/ };
    for (const [path, why] of Object.entries(wrong)) {
      assertMatch(assertThrows(() => appendTo(path, () => "x"), RunError).message, why);
    }
  }));

Deno.test("appendPrivately() makes a file for its owner alone, and another's file, too", () =>
  withFolder((folder) => {
    const [made, there] = [join(folder, "made"), join(folder, "there")];
    Deno.writeTextFileSync(there, "a\n", { mode: 0o644 });
    for (const path of [made, there]) appendPrivately(path, "b\n");
    assertEquals([made, there].map((path) => Deno.readTextFileSync(path)), ["b\n", "a\nb\n"]);
    if (Deno.build.os === "windows") return;
    assertEquals([made, there].map((path) => Deno.statSync(path).mode! & 0o777), [0o600, 0o600]);
  }));

Deno.test("appendPrivately() lets be what is no file", () =>
  withFolder((folder) => {
    const { message } = assertThrows(() => appendPrivately(folder, "a\n"), RunError);
    assertMatch(message, /^cannot write .*: it is no file that can be added to$/);
  }));
