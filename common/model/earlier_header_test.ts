/** Messages of the original's earlier revision: `%4d` for the index. */
import { sprintf } from "../base/std.ts";
import { ACK, headerBytesOf, isCopy, MessageAssembler, MessageWriter } from "./message.ts";
import { MessageError, parseHeader, parseNo, parseSize } from "./message.ts";
import { isMessage } from "./sequence_tracker.ts";
import { PROTOCOLS } from "./protocol.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { DatagramBench, ServerBench } from "../testing/fake_server.ts";

const TYPES = { tcp: " tcp", udp: " udp", tls: " ssl", dtls: "dtls" } as const;

/** What an earlier program sends. */
function earlier(no: number, sizeBytes: number, type: string = TYPES.tcp): Uint8Array {
  const header = sprintf("%4d,%4s, %6d,% 5d.%06d,", no, type, sizeBytes, 3599, 999_999);
  const message = new Uint8Array(sizeBytes).fill(0x41);
  message.set(new TextEncoder().encode(header));
  return message;
}

/** What this program sends. */
function today(no: number, sizeBytes: number): Uint8Array {
  return new MessageWriter("tcp", sizeBytes).prepare(no, sizeBytes).slice();
}

for (const protocol of PROTOCOLS) {
  Deno.test(`parseHeader() reads the earlier header of ${protocol}`, () => {
    for (const no of [0, 7, 99, 1234, 9999]) {
      const message = earlier(no, 302, TYPES[protocol]);
      const read = parseHeader(message);
      const wanted = { no, type: TYPES[protocol], sizeBytes: 302, sentUs: 3_599_999_999 };
      assertEquals([read, headerBytesOf(message), isCopy(message)], [wanted, 31, false]);
    }
  });
}

Deno.test("headerBytesOf() tells the two headers apart whatever the index is", () => {
  for (const no of [0, 9, 10, 1000, 9999]) {
    assertEquals([headerBytesOf(earlier(no, 100)), headerBytesOf(today(no, 100))], [31, 32]);
  }
  assertEquals(headerBytesOf(today(99_999, 100)), 32);
});

Deno.test("parseSize() takes the earlier header alone, and refuses it cut short", () => {
  const message = earlier(0, 31);
  assertEquals([message.length, parseSize(message), isMessage(message)], [31, 31, true]);
  for (let length = 0; length < 31; length++) {
    assertThrows(() => parseSize(message.subarray(0, length)), MessageError);
    assert(!isMessage(message.subarray(0, length)));
  }
  const short = message.slice();
  short.set(new TextEncoder().encode("    30"), 11);
  assertThrows(() => parseSize(short), MessageError, "not a message of this program");
});

Deno.test("parseSize() refuses an earlier header with any byte that its format does not have", () => {
  for (let at = 0; at < 31; at++) {
    const message = earlier(7, 100);
    message[at] = 0x3b;
    assertThrows(() => parseSize(message), MessageError, "not a message");
  }
});

/** Indexes and lengths of headers, as an assembler finds them in parts of a stream. */
function found(...parts: Uint8Array[]): number[][] {
  const assembler = new MessageAssembler();
  const messages: number[][] = [];
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      at = assembler.take(part, at, part.length);
      const { header, sizeBytes } = assembler;
      if (assembler.complete) messages.push([parseNo(header), sizeBytes, headerBytesOf(header)]);
    }
  }
  assert(!assembler.partial, "the stream ends with a whole message");
  return messages;
}

const MIXED = Uint8Array.from([
  ...[...earlier(5, 31), ...today(6, 32), ...earlier(9999, 40), ...earlier(0, 100)],
  ...[...today(12_345, 50), ...earlier(1, 31), ...earlier(2, 33), ...today(0, 100)],
]);
const IN_MIXED = [
  ...[[5, 31, 31], [6, 32, 32], [9999, 40, 31], [0, 100, 31]],
  ...[[12_345, 50, 32], [1, 31, 31], [2, 33, 31], [0, 100, 32]],
];

Deno.test("MessageAssembler finds both headers in one stream, split at any byte", () => {
  for (let at = 0; at <= MIXED.length; at++) {
    assertEquals(found(MIXED.subarray(0, at), MIXED.subarray(at)), IN_MIXED, `split at ${at}`);
  }
  assertEquals(found(...[...MIXED].map((byte) => Uint8Array.of(byte))), IN_MIXED);
});

Deno.test("MessageAssembler refuses garbage after an earlier message at once", () => {
  const garbage = new Uint8Array(64).fill(0x2c);
  assertThrows(() => found(Uint8Array.from([...earlier(0, 31), ...garbage])), MessageError);
});

Deno.test("a server of connections takes messages with the earlier header, split at any byte", async () => {
  const stream = Uint8Array.from([0, 1].flatMap((no) => [...earlier(no, 100)]));
  for (let at = 1; at < stream.length; at += 7) {
    using bench = new ServerBench("--sizes=100", "--repeat=2", "--connect=once");
    const peer = bench.listener.connect();
    peer.write(stream.subarray(0, at), stream.subarray(at)).end();
    await bench.serving;
    const { recorder, troubles, lines } = bench.run;
    assertEquals([peer.answers, recorder.headerBytes, troubles], [[ACK, ACK], [31], []]);
    assertMatch(lines[1]!, / us {4}1, tcp, {4}100, 3599\.999999,$/);
  }
});

Deno.test("a server of datagrams takes both headers, and says which have come", async () => {
  using bench = new DatagramBench("--sizes=100", "--repeat=3");
  assertEquals(bench.run.recorder.headerBytes, []);
  await bench.socket.deliver("a:1", earlier(0, 100, " udp"), earlier(1, 100, " udp"));
  assertEquals(bench.run.recorder.headerBytes, [31]);
  await bench.deliver("a:1", [2, 100]);
  await bench.serving;
  const { recorder, troubles } = bench.run;
  assertEquals([recorder.headerBytes, recorder.messages, troubles], [[31, 32], 3, []]);
});

Deno.test("MessageWriter.markCopy() leaves all but the hour of the clock as it is", () => {
  const writer = new MessageWriter("udp", 100);
  for (const us of [0, 1_500_000, 3_599_999_999]) {
    const message = writer.prepare(99, 100);
    writer.stamp(us);
    const [read, text] = [parseHeader(message), new TextDecoder().decode(message)];
    assert(!isCopy(message));
    writer.markCopy();
    assert(isCopy(message));
    assertEquals(parseHeader(message), read, "who knows of no copies reads the same");
    const seconds = String(Math.floor(us / 1e6) + 3600).padStart(5);
    assertEquals(new TextDecoder().decode(message), text.replace(/,[ \d]{5}\./, `,${seconds}.`));
    writer.markCopy();
    assertEquals(parseHeader(message), read, "a copy's copy");
    writer.stamp(us);
    assert(!isCopy(message));
  }
});
