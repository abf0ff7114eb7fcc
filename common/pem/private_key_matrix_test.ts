import { createPrivateKey } from "node:crypto";
import fc from "fast-check";
import { generateCertificates } from "../../certs/generate.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { formatPem, parsePem } from "./blocks.ts";
import { PemError } from "./errors.ts";
import { readPrivateKey } from "./private_key.ts";
import { ENCRYPTED, ENCRYPTED_OTHERWISE, PASSPHRASE, PKCS8, SEC1 } from "../testing/pem.ts";

const OPTIONS = { missing: "it is missing", wrong: "it is wrong" };

function read(input: string | Uint8Array, passphrase?: string) {
  return readPrivateKey(input, "key", passphrase, OPTIONS);
}

/** What tells the fixtures' key from every other. */
const PUBLIC = createPrivateKey(PKCS8).export({ format: "jwk" });

function assertSameKey(pem: string): void {
  assertEquals(createPrivateKey(pem).export({ format: "jwk" }), PUBLIC);
}

Deno.test("readPrivateKey() reads PKCS#8, and SEC1 with its parameters before it", () => {
  for (const text of [PKCS8, SEC1, SEC1.slice(SEC1.indexOf("-----BEGIN EC PRIVATE"))]) {
    assertSameKey(read(text).pem);
  }
});

Deno.test("readPrivateKey() reads PKCS#1", async () => {
  const { server } = await generateCertificates({ keyType: "rsa2048" });
  const pkcs1 = String(createPrivateKey(server.key).export({ type: "pkcs1", format: "pem" }));
  assert(pkcs1.startsWith("-----BEGIN RSA PRIVATE KEY-----"));
  assertEquals(read(pkcs1).pem, pkcs1);
});

Deno.test("readPrivateKey() finds the key beside certificates, before and behind", async () => {
  const { ca } = await generateCertificates();
  for (const text of [ca + PKCS8, PKCS8 + ca]) assertEquals(read(text).pem, PKCS8);
});

Deno.test("readPrivateKey() passes over the passphrase of a key that is not encrypted", () => {
  assertEquals(read(PKCS8, "whatever").pem, PKCS8);
});

for (const [how, text] of Object.entries(ENCRYPTED)) {
  Deno.test(`readPrivateKey() opens a key encrypted with ${how}`, () => {
    assertSameKey(read(text, PASSPHRASE).pem);
    assertSameKey(read(text.replaceAll("\n", "\r\n"), PASSPHRASE).pem);
  });

  Deno.test(`readPrivateKey() says that a passphrase does not open ${how}`, () => {
    for (const wrong of ["", "Secret", "secret ", "\u{1F511}"]) {
      const error = assertThrows(() => read(text, wrong), PemError);
      assertEquals(error.problem, "it is encrypted, and it is wrong");
    }
  });

  Deno.test(`readPrivateKey() says that ${how} wants a passphrase`, () => {
    const error = assertThrows(() => read(text), PemError);
    assertEquals(error.problem, "it is encrypted; it is missing");
  });
}

for (const [how, text] of Object.entries(ENCRYPTED_OTHERWISE)) {
  Deno.test(`readPrivateKey() says how to encrypt anew what is encrypted with ${how}`, () => {
    const line = "to encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc";
    assertThrows(() => read(text, PASSPHRASE), PemError, line);
  });
}

/** One value of DER, of less than 128 bytes. */
function der(tag: number, ...contents: (Uint8Array | number)[]): Uint8Array {
  const bytes = contents.flatMap((part) => typeof part === "number" ? [part] : [...part]);
  assert(bytes.length < 0x80);
  return Uint8Array.of(tag, bytes.length, ...bytes);
}

function oid(hex: string): Uint8Array {
  return der(0x06, ...Uint8Array.fromHex(hex));
}

/** An EncryptedPrivateKeyInfo of RFC 5958 with PBES2 and AES-256-CBC. */
function sealed(derivation: Uint8Array): string {
  const cipher = der(0x30, oid("60864801650304012a"), der(0x04, ...new Uint8Array(16)));
  const algorithm = der(0x30, oid("2a864886f70d01050d"), der(0x30, derivation, cipher));
  const info = der(0x30, algorithm, der(0x04, ...new Uint8Array(16)));
  return formatPem("ENCRYPTED PRIVATE KEY", info);
}

const SALT = der(0x04, 1, 2, 3, 4);
const PBKDF2 = oid("2a864886f70d01050c");
const SCRYPT = oid("2b06010401da47040b");
const MANY = der(0x02, 0x7f, 0xff, 0xff, 0xff);
const ONE = der(0x02, 1);

for (
  const [what, derivation] of [
    ["iterations", der(0x30, PBKDF2, der(0x30, SALT, MANY))],
    ["memory", der(0x30, SCRYPT, der(0x30, SALT, MANY, ONE, ONE))],
    ["rows", der(0x30, SCRYPT, der(0x30, SALT, der(0x02, 16), ONE, MANY))],
  ] as const
) {
  Deno.test(`readPrivateKey() refuses a key that wants too many ${what} to be opened`, () => {
    assertThrows(() => read(sealed(derivation), PASSPHRASE), PemError, "takes too long");
  });
}

/** What is refused, and why. */
const REFUSED: readonly (readonly [what: string, input: string, why: string])[] = [
  ["two keys", PKCS8 + SEC1, "2 private keys are in it, and one is wanted"],
  ["a public key", formatPem("PUBLIC KEY", Uint8Array.of(1)), "in it, but PUBLIC KEY"],
  ["an OpenSSH key", formatPem("OPENSSH PRIVATE KEY", Uint8Array.of(1)), "ssh-keygen -p -m PKCS8"],
  [
    "a DSA key",
    formatPem("DSA PRIVATE KEY", Uint8Array.of(1)),
    "DSA PRIVATE KEY is no kind of key",
  ],
  ["a key in another's form", PKCS8.replaceAll("PRIVATE", "RSA PRIVATE"), "is damaged"],
  ["bytes that are no key", formatPem("PRIVATE KEY", Uint8Array.of(0x30, 0)), "is damaged"],
];

for (const [what, input, why] of REFUSED) {
  Deno.test(`readPrivateKey() refuses ${what}`, () => {
    assertThrows(() => read(input), PemError, why);
  });
}

Deno.test("readPrivateKey() refuses a key whose bytes are cut off, or go on behind it", () => {
  const { bytes } = parsePem(PKCS8, "")[0]!;
  for (const damaged of [bytes.subarray(0, -3), Uint8Array.of(...bytes, 0)]) {
    assertThrows(() => read(formatPem("PRIVATE KEY", damaged)), PemError, "is damaged");
  }
});

Deno.test("readPrivateKey() throws nothing but a PemError for a damaged key", () => {
  const texts = [PKCS8, SEC1, ...Object.values(ENCRYPTED)];
  const change = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(change, { minLength: 1 }), (text, changes) => {
      const block = parsePem(text, "").at(-1)!;
      const bytes = block.bytes.slice();
      for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
      const headers = [...block.headers].map(([name, value]) => `${name}: ${value}\n`).join("");
      const pem = formatPem(block.label, bytes).replace("-----\n", `-----\n${headers}`);
      try {
        assert(read(pem, PASSPHRASE).pem.length > 0);
      } catch (error) {
        assertInstanceOf(error, PemError);
      }
    }),
    { numRuns: 500 },
  );
});
