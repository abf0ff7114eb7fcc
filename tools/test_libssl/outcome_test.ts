import { assertEquals } from "../../common/testing/assert.ts";
import { Outcome } from "./outcome.ts";

function counts(...pieces: string[]): string | null {
  const outcome = new Outcome();
  for (const piece of pieces) outcome.add(new TextEncoder().encode(piece));
  return outcome.counts;
}

Deno.test("Outcome finds the counts in the last line that sums up", () => {
  assertEquals(
    counts("\nok | 12 passed (3 steps) | 0 failed (2s)\n\n"),
    "12 passed, 0 failed, 0 ignored",
  );
  assertEquals(
    counts(
      "x".repeat(10_000),
      "\n\x1b[31mFAILED\x1b[0m | 5 pas",
      "sed | 2 failed | 7 ignored (1m)\n\nerror: Test failed\n",
    ),
    "5 passed, 2 failed, 7 ignored",
  );
});

Deno.test("Outcome has none where the tests did not come to their end", () => {
  assertEquals(counts("a test ... ok (1ms)\n"), null);
});
