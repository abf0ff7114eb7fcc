import { assertEquals } from "../testing/assert.ts";
import { LINES_AT_ONCE, TroubleLines } from "./trouble_lines.ts";

/** Lines on a clock that a test sets. */
class Bench {
  readonly written: string[] = [];
  nowMs = 0;
  readonly lines = new TroubleLines((line) => this.written.push(line), () => this.nowMs);

  add(count: number): void {
    for (let i = 0; i < count; i++) this.lines.add(`line ${i}`);
  }
}

Deno.test("TroubleLines writes some lines of a flood, and how many more there were", () => {
  const bench = new Bench();
  bench.add(100_000);
  assertEquals(bench.written.length, LINES_AT_ONCE);
  bench.lines.flush();
  assertEquals(bench.written.at(-1), `and ${100_000 - LINES_AT_ONCE} more such lines, left out`);
});

Deno.test("TroubleLines writes on when the flood is over", () => {
  const bench = new Bench();
  bench.add(LINES_AT_ONCE + 1);
  bench.nowMs = 1000;
  bench.lines.add("later");
  assertEquals(bench.written.slice(-2), ["and 1 more such lines, left out", "later"]);
});

Deno.test("TroubleLines leaves nothing out where lines are few", () => {
  const bench = new Bench();
  bench.add(LINES_AT_ONCE);
  bench.lines.flush();
  assertEquals(bench.written.length, LINES_AT_ONCE);
});
