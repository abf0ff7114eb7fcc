import fc from "fast-check";
import { assert, assertEquals, assertInstanceOf } from "../testing/assert.ts";
import {
  headerBytesOf,
  isCopy,
  MessageError,
  MessageWriter,
  parseHeader,
  parseNo,
  parseSentUs,
} from "./message.ts";
import { PROTOCOLS } from "./protocol.ts";

/** A good header of which some bytes are others. */
const damaged = fc.record({
  no: fc.nat(99_999),
  sizeBytes: fc.integer({ min: 32, max: 9000 }),
  changes: fc.array(fc.tuple(fc.nat(31), fc.oneof(fc.nat(255), fc.constantFrom(0x20, 0x2c, 0x30)))),
  length: fc.oneof({ weight: 4, arbitrary: fc.constant(32) }, fc.nat(32)),
}).map(({ no, sizeBytes, changes, length }) => {
  const bytes = new MessageWriter("udp", 9000).prepare(no, sizeBytes).slice(0, 32);
  for (const [at, byte] of changes) bytes[at] = byte;
  return bytes.subarray(0, length);
});

Deno.test("parseHeader() reads what it is given, or throws a MessageError", () => {
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
      try {
        const { no, sizeBytes, sentUs } = parseHeader(bytes);
        assert(Number.isInteger(no) && no >= 0 && sizeBytes >= headerBytesOf(bytes));
        assert(sentUs >= 0 && sentUs < 3_600_000_000);
        assertEquals(typeof isCopy(bytes), "boolean");
      } catch (error) {
        assertInstanceOf(error, MessageError);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseHeader() reads what a MessageWriter writes", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PROTOCOLS),
      fc.nat(99_999),
      fc.integer({ min: 32, max: 9000 }),
      fc.nat(3_599_999_999),
      (protocol, no, sizeBytes, sentUs) => {
        const writer = new MessageWriter(protocol, 9000);
        const message = writer.prepare(no, sizeBytes);
        writer.stamp(sentUs);
        const header = parseHeader(message);
        assertEquals([header.no, header.sizeBytes, header.sentUs], [no, sizeBytes, sentUs]);
        assertEquals([parseNo(message), parseSentUs(message)], [no, sentUs]);
        writer.markCopy();
        assertEquals([isCopy(message), parseSentUs(message)], [true, sentUs]);
      },
    ),
    { numRuns: 300 },
  );
});
