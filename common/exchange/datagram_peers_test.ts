import { DUPLICATE } from "../model/sequence_tracker.ts";
import { MAX_REPEAT, type Plan } from "../model/plan.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import {
  ExpectedMessages,
  MAX_VISITORS_BYTES,
  MORE_SIZES,
  Visitors,
  VISITORS_BYTES,
} from "./datagram_peers.ts";

const COUNTED: Plan = { sizes: [32, 100], repeat: 100 };
/** A small bound, which is soon reached. */
const FEW_BYTES = 1024 * 1024;
const TIMED: Plan = { ...COUNTED, seconds: 1 };

/** Where the n-th of many strangers says that it is. */
function stranger(n: number): string {
  return `10.${n >> 16}.${n >> 8 & 255}.${n & 255}:${1024 + n % 60_000}`;
}

Deno.test("Visitors keeps what it holds of 100,000 strangers under its limit", () => {
  const visitors = new Visitors(TIMED, 1);
  const before = Deno.memoryUsage().heapUsed;
  for (let n = 0; n < 100_000; n++) visitors.take(stranger(n), 32, MAX_REPEAT - 1);
  assert(visitors.bytes <= VISITORS_BYTES, `${visitors.bytes}`);
  assert(visitors.size > 10_000, `${visitors.size}`);
  const grown = Deno.memoryUsage().heapUsed - before;
  // What V8 has not collected yet is in it.
  assert(grown < 3 * VISITORS_BYTES, `${grown}`);
});

Deno.test("Visitors keeps what it holds of talkative strangers under its limit", () => {
  const visitors = new Visitors(COUNTED, 1, FEW_BYTES);
  for (let n = 0; n < 3000; n++) {
    for (let no = 0; no < 10; no++) visitors.take(stranger(n), 32, no);
    assert(visitors.bytes <= FEW_BYTES, `${visitors.bytes}`);
  }
});

Deno.test("Visitors counts real clients exactly while strangers come and go", () => {
  const visitors = new Visitors(COUNTED, 2, FEW_BYTES);
  const clients = ["192.0.2.1:1", "192.0.2.2:1"];
  const counts = new Map(clients.map((client) => [client, { ahead: 0, duplicates: 0 }]));
  for (let no = 0, n = 0; no < 100; no++) {
    for (const client of [...clients, ...clients]) {
      const count = counts.get(client)!;
      const ahead = visitors.take(client, 100, no);
      if (ahead === DUPLICATE) count.duplicates++;
      else count.ahead += ahead;
    }
    for (let i = 0; i < 100; i++) visitors.take(stranger(n++), 32, 99);
  }
  for (const count of counts.values()) assertEquals(count, { ahead: 100, duplicates: 100 });
});

Deno.test("Visitors forgets the oldest silent stranger first", () => {
  const visitors = new Visitors(COUNTED, 1, FEW_BYTES);
  visitors.take("a:1", 32, 0);
  visitors.take("b:1", 32, 0);
  let isFull = false;
  for (let n = 0; !isFull; n++) {
    const before = visitors.size;
    // One of the two is heard again and again.
    visitors.take("a:1", 32, 0);
    visitors.take(stranger(n), 32, 0);
    isFull = visitors.size < before;
  }
  assertEquals(visitors.take("a:1", 32, 0), DUPLICATE);
  assertEquals(visitors.take("b:1", 32, 0), 1);
});

Deno.test("Visitors has room for as many clients as the run waits for, up to a bound", () => {
  const big: Plan = { sizes: [32], repeat: MAX_REPEAT };
  const visitors = new Visitors(big, 300);
  for (let client = 0; client < 300; client++) {
    for (let no = 0; no < MAX_REPEAT; no += 256) visitors.take(stranger(client), 32, no);
  }
  assertEquals(visitors.size, 300);
  assert(visitors.bytes > VISITORS_BYTES && visitors.bytes < MAX_VISITORS_BYTES);
});

Deno.test("Visitors.clear() forgets all of them", () => {
  const visitors = new Visitors(COUNTED, 1);
  visitors.take("a:1", 32, 0);
  visitors.clear();
  assertEquals([visitors.size, visitors.bytes, visitors.take("a:1", 32, 0)], [0, 0, 1]);
});

Deno.test("ExpectedMessages has the plan's sizes and numbers, and no others", () => {
  const expected = new ExpectedMessages(COUNTED, false);
  const asked: [number, number][] = [[32, 0], [100, 99], [100, 100], [33, 0], [32, 99_999]];
  assertEquals(asked.map((one) => expected.has(...one)), [true, true, false, false, false]);
});

Deno.test("ExpectedMessages has all numbers of a plan with a time", () => {
  assert(new ExpectedMessages(TIMED, false).has(32, MAX_REPEAT - 1));
});

Deno.test("ExpectedMessages of a server that serves for ever has some sizes more", () => {
  const expected = new ExpectedMessages(COUNTED, true);
  const sizes = Array.from({ length: 1000 }, (_, i) => 1000 + i);
  assertEquals(sizes.filter((size) => expected.has(size, 5000)).length, MORE_SIZES);
  assert(expected.has(32, 0) && expected.has(1000, 0) && !expected.has(1999, 0));
});
