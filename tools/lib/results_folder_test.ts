import { RunError } from "../../common/base/errors.ts";
import { basename, join } from "../../common/base/std.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { makeFolder } from "./results_folder.ts";

const START = new Date("2026-01-31T12:00:00.000Z");

Deno.test("makeFolder() never gives two runs the same folder, whenever they begin", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const folders = await Promise.all(Array.from({ length: 5 }, () => makeFolder(dir, START)));
    assertEquals(folders.map((folder) => basename(folder)).sort(), [
      "2026-01-31T12-00-00.000Z",
      ...[2, 3, 4, 5].map((no) => `2026-01-31T12-00-00.000Z-${no}`),
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test({
  name: "makeFolder() lets the owner alone look into what it makes",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const dir = await Deno.makeTempDir();
    try {
      const folder = await makeFolder(join(dir, "a/results"), START);
      for (const path of [join(dir, "a"), join(dir, "a/results"), folder]) {
        assertEquals(Deno.statSync(path).mode! & 0o777, 0o700, path);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test("makeFolder() says where no folder can be made", async () => {
  const file = await Deno.makeTempFile();
  try {
    const error = await assertRejects(() => makeFolder(join(file, "results"), START), RunError);
    assertEquals(error.message.startsWith(`cannot make the folder ${file}/results/`), true);
  } finally {
    await Deno.remove(file);
  }
});
