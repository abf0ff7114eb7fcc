/**
 * Opens encrypted private keys, in the two forms OpenSSL writes: PKCS#8 (RFC 5958 3 with RFC 8018)
 * and, older, RFC 1421 headers over a key in its own format.
 *
 * Deno's `node:crypto` could do it, too, but takes for a wrong passphrase what it does not support.
 *
 * @module
 */
import { createDecipheriv, createHash, pbkdf2Sync, scryptSync } from "node:crypto";
import type { PemBlock } from "./blocks.ts";
import { type DerValue, objectId, readContents, readSequence, smallNumber, TAG } from "./der.ts";
import { PemError } from "./errors.ts";

/** How to have a key that can be read. */
const CONVERT = "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW";

/** Object identifiers in hexadecimal: RFC 8018 A.2, A.4, B.1, B.2; RFC 7914 7. */
const PBES2 = "2a864886f70d01050d";
const PBKDF2 = "2a864886f70d01050c";
const SCRYPT = "2b06010401da47040b";

const PRFS: Readonly<Record<string, string>> = {
  "2a864886f70d0207": "sha1",
  "2a864886f70d0208": "sha224",
  "2a864886f70d0209": "sha256",
  "2a864886f70d020a": "sha384",
  "2a864886f70d020b": "sha512",
};

interface Cipher {
  readonly name: "aes-128-cbc" | "aes-256-cbc" | "des-ede3-cbc";
  readonly keyBytes: number;
  readonly ivBytes: number;
}

const AES_128: Cipher = { name: "aes-128-cbc", keyBytes: 16, ivBytes: 16 };
const AES_256: Cipher = { name: "aes-256-cbc", keyBytes: 32, ivBytes: 16 };
const DES_EDE3: Cipher = { name: "des-ede3-cbc", keyBytes: 24, ivBytes: 8 };

/** RFC 8018 B.2.2, RFC 3565 4.1. */
const CIPHERS: Readonly<Record<string, Cipher>> = {
  "608648016503040102": AES_128,
  "60864801650304012a": AES_256,
  "2a864886f70d0307": DES_EDE3,
};

/** Names in a DEK-Info header, as OpenSSL writes them. */
const HEADER_CIPHERS: Readonly<Record<string, Cipher>> = {
  "AES-128-CBC": AES_128,
  "AES-256-CBC": AES_256,
  "DES-EDE3-CBC": DES_EDE3,
};

/** A file says how long its passphrase takes to try: some seconds and 64 MiB are enough. */
const MAX_ITERATIONS = 10_000_000;
const MAX_SCRYPT_BYTES = 64 * 1024 * 1024;
const MAX_SCRYPT_PARALLEL = 16;

/** What is needed to decipher a key. */
interface Sealed {
  key: Uint8Array;
  cipher: Cipher;
  iv: Uint8Array;
  data: Uint8Array;
}

/** Whether a block is an encrypted key. */
export function isEncrypted({ label, headers }: PemBlock): boolean {
  return label === "ENCRYPTED PRIVATE KEY" ||
    (headers.get("Proc-Type") ?? "").includes("ENCRYPTED");
}

/**
 * Opens an encrypted key.
 *
 * @param block one that is encrypted, by {@linkcode isEncrypted}
 * @param passphrase taken as UTF-8
 * @param source what to call the key in an error
 * @returns the key's own bytes; null where the passphrase does not open it
 * @throws {PemError} where it is encrypted in a way that is not known here, or damaged
 */
export function decryptKey(block: PemBlock, passphrase: string, source: string): Uint8Array | null {
  const sealed = block.label === "ENCRYPTED PRIVATE KEY"
    ? openPkcs8(block.bytes, passphrase, source)
    : openHeaders(block, passphrase, source);
  const { key, cipher, iv, data } = sealed;
  try {
    const decipher = createDecipheriv(cipher.name, key, iv);
    const [most, rest] = [decipher.update(data), decipher.final()];
    const opened = new Uint8Array(most.length + rest.length);
    opened.set(most);
    opened.set(rest, most.length);
    return opened;
  } catch {
    // The padding at the end is none: so a wrong key shows.
    return null;
  }
}

/** EncryptedPrivateKeyInfo of RFC 5958 3, with PBES2 of RFC 8018 6.2. */
function openPkcs8(bytes: Uint8Array, passphrase: string, source: string): Sealed {
  const [algorithm, data] = readSequence(bytes) ?? [];
  const [scheme, parameters] = inner(algorithm);
  if (!data || !objectId(scheme)) throw damaged(source);
  if (objectId(scheme) !== PBES2) throw unknown(source);
  const [derivation, encryption] = inner(parameters);
  const [cipherId, iv] = inner(encryption);
  const cipher = CIPHERS[objectId(cipherId) ?? ""];
  if (!cipher) throw unknown(source);
  if (iv?.tag !== TAG.OCTET_STRING || iv.contents.length !== cipher.ivBytes) throw damaged(source);
  const key = deriveKey(derivation, passphrase, cipher.keyBytes, source);
  return { key, cipher, iv: iv.contents, data: data.contents };
}

function deriveKey(
  derivation: DerValue | undefined,
  passphrase: string,
  keyBytes: number,
  source: string,
): Uint8Array {
  const [method, parameters] = inner(derivation);
  const [salt, ...numbers] = inner(parameters);
  if (salt?.tag !== TAG.OCTET_STRING) throw damaged(source);
  if (objectId(method) === SCRYPT) {
    const [N, r, p] = numbers.map(smallNumber);
    if (!N || !r || !p) throw damaged(source);
    // RFC 7914 2: r blocks of 128 bytes, N times, and p of them one after the other.
    if (128 * N * r > MAX_SCRYPT_BYTES || p > MAX_SCRYPT_PARALLEL) throw tooSlow(source);
    const maxmem = 2 * MAX_SCRYPT_BYTES;
    return guarded(
      source,
      () => scryptSync(passphrase, salt.contents, keyBytes, { N, r, p, maxmem }),
    );
  }
  if (objectId(method) !== PBKDF2) throw unknown(source);
  const iterations = smallNumber(numbers[0]);
  if (!iterations) throw damaged(source);
  if (iterations > MAX_ITERATIONS) throw tooSlow(source);
  // RFC 8018 A.2: where none is named, it is HMAC with SHA-1.
  const prfValue = numbers.find(({ tag }) => tag === TAG.SEQUENCE);
  const prf = prfValue ? PRFS[objectId(inner(prfValue)[0]) ?? ""] : "sha1";
  if (!prf) throw unknown(source);
  return guarded(source, () => pbkdf2Sync(passphrase, salt.contents, iterations, keyBytes, prf));
}

/** `DEK-Info: AES-256-CBC,<iv>`: PEM_read(3), "PEM encryption format". */
function openHeaders({ headers, bytes }: PemBlock, passphrase: string, source: string): Sealed {
  const [name = "", hex = ""] = (headers.get("DEK-Info") ?? "").split(",");
  const cipher = HEADER_CIPHERS[name.trim()];
  if (!cipher) throw name ? unknown(source) : damaged(source);
  const digits = hex.trim();
  if (digits.length !== 2 * cipher.ivBytes || !/^[0-9A-Fa-f]+$/.test(digits)) throw damaged(source);
  const iv = Uint8Array.fromHex(digits);
  // EVP_BytesToKey(3) with MD5, once, over the passphrase and the first 8 bytes of the IV.
  const key = new Uint8Array(cipher.keyBytes);
  let part: Uint8Array = new Uint8Array();
  for (let filled = 0; filled < key.length; filled += part.length) {
    const hash = createHash("md5").update(part).update(passphrase).update(iv.subarray(0, 8));
    part = hash.digest();
    key.set(part.subarray(0, key.length - filled), filled);
  }
  return { key, cipher, iv, data: bytes };
}

function inner(value: DerValue | undefined): DerValue[] {
  return (value?.tag === TAG.SEQUENCE ? readContents(value) : null) ?? [];
}

function guarded(source: string, derive: () => Uint8Array): Uint8Array {
  try {
    return derive();
  } catch (cause) {
    throw new PemError(source, damaged(source).problem, { cause });
  }
}

function damaged(source: string): PemError {
  return new PemError(source, "it is encrypted, and what says how is damaged");
}

function unknown(source: string): PemError {
  const problem =
    "it is encrypted in a way that is not known here (AES-CBC with 128 or 256 bits and " +
    `triple DES are); to encrypt it anew: ${CONVERT}`;
  return new PemError(source, problem);
}

function tooSlow(source: string): PemError {
  const problem = "it is encrypted so that opening it takes too long; to encrypt it anew: ";
  return new PemError(source, problem + CONVERT);
}
