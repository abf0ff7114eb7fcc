import fc from "fast-check";
import {
  ACK,
  HEADER_TEXT_BYTES,
  MessageAssembler,
  MessageError,
  MessageWriter,
  oneWayDelayUs,
  parseHeader,
  parseNo,
  parseSize,
} from "./message.ts";
import { HEADER_BYTES, type Protocol, PROTOCOLS } from "./protocol.ts";
import { sprintf } from "../base/std.ts";
import { assert, assertEquals, assertNotMatch, assertThrows } from "../testing/assert.ts";
import { integerBetween, seededRandom } from "../testing/fake_random.ts";

const HOUR_US = 3_600_000_000;

/** What printf(3) prints for `%5d,%4s, %6d,% 5ld.%06lu,`; made with a C compiler. */
const PRINTED: [Protocol, number, number, number, string][] = [
  ["tcp", 0, 100, 0, "    0, tcp,    100,    0.000000,"],
  ["udp", 7, 16384, 1_500_000, "    7, udp,  16384,    1.500000,"],
  ["tls", 99, 999, 3_599_999_999, "   99, ssl,    999, 3599.999999,"],
  ["dtls", 12345, 16384, 59_000_001, "12345,dtls,  16384,   59.000001,"],
  ["tcp", 99999, 999999, 600_000_010, "99999, tcp, 999999,  600.000010,"],
  ["dtls", 9, 32, 10_100_000, "    9,dtls,     32,   10.100000,"],
  ["udp", 100, 1106, 1_234_001_234, "  100, udp,   1106, 1234.001234,"],
  ["tls", 9999, 10200, 999_099_999, " 9999, ssl,  10200,  999.099999,"],
];

/** A message in memory of its own. */
function message(protocol: Protocol, no: number, sizeBytes: number, epochUs = 0): Uint8Array {
  const writer = new MessageWriter(protocol, sizeBytes);
  const bytes = writer.prepare(no, sizeBytes);
  writer.stamp(epochUs);
  return bytes.slice();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A header with some of its characters changed. */
function altered(at: number, characters: string): Uint8Array {
  const bytes = message("tcp", 7, 100, 1_500_000);
  bytes.set(new TextEncoder().encode(characters), at);
  return bytes.subarray(0, HEADER_BYTES);
}

/** The indexes of the messages that an assembler finds in parts of a stream. */
function indexesIn(parts: Iterable<Uint8Array>): number[] {
  const assembler = new MessageAssembler();
  const found: number[] = [];
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      at = assembler.take(part, at, part.length);
      if (assembler.complete) found.push(parseNo(assembler.header));
    }
  }
  assert(!assembler.partial, "the stream ends with a whole message");
  return found;
}

for (const [protocol, no, sizeBytes, epochUs, header] of PRINTED) {
  Deno.test(`MessageWriter writes ${JSON.stringify(header)} as printf does`, () => {
    assertEquals(text(message(protocol, no, sizeBytes, epochUs).subarray(0, HEADER_BYTES)), header);
  });
}

Deno.test("MessageWriter agrees with sprintf() for random values", () => {
  const random = seededRandom();
  const types = { tcp: " tcp", udp: " udp", tls: " ssl", dtls: "dtls" };
  for (let i = 0; i < 2000; i++) {
    const protocol = PROTOCOLS[integerBetween(random, 0, 3)]!;
    const no = integerBetween(random, 0, 10 ** integerBetween(random, 1, 5) - 1);
    const sizeBytes = integerBetween(random, 32, 10 ** integerBetween(random, 2, 6) - 1);
    const seconds = integerBetween(random, 0, 3599);
    const micros = integerBetween(random, 0, 10 ** integerBetween(random, 1, 6) - 1);
    const values = [no, types[protocol], sizeBytes, seconds, micros];
    const hours = integerBetween(random, 0, 500_000) * HOUR_US;
    const writer = new MessageWriter(protocol, HEADER_BYTES);
    writer.prepare(no, sizeBytes);
    writer.stamp(hours + seconds * 1e6 + micros);
    const header = writer.prepare(no, sizeBytes);
    assertEquals(text(header), sprintf("%5d,%4s, %6d,% 5d.%06d,", ...values));
  }
});

Deno.test("MessageWriter.prepare() fills the rest of the message with A", () => {
  for (const sizeBytes of [33, 100, 16384]) {
    const filler = message("dtls", 99, sizeBytes).subarray(HEADER_BYTES);
    assertEquals(filler.length, sizeBytes - HEADER_BYTES);
    assert(filler.every((byte) => byte === 0x41), `filler of ${sizeBytes}`);
  }
});

Deno.test("MessageWriter.prepare() makes a message of nothing but its header", () => {
  assertEquals(text(message("tcp", 1, 32)), "    1, tcp,     32,    0.000000,");
});

Deno.test("MessageWriter.prepare() leaves nothing of a longer number behind", () => {
  const writer = new MessageWriter("tcp", 16384);
  writer.prepare(99999, 16384);
  writer.stamp(3_599_999_999);
  const bytes = writer.prepare(0, 100);
  writer.stamp(0);
  assertEquals(text(bytes.subarray(0, HEADER_BYTES)), "    0, tcp,    100,    0.000000,");
});

Deno.test("MessageWriter.stamp() cuts fractions of a microsecond off", () => {
  const bytes = message("tcp", 0, 100, 3_599_999_999.99);
  assertEquals(text(bytes.subarray(19, 31)), " 3599.999999");
});

Deno.test("MessageWriter.stamp() counts from 0 again when the hour turns", () => {
  assertEquals(parseHeader(message("tcp", 0, 100, 7 * HOUR_US - 1)).sentUs, HOUR_US - 1);
  assertEquals(parseHeader(message("tcp", 0, 100, 7 * HOUR_US)).sentUs, 0);
});

Deno.test("parseHeader() gives back what MessageWriter wrote", () => {
  const header = parseHeader(message("tls", 42, 8801, 1_234_567_890));
  assertEquals(header, { no: 42, type: " ssl", sizeBytes: 8801, sentUs: 1_234_567_890 });
});

const NO_HEADERS: Record<string, Uint8Array> = {
  "31 bytes": message("tcp", 0, 100).subarray(0, 31),
  "no bytes": new Uint8Array(0),
  "zeros": new Uint8Array(HEADER_BYTES),
  "an HTTP request": new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.org\r\n"),
  "a letter in the index": altered(3, "x"),
  "a negative index": altered(3, "-1"),
  "a blank index": altered(0, "     "),
  "a blank within the index": altered(0, "  1 2"),
  "no comma after the index": altered(5, ";"),
  "no comma after the type": altered(10, ";"),
  "no comma after the size": altered(18, ";"),
  "no point in the time": altered(24, ","),
  "no comma after the time": altered(31, ";"),
  "a size shorter than a header": altered(12, "    31"),
  "a size of zero": altered(12, "     0"),
  "a hexadecimal size": altered(12, "  0x64"),
  "a size of seven digits": altered(11, "9999999"),
  "a size whose digits begin a column early": altered(11, "1    64"),
  "no blank before the size": altered(11, "x"),
  "seconds of five digits": altered(19, "12345"),
  "microseconds padded with blanks": altered(25, "     1"),
};

for (const [what, bytes] of Object.entries(NO_HEADERS)) {
  Deno.test(`parseSize() refuses ${what}`, () => {
    assertThrows(() => parseSize(bytes), MessageError, "not a message of this program");
  });
}

Deno.test("parseSize() refuses every header with a byte that its format does not have there", () => {
  // Where a digit is one of a number in its column it makes another number, and no other form.
  const isInColumn = (at: number) => at < 5 || at > 11 && at < 18 || at > 19 && at < 24 || at > 24;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 9 }), (at, n) => {
      fc.pre(!isInColumn(at) || at === 31);
      assertThrows(() => parseSize(altered(at, String(n))), MessageError);
    }),
  );
});

const ILL_FORMED: Record<string, Uint8Array> = {
  "a time in words": altered(19, "later.please"),
  "a type with control characters": altered(6, "\x1b[2J"),
  "an unknown type": altered(6, "quic"),
};

for (const [what, bytes] of Object.entries(ILL_FORMED)) {
  Deno.test(`parseHeader() refuses ${what}`, () => {
    assertThrows(() => parseHeader(bytes), MessageError);
  });
}

Deno.test("HEADER_TEXT_BYTES leaves out the comma at the header's end alone", () => {
  const bytes = message("dtls", 3, 302, 2_000_003);
  assertEquals(text(bytes.subarray(0, HEADER_TEXT_BYTES)), "    3,dtls,    302,    2.000003");
});

Deno.test("ACK is the word with its terminating zero byte", () => {
  assertEquals([...ACK], [..."ack\0"].map((character) => character.charCodeAt(0)));
});

Deno.test("MessageAssembler finds a message split at any byte", () => {
  const bytes = message("tcp", 5, 100);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(indexesIn([bytes.subarray(0, at), bytes.subarray(at)]), [5], `split at ${at}`);
  }
});

Deno.test("MessageAssembler finds messages that come a byte at a time", () => {
  const stream = [...message("tcp", 0, 33), ...message("tcp", 1, 32), ...message("tcp", 2, 40)];
  assertEquals(indexesIn(stream.map((byte) => Uint8Array.of(byte))), [0, 1, 2]);
});

Deno.test("MessageAssembler finds three messages in one read", () => {
  const stream = [...message("tcp", 0, 100), ...message("tcp", 1, 32), ...message("tcp", 2, 302)];
  assertEquals(indexesIn([Uint8Array.from(stream)]), [0, 1, 2]);
});

Deno.test("MessageAssembler finds messages in a stream cut at random", () => {
  const random = seededRandom();
  const wanted = Array.from({ length: 50 }, (_, no) => no);
  const stream = Uint8Array.from(
    wanted.flatMap((no) => [...message("tls", no, integerBetween(random, 32, 400))]),
  );
  const parts: Uint8Array[] = [];
  for (let at = 0; at < stream.length;) {
    parts.push(stream.subarray(at, at += integerBetween(random, 1, 150)));
  }
  assertEquals(indexesIn(parts), wanted);
});

Deno.test("MessageAssembler.take() stops at the end of a message", () => {
  const stream = Uint8Array.from([...message("tcp", 0, 100), ...message("tcp", 1, 100)]);
  const assembler = new MessageAssembler();
  assertEquals(assembler.take(stream, 0, 150), 100);
  assert(assembler.complete && !assembler.partial);
  assertEquals(assembler.sizeBytes, 100);
});

Deno.test("MessageAssembler.take() leaves bytes outside its bounds alone", () => {
  const padded = new Uint8Array(120).fill(0xff);
  padded.set(message("tcp", 3, 100), 10);
  const assembler = new MessageAssembler();
  assertEquals(assembler.take(padded, 10, 110), 110);
  assertEquals(parseNo(assembler.header), 3);
});

Deno.test("MessageAssembler is partial within a message and knows the size after the header", () => {
  const bytes = message("tcp", 0, 100);
  const assembler = new MessageAssembler();
  assert(!assembler.partial && !assembler.complete, "before the first byte");
  assembler.take(bytes, 0, 31);
  assert(assembler.partial && !assembler.complete, "within the header");
  assertEquals(assembler.sizeBytes, 0);
  assembler.take(bytes, 31, 99);
  assert(assembler.partial && !assembler.complete, "a byte is missing");
  assertEquals(assembler.sizeBytes, 100);
});

Deno.test("MessageAssembler.take() refuses garbage, and goes on refusing", () => {
  const assembler = new MessageAssembler();
  const garbage = new Uint8Array(64).fill(0x20);
  assertThrows(() => assembler.take(garbage, 0, 64), MessageError);
  assertThrows(() => assembler.take(garbage, 0, 64), MessageError);
});

Deno.test("MessageAssembler.take() waits for a whole header before it refuses", () => {
  const assembler = new MessageAssembler();
  const garbage = new Uint8Array(HEADER_BYTES);
  assertEquals(assembler.take(garbage, 0, 31), 31);
  assertThrows(() => assembler.take(garbage, 31, 32), MessageError);
});

Deno.test("MessageAssembler.take() refuses garbage after a message", () => {
  const stream = new Uint8Array(140);
  stream.set(message("tcp", 0, 100));
  const assembler = new MessageAssembler();
  assertEquals(assembler.take(stream, 0, 140), 100);
  assertThrows(() => assembler.take(stream, 100, 140), MessageError);
});

Deno.test("MessageError says what is the case in one line", () => {
  const error = assertThrows(() => parseSize(new Uint8Array(32)), MessageError);
  assertEquals(error.name, "MessageError");
  assertNotMatch(error.message, /\n/);
});

const DELAYS: Record<string, [number, number, number]> = {
  "within an hour": [1_000_000, 5 * HOUR_US + 1_000_250, 250],
  "of nothing": [1_000_000, HOUR_US + 1_000_000, 0],
  "with fractions": [100, 100.5, 0.5],
  "where the hour turned on the way": [HOUR_US - 100, 9 * HOUR_US + 150, 250],
  "of a sender whose clock is ahead": [1_000_250, 1_000_000, -250],
  "of a sender whose clock is ahead and past the hour": [100, 3 * HOUR_US - 50, -150],
};

for (const [what, [sentUs, epochUs, delayUs]] of Object.entries(DELAYS)) {
  Deno.test(`oneWayDelayUs() is right for a delay ${what}`, () => {
    assertEquals(oneWayDelayUs(sentUs, epochUs), delayUs);
  });
}
