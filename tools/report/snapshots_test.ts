import { join } from "../../common/base/std.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { exportAll, SNAPSHOTS } from "./testdata/exports.ts";

const HINT = "where that was meant: deno run -A tools/report/testing/update_snapshots.ts";

const NAMES = [
  ...["averages.csv", "report.md", "report.html", "compare.txt", "compare.json"],
  ...["handshakes.md", "handshakes.html"],
];

for (const name of NAMES) {
  Deno.test(`${name} of the fixed documents is what its snapshot says`, async () => {
    const expected = await Deno.readTextFile(join(SNAPSHOTS, `${name}.snap`));
    const actual = exportAll()[`${name}.snap`]!;
    // Of a page of 100 kB, only the first line that differs is worth showing.
    const [actualLines, expectedLines] = [actual.split("\n"), expected.split("\n")];
    const differs = actualLines.findIndex((line, i) => line !== expectedLines[i]);
    assertEquals(actualLines[differs], expectedLines[differs], `line ${differs + 1}; ${HINT}`);
    assert(actual === expected, `${name} has become shorter; ${HINT}`);
  });
}

Deno.test("the exports say what the made-up document holds, and nothing that it does not", () => {
  const exports = exportAll();
  const page = exports["report.html.snap"]!;
  assert(page.includes("Made-up &#60;CPU&#62; &#38; co"), "text from documents is escaped");
  assert(!/<script|https?:(?!\/\/www\.w3\.org\/)|url\((?!#)|@import/.test(page), "loads nothing");
  assert(!/\b(NaN|undefined|Infinity)\b/.test(page + exports["report.md.snap"]));
  const csv = exports["averages.csv.snap"]!.trim().split("\n").slice(1);
  assert(csv.every((line) => line.endsWith(",document")), "there are no logs");
  assert(!csv.some((line) => line.includes(",handshake,") && line.startsWith("tcp")));
});
