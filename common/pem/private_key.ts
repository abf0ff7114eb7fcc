/**
 * A private key out of PEM.
 *
 * @module
 */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { formatPem, parsePem, type PemBlock } from "./blocks.ts";
import { listLabels } from "./certificates.ts";
import { decryptKey, isEncrypted } from "./decrypt.ts";
import { derKind, objectId, readContents, readDer, readSequence } from "./der.ts";
import { PemError } from "./errors.ts";

/** A private key. */
export interface PrivateKey {
  /** Nothing but this key, not encrypted, in the form that every engine reads. */
  readonly pem: string;
  /** The same, read; null where it is of a kind that Deno does not know and OpenSSL may. */
  readonly object: KeyObject | null;
}

/** How the passphrase of an encrypted key is called in errors. */
export interface PassphraseWords {
  /** What to do where there is none. */
  readonly missing: string;
  /** What is said of one that is wrong. */
  readonly wrong: string;
}

/** Formats by their labels: RFC 7468 10, RFC 8017 A.1.2, RFC 5915 4. */
const FORMATS = {
  "PRIVATE KEY": "pkcs8",
  "RSA PRIVATE KEY": "pkcs1",
  "EC PRIVATE KEY": "sec1",
} as const;

type Label = keyof typeof FORMATS;

const OPENSSH = "OPENSSH PRIVATE KEY";

/** [0] of ECPrivateKey: RFC 5915 3. */
const EC_PARAMETERS_TAG = 0xa0;

/** Object identifiers that Deno's node:crypto reads: RFC 8017 C, RFC 8410 3, RFC 5480 2.1.1. */
const RSA = "2a864886f70d010101";
const ED25519 = "2b6570";
const EC = "2a8648ce3d0201";
const EC_CURVES = ["2a8648ce3d030107", "2b81040022", "2b81040023"];

/**
 * Reads the one private key of a text or a file. Certificates and parameters that stand beside it
 * are passed over.
 *
 * @param source what to call it in an error: a setting or a file
 * @param passphrase opens it where it is encrypted
 * @throws {PemError} where there is none or several, or it is damaged or encrypted
 */
export function readPrivateKey(
  input: string | Uint8Array,
  source: string,
  passphrase: string | undefined,
  words: PassphraseWords,
): PrivateKey {
  const blocks = parsePem(input, source);
  const keys = blocks.filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [block] = keys;
  if (!block) throw new PemError(source, `no private key is in it, but ${listLabels(blocks)}`);
  if (keys.length > 1) {
    throw new PemError(source, `${keys.length} private keys are in it, and one is wanted`);
  }
  if (block.label === OPENSSH) {
    const how = "ssh-keygen -p -m PKCS8 -f COPY-OF-IT";
    throw new PemError(source, `it is an OpenSSH key; to convert it: ${how}`);
  }
  if (!isEncrypted(block)) return readOne(block.label, block.bytes, block, source);
  if (passphrase === undefined) throw new PemError(source, `it is encrypted; ${words.missing}`);
  const opened = decryptKey(block, passphrase, source);
  const label = block.label === "ENCRYPTED PRIVATE KEY" ? "PRIVATE KEY" : block.label;
  // One wrong passphrase in 256 leaves a padding that could be one.
  if (!opened || !readSequence(opened)) {
    throw new PemError(source, `it is encrypted, and ${words.wrong}`);
  }
  return readOne(label, opened, block, source);
}

function readOne(label: string, bytes: Uint8Array, { line }: PemBlock, source: string): PrivateKey {
  if (!isKnown(label)) {
    const known = Object.keys(FORMATS).join(", ");
    throw new PemError(source, `${label} is no kind of key that TLS uses: ${known} are`);
  }
  const problem = `the ${label} block that begins in line ${line} is damaged`;
  if (derKind(bytes) !== FORMATS[label]) throw new PemError(source, problem);
  const pem = formatPem(label, bytes);
  try {
    return { pem, object: createPrivateKey(pem) };
  } catch (cause) {
    if (isReadByDeno(label, bytes)) throw new PemError(source, problem, { cause });
    return { pem, object: null };
  }
}

function isKnown(label: string): label is Label {
  return Object.hasOwn(FORMATS, label);
}

/** Whether Deno knows this kind of key, so that one it does not read is damaged. */
function isReadByDeno(label: Label, bytes: Uint8Array): boolean {
  if (label === "RSA PRIVATE KEY") return true;
  const values = readSequence(bytes) ?? [];
  if (label === "EC PRIVATE KEY") {
    return isKnownCurve(values.find(({ tag }) => tag === EC_PARAMETERS_TAG)?.contents);
  }
  const [id, parameter] = values[1] ? readContents(values[1]) ?? [] : [];
  const kind = objectId(id);
  if (kind === EC) return EC_CURVES.includes(objectId(parameter) ?? "");
  return kind === RSA || kind === ED25519;
}

function isKnownCurve(parameters: Uint8Array | undefined): boolean {
  const curve = parameters && readDer(parameters);
  return EC_CURVES.includes(objectId(curve ?? undefined) ?? "");
}
