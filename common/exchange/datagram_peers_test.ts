import { DUPLICATE } from "../model/sequence_tracker.ts";
import { MAX_REPEAT, type Plan } from "../model/plan.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { DATAGRAM_PEERS_BYTES, DatagramPeers, MAX_DATAGRAM_PEERS_BYTES } from "./datagram_peers.ts";
import { ExpectedMessages, MORE_SIZES } from "./expected_messages.ts";

const COUNTED: Plan = { sizes: [32, 100], repeat: 100 };
/** A small bound, which is soon reached. */
const FEW_BYTES = 1024 * 1024;
const TIMED: Plan = { ...COUNTED, seconds: 1 };

/** Where the n-th of many strangers says that it is. */
function stranger(n: number): string {
  return `10.${n >> 16}.${n >> 8 & 255}.${n & 255}:${1024 + n % 60_000}`;
}

Deno.test("DatagramPeers keeps what it holds of 100,000 strangers under its limit", () => {
  const peers = new DatagramPeers(TIMED, 1);
  const before = Deno.memoryUsage().heapUsed;
  for (let n = 0; n < 100_000; n++) peers.take(stranger(n), 32, MAX_REPEAT - 1);
  assert(peers.bytes <= DATAGRAM_PEERS_BYTES, `${peers.bytes}`);
  assert(peers.size > 10_000, `${peers.size}`);
  const grown = Deno.memoryUsage().heapUsed - before;
  // What V8 has not collected yet is in it.
  assert(grown < 3 * DATAGRAM_PEERS_BYTES, `${grown}`);
});

Deno.test("DatagramPeers keeps what it holds of talkative strangers under its limit", () => {
  const peers = new DatagramPeers(COUNTED, 1, FEW_BYTES);
  for (let n = 0; n < 3000; n++) {
    for (let no = 0; no < 10; no++) peers.take(stranger(n), 32, no);
    assert(peers.bytes <= FEW_BYTES, `${peers.bytes}`);
  }
});

Deno.test("DatagramPeers counts real clients exactly while strangers come and go", () => {
  const peers = new DatagramPeers(COUNTED, 2, FEW_BYTES);
  const clients = ["192.0.2.1:1", "192.0.2.2:1"];
  const counts = new Map(clients.map((client) => [client, { ahead: 0, duplicates: 0 }]));
  for (let no = 0, n = 0; no < 100; no++) {
    for (const client of [...clients, ...clients]) {
      const count = counts.get(client)!;
      const ahead = peers.take(client, 100, no);
      if (ahead === DUPLICATE) count.duplicates++;
      else count.ahead += ahead;
    }
    for (let i = 0; i < 100; i++) peers.take(stranger(n++), 32, 99);
  }
  for (const count of counts.values()) assertEquals(count, { ahead: 100, duplicates: 100 });
});

Deno.test("DatagramPeers forgets the oldest silent stranger first", () => {
  const peers = new DatagramPeers(COUNTED, 1, FEW_BYTES);
  peers.take("a:1", 32, 0);
  peers.take("b:1", 32, 0);
  let isFull = false;
  for (let n = 0; !isFull; n++) {
    const before = peers.size;
    // One of the two is heard again and again.
    peers.take("a:1", 32, 0);
    peers.take(stranger(n), 32, 0);
    isFull = peers.size < before;
  }
  assertEquals(peers.take("a:1", 32, 0), DUPLICATE);
  assertEquals(peers.take("b:1", 32, 0), 1);
});

Deno.test("DatagramPeers has room for as many clients as the run waits for, up to a bound", () => {
  const big: Plan = { sizes: [32], repeat: MAX_REPEAT };
  const peers = new DatagramPeers(big, 300);
  for (let client = 0; client < 300; client++) {
    for (let no = 0; no < MAX_REPEAT; no += 256) peers.take(stranger(client), 32, no);
  }
  assertEquals(peers.size, 300);
  assert(peers.bytes > DATAGRAM_PEERS_BYTES && peers.bytes < MAX_DATAGRAM_PEERS_BYTES);
});

Deno.test("DatagramPeers.clear() forgets all of them", () => {
  const peers = new DatagramPeers(COUNTED, 1);
  peers.take("a:1", 32, 0);
  peers.clear();
  assertEquals([peers.size, peers.bytes, peers.take("a:1", 32, 0)], [0, 0, 1]);
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
