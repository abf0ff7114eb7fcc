import { join } from "./std.ts";
import { say } from "./say.ts";
import { assertEquals } from "../testing/assert.ts";
import { saidIn } from "../testing/stderr.ts";

Deno.test("say() says nothing that a terminal obeys", async () => {
  assertEquals(await saidIn(() => say("a\x1b[2J\nb\u202e")), ["a\\x1b[2J\nb\\u202e"]);
});

Deno.test("say() ends nothing where stderr takes no more", async () => {
  const { error } = console;
  console.error = () => {
    throw new Error("No space left on device (os error 28)");
  };
  try {
    say("what nobody hears");
  } finally {
    console.error = error;
  }
  assertEquals(await saidIn(() => say("and what comes after")), ["and what comes after"]);
});

const ROOT = new URL("../..", import.meta.url).pathname;
const FOLDERS = ["certs", "common", "dtls", "tcp", "tls", "tools", "udp"];

/** The modules that are no tests'. */
function* modulesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory && name !== "testing") yield* modulesIn(path);
    else if (/(?<!_test|testing)\.ts$/.test(name)) yield path;
  }
}

Deno.test("say() and print() are the only ways to the terminal", () => {
  const found = FOLDERS.flatMap((folder) => [...modulesIn(join(ROOT, folder))]).filter((path) =>
    // In a comment it is an example.
    /^(?! *\*).*\bconsole\.\w+\(/m.test(Deno.readTextFileSync(path))
  );
  assertEquals(found, [join(ROOT, "common/base/say.ts")]);
});
