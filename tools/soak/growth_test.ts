import { randomNumbers } from "../../common/base/random.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { growthOf, pointsOf } from "./growth.ts";

const MB = 1e6;

/** Memory at each point of a run: 70 MB, what is added, and what the heap has free just then. */
function run(cycles: number, added: (cycle: number) => number, noise = 0.3 * MB): number[] {
  const random = randomNumbers(1);
  return pointsOf(cycles).map((cycle) => 70 * MB + added(cycle) + noise * random());
}

Deno.test("pointsOf() are eight, the last one at the end", () => {
  assertEquals(pointsOf(20_000), [2500, 5000, 7500, 10_000, 12_500, 15_000, 17_500, 20_000]);
  assertEquals(pointsOf(20), [3, 5, 8, 10, 13, 15, 18, 20]);
  assertEquals(pointsOf(1), [1]);
});

const SETTLING: Record<string, (cycle: number) => number> = {
  "nothing": () => 0,
  "what is settled early": (cycle) => 12 * MB * (1 - Math.exp(-cycle / 3000)),
  "a jump at the end": (cycle) => cycle > 18_000 ? 8 * MB : 0,
  "a jump after the middle": (cycle) => cycle > 12_000 ? 8 * MB : 0,
  "a jump back and forth": (cycle) => cycle > 11_000 && cycle < 16_000 ? 8 * MB : 0,
  "memory that is given back": (cycle) => cycle > 16_000 ? -8 * MB : 0,
};

for (const [what, added] of Object.entries(SETTLING)) {
  Deno.test(`growthOf() takes ${what} for no growth`, () => {
    const growth = growthOf(run(20_000, added));
    assert(growth < 0.1, `${growth}`);
  });
}

for (const bytes of [500, 1000, 10_000]) {
  Deno.test(`growthOf() finds ${bytes} bytes that each cycle leaves, whatever settles besides`, () => {
    for (const added of Object.values(SETTLING).slice(0, 2)) {
      const growth = growthOf(run(20_000, (cycle) => added(cycle) + bytes * cycle));
      assert(growth > 0.1, `${growth}`);
    }
  });
}

Deno.test("growthOf() is the part that all cycles would add", () => {
  assertEquals(growthOf([10, 20, 30, 40, 42, 44, 46, 48]), 0.4);
  assertEquals(growthOf([5]), 0);
});
