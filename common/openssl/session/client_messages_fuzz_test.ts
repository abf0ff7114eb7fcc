/** Whatever a client says in the clear before it is known. */
import fc from "fast-check";
import { assert, assertEquals } from "../../testing/assert.ts";
import { concatenated } from "../records.ts";
import { type ClientMessage, datagramMessages, streamMessages } from "./client_messages.ts";
import { identitiesInHello } from "./offered_identities.ts";

const RUNS = { numRuns: 300 };

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: "max" }).map((bytes) => new Uint8Array(bytes));

function numbers(...fields: [value: number, length: number][]): Uint8Array {
  const all = fields.flatMap(([value, length]) =>
    Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256)
  );
  return Uint8Array.from(all);
}

const type = fc.constantFrom(0, 1, 2, 11, 16, 20, 255);
const lie = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -20, max: 400 }));

/** TLS records with messages whose lengths may lie. */
const stream = fc.array(
  fc.oneof(
    fc.tuple(type, bytes(120), lie, lie, fc.constantFrom(20, 21, 22, 22, 22, 22, 23)).map(
      ([type, body, lie, recordLie, content]) => {
        const message = concatenated([
          numbers([type, 1], [Math.max(0, body.length + lie), 3]),
          body,
        ]);
        const length = Math.max(0, message.length + recordLie);
        return concatenated([numbers([content, 1], [0x0303, 2], [length, 2]), message]);
      },
    ),
    bytes(40),
  ),
  { maxLength: 6, size: "max" },
).map(concatenated);

Deno.test("streamMessages() finds the same messages wherever a stream is cut", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(800), { size: "max", maxLength: 10 }), (bytes, cuts) => {
      const whole = streamMessages()(bytes);
      const take = streamMessages();
      const pieces: ClientMessage[] = [];
      let at = 0;
      for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
        const end = Math.max(at, Math.min(cut, bytes.length));
        pieces.push(...take(bytes.subarray(at, end)));
        at = end;
      }
      assertEquals(pieces, whole);
    }),
    RUNS,
  );
});

/** A record of DTLS with fragments, whose fields may lie. */
const datagram = fc.array(
  fc.tuple(
    fc.constantFrom(16, 16, 16, 1),
    fc.nat(2),
    fc.oneof(fc.integer({ min: 0, max: 60 }), fc.nat(0xffffff)),
    fc.oneof(fc.integer({ min: 0, max: 60 }), fc.nat(0xffffff)),
    bytes(60),
    lie,
  ).map(([type, no, total, offset, part, lie]) => {
    const length = Math.max(0, part.length + lie);
    const fragment = concatenated([
      numbers([type, 1], [total, 3], [no, 2], [offset, 3], [length, 3]),
      part,
    ]);
    return concatenated([
      numbers([22, 1], [0xfefd, 2], [0, 2], [0, 6], [fragment.length, 2]),
      fragment,
    ]);
  }),
  { maxLength: 6, size: "max" },
).map(concatenated);

Deno.test("datagramMessages() takes any fragments, and gives none longer than it may be", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(datagram, bytes(200)), { maxLength: 8 }), (all) => {
      const take = datagramMessages();
      for (const { type, body } of all.flatMap(take)) {
        assertEquals(type, 16);
        assert(body.length <= 16 * 1024);
      }
    }),
    RUNS,
  );
});

Deno.test("datagramMessages() puts a message together from fragments in any order", () => {
  fc.assert(
    fc.property(bytes(80), fc.array(fc.nat(80), { maxLength: 5 }), fc.nat(), (body, cuts, turn) => {
      const ends = [...new Set([...cuts.filter((cut) => cut < body.length), body.length])]
        .sort((a, b) => a - b);
      const fragments = ends.map((end, i) => {
        const from = i === 0 ? 0 : ends[i - 1]!;
        const part = body.subarray(from, end);
        const header = numbers([16, 1], [body.length, 3], [3, 2], [from, 3], [part.length, 3]);
        const length: [number, number] = [header.length + part.length, 2];
        return concatenated([numbers([22, 1], [0xfefd, 2], [0, 8], length), header, part]);
      });
      const turned = [...fragments, ...fragments].slice(turn % fragments.length)
        .slice(0, fragments.length);
      assertEquals(turned.flatMap(datagramMessages()), [{ type: 16, body }]);
    }),
    RUNS,
  );
});

Deno.test("identitiesInHello() gives parts of what it reads, whatever that is", () => {
  const extension = fc.tuple(fc.constantFrom(41, 41, 0, 51), bytes(60), lie).map(
    ([type, body, lie]) =>
      concatenated([numbers([type, 2], [Math.max(0, body.length + lie), 2]), body]),
  );
  const hello = fc.tuple(bytes(34), bytes(8), fc.array(extension, { maxLength: 4 })).map(
    ([head, middle, extensions]) => concatenated([head, middle, ...extensions]),
  );
  fc.assert(
    fc.property(fc.oneof(hello, bytes(200)), (body) => {
      for (const identity of identitiesInHello(body)) {
        assert(identity.byteOffset + identity.length <= body.length);
      }
    }),
    RUNS,
  );
});

Deno.test("identitiesInHello() finds the identities that were offered", () => {
  const head = concatenated([new Uint8Array(35), numbers([2, 2], [0, 2], [1, 1], [0, 1], [0, 2])]);
  fc.assert(
    fc.property(fc.array(bytes(40), { maxLength: 5 }), bytes(30), (identities, other) => {
      const list = concatenated(
        identities.map((identity) =>
          concatenated([numbers([identity.length, 2]), identity, numbers([7, 4])])
        ),
      );
      const body = concatenated([
        head,
        ...[numbers([0, 2], [other.length, 2]), other],
        ...[numbers([41, 2], [list.length + 2, 2], [list.length, 2]), list],
      ]);
      assertEquals(identitiesInHello(body), identities);
    }),
    RUNS,
  );
});
