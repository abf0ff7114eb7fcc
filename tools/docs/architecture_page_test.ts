import { assert, assertEquals } from "../../common/testing/assert.ts";
import { roomOf } from "../rooms/check.ts";
import { readFiles } from "../rooms/files.ts";
import { architecturePage, PAGE } from "./architecture_page.ts";
import { FLOORS, type Room } from "../rooms/plan.ts";

/** More files than these have no place in one head. */
const MAX_FILES = 12;

const page = await Deno.readTextFile(PAGE);

Deno.test("docs/architecture.md shows the rooms as they are", async () => {
  assertEquals(page, architecturePage(page, await readFiles()), "write it with: deno task docs");
});

/** The files of each walk, by its heading. */
function walks(): [title: string, paths: string[]][] {
  const [, section = ""] = /\n## The walk of a message\n(.*?)\n## /s.exec(page) ?? [];
  return section.split("\n### ").slice(1).map((walk) => [
    walk.split("\n", 1)[0]!,
    [...walk.matchAll(/^\d+\. \[([^\]]+)\]/gm)].map(([, path]) => path!),
  ]);
}

Deno.test("docs/architecture.md has the walks of an asynchronous and of a blocking lane", () => {
  assertEquals(walks().map(([title]) => title), ["dtls, `--io async`", "dtls, `--io sync`"]);
});

for (const [title, paths] of walks()) {
  Deno.test(`The walk of a message (${title}) is short and leads downwards`, () => {
    assert(paths.length > 5 && paths.length <= MAX_FILES, `${paths.length} files`);
    const floorOf = (room: Room | null) => FLOORS.findIndex((floor) => floor.includes(room!));
    const floors = paths.map((path) => floorOf(roomOf(path)));
    assertEquals(floors, floors.toSorted((a, b) => a - b), paths.join(" "));
  });
}
