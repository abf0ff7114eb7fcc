import { DUPLICATE, SequenceTracker } from "./sequence_tracker.ts";
import { MAX_REPEAT, type Plan } from "./plan.ts";
import { assertEquals } from "../testing/assert.ts";

const COUNTED: Plan = { sizes: [100, 999], repeat: 100_000 };
const TIMED: Plan = { ...COUNTED, seconds: 1 };
const LAST = MAX_REPEAT - 1;

/** What is said of numbers that arrive one after the other. */
const STEPS: [string, Plan, number[], number[]][] = [
  ["numbers in their order", COUNTED, [0, 1, 2], [1, 1, 1]],
  ["a number that came before", COUNTED, [0, 1, 0, 1], [1, 1, DUPLICATE, DUPLICATE]],
  ["a number that came late", COUNTED, [0, 2, 1], [1, 2, 0]],
  ["a late number that came twice", COUNTED, [0, 2, 1, 1], [1, 2, 0, DUPLICATE]],
  ["a gap", COUNTED, [3, 9], [4, 6]],
  ["a gap wider than half of the numbers", COUNTED, [0, 70_000], [1, 70_000]],
  ["the last number, then the first", COUNTED, [LAST, 0], [MAX_REPEAT, 0]],
  ["a duplicate far behind", COUNTED, [0, 70_000, 0], [1, 70_000, DUPLICATE]],
  ["a start that comes late", TIMED, [1, 0, 2], [2, 0, 1]],
  ["numbers that begin again", TIMED, [50_000, LAST, 0, 1], [50_001, 49_999, 1, 1]],
  ["a gap over the end", TIMED, [49_999, LAST - 1, 1], [50_000, 49_999, 3]],
  ["a late one of the round before", TIMED, [LAST - 1, 0, LAST], [LAST, 2, 0]],
  ["a duplicate of the round before", TIMED, [LAST, 0, LAST], [MAX_REPEAT, 1, DUPLICATE]],
];

for (const [what, plan, numbers, steps] of STEPS) {
  Deno.test(`SequenceTracker.take() tells ${what} with a ${plan.seconds ? "time" : "count"}`, () => {
    const tracker = new SequenceTracker(plan);
    assertEquals(numbers.map((no) => tracker.take(100, no)), steps);
  });
}

Deno.test("SequenceTracker.take() tells sizes apart", () => {
  const tracker = new SequenceTracker(COUNTED);
  assertEquals([tracker.take(100, 0), tracker.take(999, 0), tracker.take(100, 0)], [1, 1, -1]);
});

Deno.test("SequenceTracker.take() takes a number as often as its size stands in the plan", () => {
  const tracker = new SequenceTracker({ sizes: [100, 999, 100], repeat: 2 });
  assertEquals([0, 1, 0, 1, 1].map((no) => tracker.take(100, no)), [1, 1, 0, 0, DUPLICATE]);
});

Deno.test("SequenceTracker.take() takes a size that is not in the plan", () => {
  const tracker = new SequenceTracker(COUNTED);
  assertEquals([tracker.take(50, 0), tracker.take(50, 0)], [1, DUPLICATE]);
});

Deno.test("SequenceTracker.take() knows no duplicate in three rounds of all numbers", () => {
  const tracker = new SequenceTracker(TIMED);
  let ahead = 0;
  for (let i = 0; i < 3 * MAX_REPEAT; i++) ahead += tracker.take(100, i % MAX_REPEAT);
  assertEquals(ahead, 3 * MAX_REPEAT);
  assertEquals(tracker.take(100, MAX_REPEAT / 2), DUPLICATE);
});

Deno.test("SequenceTracker.take() forgets the round before where numbers were skipped, too", () => {
  const tracker = new SequenceTracker(TIMED);
  // 10 and 70,000 came in the first round; in the second they are among those passed over.
  for (const no of [10, 40_000, 70_000, 20, 45_000, 75_000]) tracker.take(100, no);
  assertEquals([tracker.take(100, 70_000), tracker.take(100, 70_000)], [0, DUPLICATE]);
});
