/** Whatever a file or a peer's certificate holds: it is read, or it is none, and nothing else. */
import fc from "fast-check";
import { assert, assertEquals, assertInstanceOf } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { formatPem, parsePem } from "./blocks.ts";
import { readCertificates } from "./certificates.ts";
import { derKind, readContents, readDer, readSequence } from "./der.ts";
import { PemError } from "./errors.ts";
import { readFields } from "./fields.ts";
import { checkChain } from "./policy.ts";

const RUNS = { numRuns: 400 };

const { ca, server } = await testCertificates();
const [leaf, authority] = [server.cert, ca].map((pem) => parsePem(pem, "it")[0]!.bytes);

/** A good certificate of which some bytes are others, or which is cut off. */
const damaged = fc.record({
  changes: fc.array(fc.tuple(fc.nat(leaf!.length - 1), fc.nat(255)), { maxLength: 4 }),
  length: fc.oneof({ weight: 4, arbitrary: fc.constant(Infinity) }, fc.nat(leaf!.length)),
}).map(({ changes, length }) => {
  const bytes = leaf!.slice();
  for (const [at, byte] of changes) bytes[at] = byte;
  return bytes.subarray(0, length);
});

/** Values within values. */
const nested = fc.letrec<{ value: Uint8Array }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 6 })).map(([tag, bytes]) =>
      Uint8Array.of(tag, bytes.length, ...bytes)
    ),
    fc.tuple(fc.constantFrom(0x30, 0x31, 0xa0), fc.array(tie("value"), { maxLength: 4 })).map(
      ([tag, parts]) => {
        const inner = parts.flatMap((part) => [...part]);
        return inner.length < 0x80
          ? Uint8Array.of(tag, inner.length, ...inner)
          : Uint8Array.of(tag, 0x82, inner.length >> 8, inner.length & 0xff, ...inner);
      },
    ),
  ),
})).value;

const der = fc.oneof(fc.uint8Array({ maxLength: 40 }), nested, damaged);

Deno.test("readDer() and what is above it read any bytes, and never beyond their end", () => {
  fc.assert(
    fc.property(der, (bytes) => {
      const value = readDer(bytes);
      derKind(bytes);
      readFields(bytes);
      if (!value) return assertEquals(readSequence(bytes), null);
      assert(value.size <= bytes.length && value.contents.length < value.size);
      assertEquals(value.whole, bytes.subarray(0, value.size));
      const parts = readContents(value);
      if (!parts) return;
      assertEquals(parts.flatMap(({ whole }) => [...whole]), [...value.contents]);
    }),
    RUNS,
  );
});

Deno.test("readCertificates() throws nothing but a PemError for a damaged certificate", () => {
  fc.assert(
    fc.property(der.filter(({ length }) => length > 0), (bytes) => {
      try {
        assertEquals(readCertificates(formatPem("CERTIFICATE", bytes), "it").length, 1);
      } catch (error) {
        assertInstanceOf(error, PemError);
      }
    }),
    RUNS,
  );
});

Deno.test("checkChain() takes no certificate with another byte in it", () => {
  const shown = {
    others: [],
    authorities: [authority!],
    role: "server",
    nowMs: Date.now(),
  } as const;
  assertEquals(checkChain({ ...shown, leaf: leaf! }), null);
  fc.assert(
    fc.property(damaged, (bytes) => {
      const problem = checkChain({ ...shown, leaf: bytes });
      assertEquals(problem === null, String(bytes) === String(leaf));
    }),
    { numRuns: 150 },
  );
});
