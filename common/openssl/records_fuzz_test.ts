/** Whatever bytes come from the network: their readers say something of them, and never throw. */
import fc from "fast-check";
import { assert, assertEquals } from "../testing/assert.ts";
import {
  clientRandom,
  concatenated,
  epochOf,
  handshakeRecords,
  hasRandom,
  helloParameters,
  isClientHello,
  isOneRecord,
  numberLike,
  packDatagrams,
  readableBytes,
  RECORD_HEADER_BYTES,
  recordLength,
} from "./records.ts";
import { fragmentsOf, readRecord } from "./session/message_records.ts";

const RUNS = { numRuns: 300 };

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: "max" }).map((bytes) => new Uint8Array(bytes));

/** A record as its header says, or one whose header lies. */
const record = fc.record({
  type: fc.oneof(fc.constantFrom(20, 21, 22, 23, 0x2e), fc.nat(255)),
  major: fc.oneof({ weight: 4, arbitrary: fc.constant(0xfe) }, fc.nat(255)),
  epoch: fc.oneof(fc.constantFrom(0, 0, 1, 2), fc.nat(0xffff)),
  body: fc.oneof(
    bytes(80),
    // A ClientHello's beginning, whose one-byte lengths are anything.
    fc.tuple(fc.constantFrom(1, 2), bytes(300)).map(([type, rest]) =>
      concatenated([Uint8Array.of(type, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0), rest])
    ),
  ),
  lies: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -40, max: 40 })),
}).map(({ type, major, epoch, body, lies }) => {
  const header = new Uint8Array(RECORD_HEADER_BYTES);
  header.set([type, major, 0xfd, epoch >> 8, epoch & 0xff]);
  new DataView(header.buffer).setUint16(11, Math.max(0, body.length + lies));
  return concatenated([header, body]);
});

const datagram = fc.oneof(
  bytes(400),
  fc.array(record, { maxLength: 5 }).map(concatenated),
  fc.tuple(record, bytes(20)).map(concatenated),
);

Deno.test("the readers of records take any datagram", () => {
  fc.assert(
    fc.property(datagram, fc.boolean(), (bytes, isDatagram) => {
      const before = bytes.slice();
      isOneRecord(bytes);
      const readable = readableBytes(bytes, 16);
      assert(readable <= bytes.length);
      assertEquals(readableBytes(bytes.subarray(0, readable), 16), readable);
      const facts = readRecord(bytes, isDatagram);
      for (const { from, length } of fragmentsOf(bytes, facts)) {
        assert(from >= 0 && length >= 0 && length <= bytes.length);
      }
      assert(epochOf(bytes) <= 0xffff);
      for (let at = 0; at < bytes.length;) {
        const length = recordLength(bytes, at);
        assert(length > 0);
        at += length;
      }
      assertEquals(bytes, before);
    }),
    RUNS,
  );
});

/** A record that says it is a ClientHello, and what stands behind it; its length may be a lie. */
const hello = fc.tuple(
  bytes(200),
  bytes(100),
  fc.integer({ min: -100, max: 100 }),
).map(([body, behind, lies]) => {
  const head = new Uint8Array(RECORD_HEADER_BYTES + 12);
  head.set([22, 0xfe, 0xfd]);
  new DataView(head.buffer).setUint16(11, Math.max(0, 12 + body.length + lies));
  head[RECORD_HEADER_BYTES] = 1;
  return concatenated([head, body, behind]);
});

Deno.test("helloParameters() takes all that isClientHello() lets pass, and stays within its record", () => {
  let hellos = 0;
  fc.assert(
    fc.property(fc.oneof(hello, datagram), (bytes) => {
      if (!isClientHello(bytes)) return;
      hellos++;
      const { identity, suites } = helloParameters(bytes);
      const end = recordLength(bytes, 0);
      assert(identity.length >= 34 && identity.byteOffset + identity.length <= end);
      assert(suites.length === 0 || suites.byteOffset + suites.length <= end);
      assertEquals(clientRandom(bytes).length, 32);
      assert(hasRandom(bytes, clientRandom(bytes)));
    }),
    { ...RUNS, numRuns: 600 },
  );
  assert(hellos > 10, `${hellos} of them were hellos`);
});

Deno.test("packDatagrams() sends all bytes in their order, and cuts between records alone", () => {
  fc.assert(
    fc.property(datagram, fc.integer({ min: 1, max: 300 }), (bytes, mtu) => {
      const parts: Uint8Array[] = [];
      packDatagrams(bytes, mtu, (part) => parts.push(part.slice()));
      assertEquals(concatenated(parts), bytes);
      for (const part of parts) {
        assert(part.length <= mtu || recordLength(part, 0) >= part.length);
      }
    }),
    RUNS,
  );
});

/** The same, a record at a time, with nothing clever. */
function slowly(datagram: Uint8Array): { clear: Uint8Array[]; early: Uint8Array[] } {
  const clear: Uint8Array[] = [];
  const early: Uint8Array[] = [];
  let rest = datagram;
  while (rest.length > 0) {
    // A unified header (RFC 9147 4) begins with 001; DTLS 1.3 is not to be spoken here.
    if (rest[0]! >> 5 === 1) {
      rest = rest.slice(recordLength(rest, 0));
      continue;
    }
    if (rest.length < RECORD_HEADER_BYTES) break;
    const size = RECORD_HEADER_BYTES + new DataView(rest.slice().buffer).getUint16(11);
    if (size > rest.length) break;
    const whole = rest.slice(0, size);
    rest = rest.slice(size);
    if (whole[1] !== 0xfe || whole[0]! < 20 || whole[0]! > 23) continue;
    if (whole[3] === 0 && whole[4] === 0) clear.push(whole);
    else if (size <= 256) early.push(whole);
  }
  return { clear, early };
}

Deno.test("handshakeRecords() agrees with a slow reader", () => {
  fc.assert(
    fc.property(datagram, (bytes) => {
      const { clear, early } = handshakeRecords(bytes, { knowsUnified: false, isAgreed: false });
      const slow = slowly(bytes);
      assertEquals(clear, concatenated(slow.clear));
      assertEquals(early, slow.early);
    }),
    RUNS,
  );
});

Deno.test("numberLike() changes six bytes of a record in the clear, and nothing else", () => {
  fc.assert(
    fc.property(datagram, record, (question, answer) => {
      fc.pre(question.length >= RECORD_HEADER_BYTES);
      const before = answer.slice();
      numberLike(question, answer);
      const isClear = before[0]! >> 5 !== 1 && before[3] === 0 && before[4] === 0;
      if (isClear) before.set(question.subarray(5, 11), 5);
      assertEquals(answer, before);
    }),
    RUNS,
  );
});
