import fc from "fast-check";
import { BoundedQueue, ENTRY_BYTES } from "./bounded_queue.ts";
import { assert, assertEquals } from "../testing/assert.ts";

function queueOf(maxBytes: number): BoundedQueue<Uint8Array> {
  return new BoundedQueue(maxBytes, ({ length }) => length);
}

Deno.test("BoundedQueue holds no more bytes than it may, whatever is pushed and taken", () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 4000 }), fc.constant("shift" as const));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const queue = queueOf(10_000);
    const held: number[] = [];
    for (const step of steps) {
      if (step === "shift") assertEquals(queue.shift()?.length, held.shift());
      else if (queue.hasRoomFor(step)) {
        queue.push(new Uint8Array(step));
        held.push(step);
      }
      const sum = held.reduce((sum, length) => sum + length + ENTRY_BYTES, 0);
      assertEquals(queue.bytes, sum);
      assert(sum <= 10_000);
    }
  }));
});

Deno.test("BoundedQueue takes one thing of any length where it is empty", () => {
  const queue = queueOf(1);
  assert(queue.hasRoomFor(5000));
  queue.push(new Uint8Array(5000));
  assert(!queue.hasRoomFor(0));
});
