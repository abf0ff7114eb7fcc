import { assert, assertEquals } from "../testing/assert.ts";
import { randomNumbers } from "./random.ts";

Deno.test("randomNumbers() gives the same numbers for the same seed, evenly spread", () => {
  const [first, again, other] = [randomNumbers(1), randomNumbers(1), randomNumbers(2)];
  const numbers = Array.from({ length: 10_000 }, first);
  assertEquals(numbers.slice(0, 100), Array.from({ length: 100 }, again));
  assert(numbers[0] !== other());
  assert(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  assert(Math.abs(mean - 0.5) < 0.01, String(mean));
});
