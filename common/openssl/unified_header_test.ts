import { assert, assertEquals } from "../testing/assert.ts";
import { isUnified, unifiedHeaderBytes, unifiedRecordLength } from "./unified_header.ts";

/** RFC 9147 4: 001, and the flags for a connection ID, a number of 16 bits and a length. */
const [PLAIN, ID, LONG, LENGTH] = [0x20, 0x10, 0x08, 0x04];

Deno.test("isUnified() knows the first bytes that RFC 9147 4.1 gives to it", () => {
  for (let first = 0; first < 256; first++) {
    assertEquals(isUnified(first), first >= 32 && first <= 63, `${first}`);
  }
});

const SHAPES: [flags: number, headerBytes: number][] = [
  [0, 2],
  [LONG, 3],
  [LENGTH, 4],
  [LONG | LENGTH, 5],
];

for (const [flags, headerBytes] of SHAPES) {
  Deno.test(`unifiedHeaderBytes() is ${headerBytes} with the flags ${flags}, in every epoch`, () => {
    for (let epoch = 0; epoch < 4; epoch++) {
      assertEquals(unifiedHeaderBytes(Uint8Array.of(0, PLAIN | flags | epoch), 1), headerBytes);
    }
  });
}

Deno.test("unifiedRecordLength() adds the length that the header says", () => {
  const long = Uint8Array.of(PLAIN | LONG | LENGTH, 0, 1, 1, 2);
  assertEquals(unifiedRecordLength(long, 0), 5 + 0x102);
  const short = Uint8Array.of(9, 9, PLAIN | LENGTH, 1, 0, 40, 7);
  assertEquals(unifiedRecordLength(short, 2), 4 + 40);
});

Deno.test("unifiedRecordLength() goes to the end where the header says no length", () => {
  assertEquals(unifiedRecordLength(new Uint8Array(100).fill(PLAIN | LONG), 30), 70);
});

Deno.test("unifiedRecordLength() goes to the end where a connection ID of any length may stand", () => {
  const bytes = new Uint8Array(100).fill(PLAIN | ID | LENGTH);
  assertEquals(unifiedHeaderBytes(bytes, 30), null);
  assertEquals(unifiedRecordLength(bytes, 30), 70);
});

Deno.test("unifiedRecordLength() is Infinity where the header is cut off", () => {
  for (const [flags, headerBytes] of SHAPES) {
    const bytes = new Uint8Array(headerBytes - 1).fill(PLAIN | flags);
    assertEquals(unifiedRecordLength(bytes, 0), Infinity);
  }
});

Deno.test("unifiedRecordLength() is never 0, so that cutting comes to an end", () => {
  for (let first = 32; first < 64; first++) {
    assert(unifiedRecordLength(Uint8Array.of(first, 0, 0, 0, 0), 0) > 0);
  }
});
