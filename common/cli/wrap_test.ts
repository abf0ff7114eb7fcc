import { assertEquals } from "../testing/assert.ts";
import { COLUMNS, wrap, wrapCommand, wrapParagraphs } from "./wrap.ts";

const WORDS = Array.from({ length: 30 }, () => "word").join(" ");

Deno.test("wrap() breaks between words, within the columns and no sooner", () => {
  const lines = wrap(WORDS, { first: "  a", others: "    " }).split("\n");
  assertEquals(lines.map((line) => line.length), [77, 78]);
  assertEquals(lines.map((line) => line.slice(0, 6)), ["  awor", "    wo"]);
  assertEquals(wrap("x".repeat(COLUMNS)), "x".repeat(COLUMNS));
});

Deno.test("wrap() gives a word that is too long a line of its own", () => {
  const long = "x".repeat(COLUMNS + 1);
  assertEquals(wrap(`a ${long} b`), `a\n${long}\nb`);
});

Deno.test("wrapParagraphs() joins the lines of a paragraph, and keeps those that are indented", () => {
  assertEquals(wrapParagraphs("a\nb\n\nc:\n  d\n  e\nf"), "a b\n\nc:\n  d\n  e\nf");
});

Deno.test("wrapCommand() continues a long command as a shell wants it", () => {
  assertEquals(wrapCommand("deno task demo --quick"), "  deno task demo --quick");
  const lines = wrapCommand(WORDS).split("\n");
  assertEquals(lines.map((line) => [line.endsWith(" \\"), line.length <= COLUMNS]), [
    [true, true],
    [true, true],
    [false, true],
  ]);
});
