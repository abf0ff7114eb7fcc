import { type ChainSpec, makeChain } from "../testing/authority_chain.ts";
import { assertEquals } from "../testing/assert.ts";
import { MS_PER_DAY } from "./kinds.ts";
import { parsePem } from "./blocks.ts";
import { readFields } from "./fields.ts";
import { checkChain, MIN_RSA_BITS, REFUSALS } from "./policy.ts";
import { isSignedBy } from "./signed_by.ts";

interface Made {
  leaf: Uint8Array;
  middle: Uint8Array;
  root: Uint8Array;
}

async function chain(spec: ChainSpec = {}): Promise<Made> {
  const { ca, cert } = await makeChain("server", spec);
  const [leaf, middle] = parsePem(cert, "cert").map(({ bytes }) => bytes);
  return { leaf: leaf!, middle: middle!, root: parsePem(ca, "ca")[0]!.bytes };
}

function check(
  { leaf, middle, root }: Made,
  more: { others?: Uint8Array[]; authorities?: Uint8Array[]; nowMs?: number } = {},
): string | null {
  const { others = [middle], authorities = [root], nowMs = Date.now() } = more;
  return checkChain({ leaf, others, authorities, role: "server", nowMs });
}

const good = await chain();

Deno.test("checkChain() takes a good chain in any order, with more than is wanted", async () => {
  const other = await chain();
  assertEquals(check(good), null);
  const others = [other.middle, good.root, other.root, good.middle, good.leaf];
  assertEquals(check(good, { others, authorities: [other.root, good.root] }), null);
});

Deno.test("checkChain() looks at the time of each certificate", () => {
  assertEquals(check(good, { nowMs: Date.now() - 2 * MS_PER_DAY }), REFUSALS.authorityEarly);
  assertEquals(check(good, { nowMs: Date.now() + 2 * MS_PER_DAY }), REFUSALS.authorityExpired);
});

Deno.test("checkChain() refuses what leads to no authority", async () => {
  assertEquals(check(good, { others: [] }), REFUSALS.unknown);
  assertEquals(check(good, { authorities: [] }), REFUSALS.unknown);
  assertEquals(check(good, { authorities: [(await chain()).root] }), REFUSALS.unknown);
});

Deno.test("checkChain() refuses an authority that has not signed itself, as OpenSSL does", () => {
  assertEquals(check(good, { others: [], authorities: [good.middle] }), REFUSALS.unknown);
  assertEquals(check(good, { others: [], authorities: [good.middle, good.root] }), null);
});

Deno.test("checkChain() is not led around a fault by forged authorities of the same names", async () => {
  const faulty = await chain({ root: { from: -3, to: -2 } });
  const forged = await chain();
  const others = [forged.middle, faulty.middle];
  const authorities = [forged.root, faulty.root];
  assertEquals(check(faulty, { others, authorities }), REFUSALS.authorityExpired);
});

Deno.test("checkChain() takes a way around an authority whose time is over", async () => {
  // One key, two certificates: the old one of the root, and the one that has followed it.
  const old = await chain({ root: { from: -3, to: -2 } });
  const authorities = [old.root, good.root];
  assertEquals(check(good, { authorities }), null);
});

Deno.test("checkChain() verifies a bounded number of signatures", async () => {
  const many = await Promise.all(Array.from({ length: 40 }, () => chain()));
  const others = many.map(({ middle }) => middle);
  assertEquals(check(good, { others: [...others, good.middle] }), REFUSALS.unknown);
});

Deno.test("checkChain() refuses what is no certificate", () => {
  const { leaf } = good;
  for (const bytes of [new Uint8Array(), leaf.subarray(0, 99), Uint8Array.of(0x30, 0)]) {
    assertEquals(check({ ...good, leaf: bytes }), REFUSALS.unreadable);
    assertEquals(check(good, { others: [bytes, good.middle] }), null);
  }
});

Deno.test("checkChain() refuses a chain in which any byte is another", () => {
  const { leaf, middle } = good;
  const changed = (der: Uint8Array, at: number) => {
    const copy = der.slice();
    copy[at]! ^= 0xff;
    return copy;
  };
  for (const [at] of leaf.entries()) {
    // Signed as it was, it can be nothing but refused.
    assertEquals(typeof check({ ...good, leaf: changed(leaf, at) }), "string", `byte ${at}`);
  }
  for (const [at] of middle.entries()) {
    const others = [changed(middle, at)];
    assertEquals(typeof check(good, { others }), "string", `byte ${at}`);
  }
});

const RSA = { publicExponent: Uint8Array.of(1, 0, 1), modulusLength: MIN_RSA_BITS };
const ALGORITHMS = [
  { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" },
  { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384", ...RSA },
  { name: "RSA-PSS", hash: "SHA-256", saltLength: 32, ...RSA },
  { name: "Ed25519", hash: "" },
];

for (const algorithm of ALGORITHMS) {
  const { name, hash } = algorithm;
  const what = [name, "namedCurve" in algorithm ? algorithm.namedCurve : "", hash].join(" ").trim();
  Deno.test(`isSignedBy() knows the key that has signed (${what})`, async () => {
    const signer = { algorithm, hash };
    const [one, other] = await Promise.all([
      chain({ root: signer, middle: { hash } }),
      chain({ root: signer, middle: { hash } }),
    ]);
    const read = (der: Uint8Array) => readFields(der)!;
    assertEquals(isSignedBy(read(one.middle), read(one.root)), true);
    assertEquals(isSignedBy(read(one.middle), read(other.root)), false);
  });
}

Deno.test("isSignedBy() takes no SHA-1", async () => {
  const { leaf, middle } = await chain({ leaf: { hash: "SHA-1" } });
  assertEquals(isSignedBy(readFields(leaf)!, readFields(middle)!), false);
});

Deno.test("REFUSALS.rsaBits() says what is taken", () => {
  const line = "is refused: an RSA key in its chain has 16384 bits, and 2048 to 8192 are taken";
  assertEquals(REFUSALS.rsaBits(16_384), line);
});
