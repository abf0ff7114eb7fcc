/**
 * Finds out whether the certificates in a directory can be kept.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { CertificateSet, KeyType } from "./authority.ts";
import { parseName, sameName, type SubjectName } from "./names.ts";

/** What certificates must have to be kept. */
export interface Wanted {
  /** Names the server certificate must be valid for; it may have more. */
  names: readonly SubjectName[];
  /** Kind of all keys; any kind will do without it. */
  keyType?: KeyType;
  /** More days than these must be left, or than half the lifetime where that is less. */
  renewBeforeDays: number;
}

/** Either when the first of the certificates ends, or why they cannot be kept. */
export type Verdict = { keep: true; notAfter: Date } | { keep: false; reason: string };

/** Names of the parts as they stand in a reason. */
export interface PartNames {
  ca: string;
  serverCert: string;
  serverKey: string;
  clientCert: string;
  clientKey: string;
}

const MS_PER_DAY = 86_400_000;

/**
 * Checks that three certificates and two keys parse, belong together, are valid for long enough
 * and are what is wanted. This is no path validation of RFC 5280 section 6, which is left to the
 * TLS libraries; it finds what a user can mend by making the certificates anew.
 *
 * @param set the PEM texts, from wherever
 */
export async function inspectCertificates(
  set: CertificateSet,
  wanted: Wanted,
  names: PartNames,
): Promise<Verdict> {
  try {
    const ca = parsePart(set.ca, names.ca);
    const server = parsePart(set.server.cert, names.serverCert);
    const client = parsePart(set.client.cert, names.clientCert);
    checkKey(server, set.server.key, names.serverKey);
    checkKey(client, set.client.key, names.clientKey);
    await checkIssuer(server, ca);
    await checkIssuer(client, ca);
    checkUse(server, "server");
    checkUse(client, "client");
    for (const part of [ca, server, client]) {
      checkTime(part, wanted.renewBeforeDays);
      checkKeyType(part, wanted.keyType);
    }
    checkNames(server, wanted.names);
    const ends = [ca, server, client].map(({ cert }) => cert.notAfter.getTime());
    return { keep: true, notAfter: new Date(Math.min(...ends)) };
  } catch (error) {
    if (error instanceof Unfit) return { keep: false, reason: error.message };
    throw error;
  }
}

/** Why the certificates cannot be kept; does not leave this module. */
class Unfit extends Error {}

interface Part {
  name: string;
  cert: x509.X509Certificate;
}

function parsePart(pem: string, name: string): Part {
  try {
    const [block, ...more] = x509.PemConverter.decodeWithHeaders(pem);
    if (block?.type === "CERTIFICATE" && more.length === 0) {
      return { name, cert: new x509.X509Certificate(block.rawData) };
    }
  } catch {
    // Whatever is wrong with it, it is the same to the user.
  }
  throw new Unfit(`${name} is not one PEM certificate`);
}

function checkKey({ name, cert }: Part, keyPem: string, keyName: string): void {
  let spki: Uint8Array;
  try {
    spki = createPublicKey(createPrivateKey(keyPem)).export({ type: "spki", format: "der" });
  } catch {
    throw new Unfit(`${keyName} is not a PEM private key`);
  }
  if (spki.toHex() !== new Uint8Array(cert.publicKey.rawData).toHex()) {
    throw new Unfit(`${keyName} does not belong to ${name}`);
  }
}

async function checkIssuer({ name, cert }: Part, ca: Part): Promise<void> {
  if (!isAuthority(ca.cert)) throw new Unfit(`${ca.name} is not an authority`);
  if (cert.issuer !== ca.cert.subject || !await isSignedWith(cert, ca.cert.publicKey)) {
    throw new Unfit(`${name} was not signed by ${ca.name}`);
  }
}

async function isSignedWith(
  cert: x509.X509Certificate,
  publicKey: x509.PublicKey,
): Promise<boolean> {
  try {
    return await cert.verify({ publicKey, signatureOnly: true });
  } catch {
    // A key of another kind than the signature's is an error of WebCrypto, and no match either.
    return false;
  }
}

function checkUse({ name, cert }: Part, role: "server" | "client"): void {
  const usages = cert.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  if (isAuthority(cert) || !usages.includes(x509.ExtendedKeyUsage[`${role}Auth`])) {
    throw new Unfit(`${name} is not a ${role} certificate`);
  }
}

function isAuthority(cert: x509.X509Certificate): boolean {
  return cert.getExtension(x509.BasicConstraintsExtension)?.ca ?? false;
}

function checkTime({ name, cert }: Part, renewBeforeDays: number): void {
  const now = Date.now();
  const [start, end] = [cert.notBefore.getTime(), cert.notAfter.getTime()];
  if (start > now) throw new Unfit(`${name} is not valid yet`);
  if (end <= now) throw new Unfit(`${name} has expired`);
  if (end - now <= Math.min(renewBeforeDays * MS_PER_DAY, (end - start) / 2)) {
    throw new Unfit(`${name} expires soon, on ${cert.notAfter.toISOString()}`);
  }
}

function checkKeyType({ name, cert }: Part, wanted: KeyType | undefined): void {
  if (wanted === undefined) return;
  const algorithm: Algorithm & { namedCurve?: string; modulusLength?: number } =
    cert.publicKey.algorithm;
  const fits = {
    p256: algorithm.namedCurve === "P-256",
    rsa2048: algorithm.modulusLength === 2048,
    ed25519: algorithm.name === "Ed25519",
  };
  if (!fits[wanted]) throw new Unfit(`${name} has no ${wanted} key`);
}

function checkNames({ name, cert }: Part, wanted: readonly SubjectName[]): void {
  const items = cert.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const missing = wanted.find((one) => !items.some((item) => isSame(item, one)));
  if (missing) throw new Unfit(`${name} is not valid for ${missing.value}`);
}

function isSame({ type, value }: x509.GeneralName, wanted: SubjectName): boolean {
  try {
    return type === wanted.type && sameName(parseName(value), wanted);
  } catch {
    return false;
  }
}
