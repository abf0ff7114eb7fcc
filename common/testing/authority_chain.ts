/**
 * Chains of a root, an intermediate authority and an end's certificate, each of which may be wrong in
 * any way, for tests.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { formatPem } from "../pem/blocks.ts";
import { readFields } from "../pem/fields.ts";
import { MS_PER_DAY } from "../pem/kinds.ts";
import { parseNames } from "../pem/names.ts";
import { type Role, ROLES } from "../model/protocol.ts";

/** How one certificate differs from a good one. */
export interface Part {
  /** Days from now. */
  from?: number;
  to?: number;
  /** Instead of the usual ones. */
  extensions?: x509.Extension[];
  /** Of its key; the default is ECDSA on P-256 with SHA-256. */
  algorithm?: Algorithm & { hash: string };
  /** Hash function of its authority's signature. */
  hash?: string;
  /** Signed by itself. */
  selfSigned?: boolean;
  /** Of version 1, which has no extensions. */
  isVersion1?: boolean;
  /** A private key made beforehand, PKCS#8, whose public half is in it. */
  pkcs8?: Uint8Array<ArrayBuffer>;
}

/** What differs, from the root down. */
export interface ChainSpec {
  root?: Part;
  middle?: Part;
  leaf?: Part;
}

/** One end's files, and who has signed them; PEM. */
export interface EndFiles {
  ca: string;
  cert: string;
  key: string;
}

interface Made {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly keys: CryptoKeyPair;
  readonly algorithm: Algorithm;
}

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Extensions of an authority. */
export function authority(pathLength?: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ];
}

/** What an end's certificate says. */
export interface EndWords {
  usages?: x509.KeyUsageFlags | null;
  purposes?: x509.ExtendedKeyUsageType[] | null;
  names?: x509.JsonGeneralNames | null;
}

/** Names under which the tests look for a server. */
export const USUAL_NAMES: x509.JsonGeneralNames = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
];

/** Extensions of an end's certificate; null leaves one out. */
export function end(role: Role, words: EndWords = {}): x509.Extension[] {
  const { usages = x509.KeyUsageFlags.digitalSignature, names = USUAL_NAMES } = words;
  const { purposes = [x509.ExtendedKeyUsage[`${role}Auth`]] } = words;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    ...usages === null ? [] : [new x509.KeyUsagesExtension(usages, true)],
    ...purposes === null ? [] : [new x509.ExtendedKeyUsageExtension(purposes)],
    ...names === null ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  ];
}

/** Makes a chain; where the leaf signs itself, it is its own authority. */
export async function makeChain(role: Role, spec: ChainSpec): Promise<EndFiles> {
  return (await makeChains({ ...spec, leaves: { [role]: spec.leaf ?? {} } }))[role]!;
}

/** What differs, from the root down to an end or two that have the same authorities. */
export interface ChainsSpec extends Omit<ChainSpec, "leaf"> {
  leaves: Partial<Record<Role, Part>>;
}

/** As {@linkcode makeChain}, for each of the ends. */
export async function makeChains(
  { root, middle, leaves }: ChainsSpec,
): Promise<Partial<Record<Role, EndFiles>>> {
  const top = await make("CN=root", { extensions: authority(), ...root }, null);
  const between = await make("CN=middle", { extensions: authority(), ...middle }, top);
  const pem = ({ der }: Made) => formatPem("CERTIFICATE", der);
  const files: Partial<Record<Role, EndFiles>> = {};
  for (const role of ROLES) {
    const leaf = leaves[role];
    if (!leaf) continue;
    const own = await make("CN=localhost", { extensions: end(role), ...leaf }, between);
    const pkcs8 = leaf.pkcs8 ??
      new Uint8Array(await crypto.subtle.exportKey("pkcs8", own.keys.privateKey));
    files[role] = {
      ca: pem(leaf.selfSigned ? own : top),
      cert: leaf.selfSigned ? pem(own) : pem(own) + pem(between),
      key: formatPem("PRIVATE KEY", pkcs8),
    };
  }
  return files;
}

/** Names as an extension has them. */
export function namesOf(texts: readonly string[]): x509.JsonGeneralNames {
  return parseNames(texts).map((name) => ({ ...name }));
}

async function make(name: string, part: Part, issuer: Made | null): Promise<Made> {
  const { algorithm = P256, from = -1, to = 1, extensions = [], selfSigned, pkcs8 } = part;
  const keys = await newKeys(algorithm);
  const signer = issuer && !selfSigned ? issuer : { name, keys, algorithm };
  const { hash = "SHA-256" } = part;
  const signingAlgorithm = { ...signer.algorithm, hash };
  const made = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: signer.name,
    notBefore: new Date(Date.now() + from * MS_PER_DAY),
    notAfter: new Date(Date.now() + to * MS_PER_DAY),
    publicKey: pkcs8 ? await publicHalf(pkcs8) : keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm,
    extensions,
  });
  const der = new Uint8Array(made.rawData);
  const shown = part.isVersion1 ? await version1(der, signer.keys.privateKey) : der;
  return { name, keys, algorithm, der: shown };
}

async function newKeys(algorithm: Algorithm): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if ("privateKey" in keys) return keys;
  throw new TypeError(`${algorithm.name} has no key pairs`);
}

/** The public key of a private one that WebCrypto may find too large. */
async function publicHalf(pkcs8: Uint8Array): Promise<x509.PublicKey> {
  const { createPrivateKey, createPublicKey } = await import("node:crypto");
  const { Buffer } = await import("node:buffer");
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return new x509.PublicKey(new Uint8Array(spki));
}

/** The same certificate without what version 1 has not, signed anew with ECDSA on P-256. */
async function version1(
  der: Uint8Array,
  signingKey: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const { values, algorithm } = readFields(der)!;
  const kept = values.filter(({ tag }) => tag !== 0xa0 && tag !== 0xa3);
  const signed = encode(0x30, ...kept.map(({ whole }) => whole));
  const how = { name: "ECDSA", hash: "SHA-256" };
  const raw = new Uint8Array(await crypto.subtle.sign(how, signingKey, signed));
  const [r, s] = [raw.subarray(0, 32), raw.subarray(32)].map(integer);
  const signature = encode(0x30, r!, s!);
  return encode(0x30, signed, algorithm.whole, encode(0x03, Uint8Array.of(0), signature));
}

/** DER: a number without a sign: a zero byte stands before a set highest bit (X.690 8.3). */
export function integer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const first = bytes.findIndex((byte) => byte !== 0);
  const rest = bytes.subarray(first);
  return encode(0x02, rest[0]! >= 0x80 ? Uint8Array.of(0) : new Uint8Array(), rest);
}

/** DER: a tag, and what is in it. */
export function encode(tag: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const contents = parts.flatMap((part) => [...part]);
  const { length } = contents;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...size, ...contents]);
}
