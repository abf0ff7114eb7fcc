import fc from "fast-check";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { spread } from "./spread.ts";

const COLUMN = { top: 0, bottom: 300 };

Deno.test("spread() leaves heights that are apart where they are", () => {
  assertEquals(spread([200, 10, 100], 18, COLUMN), [200, 10, 100]);
});

Deno.test("spread() moves those that touch to both sides of their middle", () => {
  assertEquals(spread([100, 102], 18, COLUMN), [92, 110]);
  assertEquals(spread([100, 100, 100, 290], 20, COLUMN), [80, 100, 120, 290]);
});

Deno.test("spread() stays in the column", () => {
  assertEquals(spread([0, 1], 18, COLUMN), [0, 18]);
  assertEquals(spread([299, 300], 18, COLUMN), [282, 300]);
});

Deno.test("spread() keeps all apart, in the column and in their order, as far as there is room", () => {
  const heights = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 16 });
  fc.assert(fc.property(heights, (wanted) => {
    const moved = spread(wanted, 18, COLUMN);
    const order = wanted.map((_, i) => i).sort((a, b) => moved[a]! - moved[b]!);
    for (const [place, i] of order.entries()) {
      assert(moved[i]! >= -1e-6 && moved[i]! <= 300 + 1e-6, `${moved}`);
      if (place === 0) continue;
      const before = order[place - 1]!;
      assert(moved[i]! - moved[before]! >= 18 - 1e-6, `${wanted}: ${moved}`);
      assert(wanted[i]! >= wanted[before]!, `${wanted}: ${moved}`);
    }
  }));
});

Deno.test("spread() moves texts together where the column is too short for the gap", () => {
  const moved = spread(Array(31).fill(150), 18, COLUMN);
  assertEquals([moved[0], moved[15], moved[30]], [0, 150, 300]);
});
