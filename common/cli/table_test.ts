import { formatTable, formatUs } from "./table.ts";
import { assertEquals } from "../testing/assert.ts";

Deno.test("formatTable() sets the first column to the left and the others to the right", () => {
  const rows = [["lane", "p50 us", "n"], ["tcp-async", "97", "100"], ["x", "12345678", "9"]];
  assertEquals(formatTable(rows).split("\n"), [
    "lane         p50 us    n",
    "tcp-async        97  100",
    "x          12345678    9",
  ]);
});

Deno.test("formatTable() sets a head alone", () => {
  assertEquals(formatTable([["bytes", "lost"]]), "bytes  lost");
});

Deno.test("formatTable() leaves no blanks at the end of a line", () => {
  assertEquals(formatTable([["a", ""], ["long", ""]]), "a\nlong");
});

const TIMES: [number | null | undefined, string][] = [
  [null, "-"],
  [undefined, "-"],
  [0, "0.00"],
  [1.234, "1.23"],
  [9.99, "9.99"],
  [10, "10.0"],
  [99.94, "99.9"],
  [100, "100"],
  [1234.5678, "1235"],
  [5_000_000, "5000000"],
];

for (const [us, text] of TIMES) {
  Deno.test(`formatUs() writes ${us} as ${text}`, () => {
    assertEquals(formatUs(us), text);
  });
}
