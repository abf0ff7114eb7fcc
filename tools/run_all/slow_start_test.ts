import { assertEquals } from "../../common/testing/assert.ts";
import { type CountedTime, slowStartOf } from "./slow_start.ts";

const times = (count: number, totalUs: number, sizeBytes = 100) =>
  Array<CountedTime>(count).fill({ sizeBytes, totalUs, isCounted: true });

Deno.test("slowStartOf() compares the first tenth with the rest, each message with its like", () => {
  const first = [...times(5, 30), ...times(45, 10)];
  assertEquals(slowStartOf(first), 3);
  assertEquals(slowStartOf([...times(100, 1000, 5000), ...first]), 1, "sizes are no warm-up");
  const near = [...times(20, 30), ...times(180, 10, 120)];
  assertEquals(slowStartOf(near), 3, "the size next to it stands in");
  assertEquals(slowStartOf(first.slice(0, 20)), null);
  assertEquals(slowStartOf([]), null);
});

Deno.test("slowStartOf() leaves out what does not count", () => {
  const warmUp = { ...times(1, 9000)[0]!, isCounted: false };
  assertEquals(slowStartOf([warmUp, ...times(50, 10)]), 1);
});
