/** Whatever the other end of an agent's connection says: it is read or refused, and nothing else. */
import fc from "fast-check";
import { RunError } from "../../common/base/errors.ts";
import { assert, assertEquals, assertInstanceOf } from "../../common/testing/assert.ts";
import { type LineConn, Lines } from "./lines.ts";
import { readAnswer, readQuestion, START } from "./messages.ts";

const RUNS = { numRuns: 300 };

const field = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom("tcp-sync", "each", 1, 100, true, [100], "X25519"),
);

/** What a question or an answer may look like, and anything else. */
const said = fc.oneof(
  fc.jsonValue(),
  fc.tuple(
    fc.constantFrom({ ask: "start" }, { ask: "time" }, { say: "ended" }, { say: "time" }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom(...Object.keys(START), "code", "why", "document", "port", "__proto__"),
        fc.string(),
      ),
      field,
    ),
  ).map(([kind, rest]) => ({ ...rest, ...kind })),
);

for (const [name, read] of Object.entries({ readQuestion, readAnswer })) {
  Deno.test(`${name}() throws nothing but a TypeError or a RangeError`, () => {
    fc.assert(
      fc.property(said, (value) => {
        try {
          const message: unknown = read(value);
          assert(typeof message === "object" && message !== null);
        } catch (error) {
          assert(error instanceof TypeError || error instanceof RangeError, String(error));
          assert(/^Cannot read an? \w+: /.test(error.message), error.message);
        }
      }),
      RUNS,
    );
  });
}

const MAX_BYTES = 60;

/** What comes piece by piece, and then ends. */
function connOf(pieces: readonly Uint8Array[]): LineConn {
  const rest = [...pieces];
  return {
    read(into) {
      const piece = rest.shift();
      if (!piece) return Promise.resolve(null);
      into.set(piece);
      return Promise.resolve(piece.length);
    },
    write: (bytes) => Promise.resolve(bytes.length),
  };
}

/** The lines of the whole text up to the first that is none. */
function slowly(bytes: Uint8Array): unknown[] {
  const values: unknown[] = [];
  let rest = [...bytes];
  for (let end; (end = rest.indexOf(0x0a)) >= 0; rest = rest.slice(end + 1)) {
    if (end > MAX_BYTES) return values;
    try {
      values.push(JSON.parse(new TextDecoder().decode(Uint8Array.from(rest.slice(0, end)))));
    } catch {
      return values;
    }
  }
  return values;
}

Deno.test("Lines.read() agrees with a slow reader, wherever the bytes are cut", async () => {
  const piece = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 90, size: "max" }),
    fc.json({ maxDepth: 1 }).map((text) => new TextEncoder().encode(`${text}\n`)),
    fc.json({ maxDepth: 1 }).map((text) => new TextEncoder().encode(text)),
    fc.constant(Uint8Array.of(0x0a)),
  ).filter(({ length }) => length > 0);
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      const lines = new Lines(connOf(pieces), MAX_BYTES, () => 0);
      const values: unknown[] = [];
      try {
        for (let line; (line = await lines.read(1000));) values.push(line.value);
      } catch (error) {
        assertInstanceOf(error, RunError);
      }
      const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]));

      assertEquals(values, slowly(all));
    }),
    RUNS,
  );
});
