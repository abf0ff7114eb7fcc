import { randomNumbers } from "../../common/base/random.ts";
import { concatenated, recordLength } from "../../common/openssl/records.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { sealed } from "../../common/testing/dtls_strangers.ts";
import {
  type Bytes,
  CHANGES,
  isChanged,
  mutate,
  mutateOne,
  mutateStream,
  recordsOf,
} from "./mutator.ts";

/** A record in the clear with a message of 40 bytes in one fragment. */
function message(): Bytes {
  const record = new Uint8Array(13 + 12 + 40).fill(7);
  record.set([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 52, 1, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 40]);
  return record;
}

Deno.test("recordsOf() takes a datagram apart, and keeps what is no record", () => {
  const records = [message(), sealed(30, 1), new Uint8Array(5)];
  assertEquals(recordsOf(concatenated(records)), records);
});

for (const [name, change] of Object.entries(CHANGES)) {
  Deno.test(`the change "${name}" leaves the datagram that it is given as it was`, () => {
    const datagram = concatenated([message(), sealed(30, 1)]);
    const before = datagram.slice();
    const random = randomNumbers(1);
    const texts = new Set<string>();
    for (let i = 0; i < 50; i++) {
      for (const changed of change(datagram, random, [sealed(16, 2)])) texts.add(String(changed));
    }
    assertEquals(datagram, before);
    assert(name === "duplicate" || [...texts].some((text) => text !== String(before)), name);
  });
}

Deno.test("fragments make up the message that they were cut from, or overlap, or leave a gap", () => {
  const random = randomNumbers(3);
  const kinds = new Set<number>();
  for (let i = 0; i < 100; i++) {
    const parts = CHANGES.fragment!(message(), random, []).flatMap(recordsOf);
    assertEquals(parts.length, 2);
    for (const part of parts) assertEquals(recordLength(part, 0), part.length);
    kinds.add(parts[0]!.length + parts[1]!.length - 2 * 25 - 40);
  }
  assertEquals([...kinds].sort((a, b) => a - b), [-1, 0, 1]);
});

Deno.test("mutate() and mutateStream() give the same for the same seed, and no more than UDP carries", () => {
  const datagram = concatenated([message(), sealed(30, 1)]);
  const run = (seed: number) => {
    const random = randomNumbers(seed);
    return Array.from({ length: 300 }, () => [
      ...mutate(datagram, random, [sealed(20, 3)]),
      ...mutateStream(datagram, random, [datagram]),
    ]);
  };
  assertEquals(run(5), run(5));
  assert(String(run(5)) !== String(run(6)));
  assert(run(7).flat().every(({ length }) => length <= 2 * 65_507));
});

Deno.test("mutateOne() gives another datagram each time, also of an empty one", () => {
  const random = randomNumbers(5);
  for (const datagram of [sealed(30, 1), new Uint8Array()]) {
    for (let times = 0; times < 300; times++) {
      assert(isChanged(mutateOne(datagram, random, [sealed(20, 3), datagram]), datagram));
    }
  }
});
