import fc from "fast-check";
import { assert, assertEquals } from "../testing/assert.ts";
import { shownArgument, visible, visibleJson, visibleJsonLine, visibleLine } from "./visible.ts";

/** What moves cursors, changes colours, breaks lines unasked, or turns the order of letters around. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const HARMFUL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** Texts with many such characters among others. */
const foreign = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    fc.constantFrom(
      "\x1b[31m",
      "\x9b2J",
      "\u202e",
      "\u2066",
      "\ud800",
      "\udc00",
      "\u{e0041}",
      "\n",
      "ä",
    ),
  ),
});

Deno.test("visible() leaves nothing that a terminal obeys, and every text that can be seen", () => {
  fc.assert(fc.property(foreign, (text) => {
    const shown = visible(text);
    assert(!HARMFUL.test(shown) && shown.isWellFormed(), JSON.stringify(shown));
    assertEquals(visible(shown), shown);
    assertEquals(shown.split("\n").length, text.split("\n").length);
  }));
});

Deno.test("visible() says which character it was", () => {
  const text = "a\x1b[2J\x9b\x7f\u202eb\u2028\u{e0041}\ud800\t\r\n";
  assertEquals(visible(text), "a\\x1b[2J\\x9b\\x7f\\u202eb\\u2028\\u{e0041}\\ud800\\x09\\x0d\n");
});

for (const text of ["zwölf µs\n", "日本語", "🙂", "a\\x1b", "שלום", ""]) {
  Deno.test(`visible() leaves ${JSON.stringify(text)} as it is`, () => {
    assertEquals(visible(text), text);
  });
}

Deno.test("visibleLine() is one line", () => {
  fc.assert(fc.property(foreign, (text) => {
    assert(!/[\r\n]/.test(visibleLine(text)));
  }));
  assertEquals(visibleLine("  a \r\n  b\x1b\n"), "a b\\x1b");
});

Deno.test("visibleJson() and visibleJsonLine() say the same as JSON, and nothing in it is hidden", () => {
  fc.assert(fc.property(foreign, (text) => {
    for (const write of [visibleJson, visibleJsonLine]) {
      const json = write({ text, [text]: 1 });
      assert(!HARMFUL.test(json), json);
      assertEquals(JSON.parse(json), { text, [text]: 1 });
    }
    assertEquals(visibleJsonLine({ text }).indexOf("\n"), visibleJsonLine({ text }).length - 1);
  }));
});

Deno.test("shownArgument() repeats what is short, and of --name=value the name", () => {
  assertEquals(shownArgument("--bogus"), "--bogus");
  assertEquals(shownArgument("--bogus=8f3a"), "--bogus");
  assertEquals(shownArgument("x".repeat(24)), "x".repeat(24));
  assertEquals(shownArgument("x".repeat(25)), "(25 characters)");
  assertEquals(shownArgument("a\nb"), "(3 characters)");
  assertEquals(shownArgument("\x1b[8m"), "\\x1b[8m");
});
