/**
 * Finds out whether certificates can be used for what is wanted of them.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { type Certificate, readCertificates } from "../common/pem/certificates.ts";
import {
  type CredentialNames,
  type Credentials,
  readCredentials,
} from "../common/pem/credentials.ts";
import { PemError } from "../common/pem/errors.ts";
import { alternativeNames } from "../common/pem/alternative_names.ts";
import type { KeyType } from "./key_types.ts";
import { MS_PER_DAY } from "./kinds.ts";
import { covers, type SubjectName } from "../common/pem/names.ts";
import { FILES, ownFiles } from "../common/pem/certificate_files.ts";
import type { Role } from "../common/model/protocol.ts";

/** What certificates must have to be used. */
export interface Wanted {
  /** Which ends they are for; the other's need not be there. */
  roles: readonly Role[];
  /** Names the server certificate must be valid for; it may have more. */
  names: readonly SubjectName[];
  /** Kind of both ends' keys; any kind will do without it. */
  keyType?: KeyType;
  /** That few days before the end, or half the lifetime where that is less, are soon. */
  renewBeforeDays: number;
  /** Opens keys that are encrypted. */
  keyPassphrase?: string;
}

/** Either when the first of the certificates ends, or why they cannot be used. */
export type Verdict =
  | { fits: true; notAfter: Date; endsSoon: boolean }
  | { fits: false; reason: string };

/** anyExtendedKeyUsage: RFC 5280 4.2.1.12. */
const ANY_USAGE = "2.5.29.37.0";

/**
 * Checks that certificates and keys can be read, belong together, are valid now and are what is
 * wanted. This is no path validation of RFC 5280 section 6, which is left to the TLS libraries: what
 * cannot be told here passes.
 *
 * @param files contents by the names of {@linkcode FILES}
 */
export async function inspectCertificates(
  files: ReadonlyMap<string, Uint8Array>,
  wanted: Wanted,
): Promise<Verdict> {
  const ends: Lifetime[] = [];
  try {
    for (const role of wanted.roles) {
      const { chain, caCerts } = readEnd(files, role, wanted.keyPassphrase);
      const [parts, authorities] = [
        partsOf(chain, ownFiles(role).cert),
        partsOf(caCerts, FILES.ca),
      ];
      const [part, ...between] = parts ?? [];
      if (!part || !authorities) continue;
      const path = await findPath(part, between, authorities);
      checkUse(part, role);
      checkKeyType(part, wanted.keyType);
      if (role === "server") checkNames(part, wanted.names);
      for (const each of [part, ...path]) ends.push(checkTime(each, wanted.renewBeforeDays));
    }
  } catch (error) {
    if (error instanceof Unfit) return { fits: false, reason: error.message };
    throw error;
  }
  const notAfter = new Date(Math.min(...ends.map(({ end }) => end)));
  return { fits: true, notAfter, endsSoon: ends.some(({ isSoon }) => isSoon) };
}

/** Names and addresses that a server's certificate is for, as far as it can be read. */
export function namesOf(file: Uint8Array | undefined): SubjectName[] {
  if (!file) return [];
  try {
    const [own] = partsOf(readCertificates(file, FILES.serverCert), FILES.serverCert) ?? [];
    return own ? alternativeNames(own.cert) : [];
  } catch (error) {
    if (error instanceof PemError) return [];
    throw error;
  }
}

/** Why certificates cannot be used; does not leave this module. */
class Unfit extends Error {}

interface Part {
  name: string;
  cert: x509.X509Certificate;
}

interface Lifetime {
  end: number;
  isSoon: boolean;
}

function readEnd(
  files: ReadonlyMap<string, Uint8Array>,
  role: Role,
  keyPassphrase: string | undefined,
): Credentials {
  const { cert, key } = ownFiles(role);
  const bytes = (name: string) => {
    const file = files.get(name);
    if (!file) throw new Unfit(`${name} is missing`);
    return file;
  };
  const names: CredentialNames = {
    caCerts: () => FILES.ca,
    cert,
    key,
    passphrase: {
      missing: "its passphrase is wanted: --key-passphrase-file FILE",
      wrong: "the passphrase does not open it",
    },
  };
  const input = { caCerts: [bytes(FILES.ca)], cert: bytes(cert), key: bytes(key), keyPassphrase };
  try {
    return readCredentials(input, names);
  } catch (error) {
    if (error instanceof PemError) throw new Unfit(`${error.source}: ${error.problem}`);
    throw error;
  }
}

/** Null where this package cannot read what node:crypto can. */
function partsOf(certificates: readonly Certificate[], name: string): Part[] | null {
  try {
    return certificates.map(({ der }) => ({ name, cert: new x509.X509Certificate(der) }));
  } catch {
    return null;
  }
}

/**
 * From an end's certificate to an authority in ca.pem, by way of the certificates that stand behind
 * the end's own (RFC 8446 4.4.2). Each is used once, so that it ends.
 *
 * @returns what it leads over, the end's own left out
 */
async function findPath(part: Part, between: Part[], authorities: Part[]): Promise<Part[]> {
  const path: Part[] = [];
  const left = new Set(between);
  for (let last = part;;) {
    const authority = await findIssuer(last, authorities);
    if (authority) return authority.cert.equal(last.cert) ? path : [...path, authority];
    const next = await findIssuer(last, left);
    if (!next) break;
    left.delete(next);
    path.push(next);
    last = next;
  }
  if (!authorities.some(({ cert }) => mayIssue(cert))) {
    throw new Unfit(`${FILES.ca} is not an authority`);
  }
  const chain = between.length > 0 ? ", by way of the chain in it" : "";
  throw new Unfit(`${part.name} was not signed by an authority in ${FILES.ca}${chain}`);
}

async function findIssuer({ cert }: Part, candidates: Iterable<Part>): Promise<Part | undefined> {
  for (const candidate of candidates) {
    const isIssuer = cert.issuer === candidate.cert.subject && mayIssue(candidate.cert, cert) &&
      await isSignedWith(cert, candidate.cert.publicKey);
    if (isIssuer) return candidate;
  }
}

/** An authority says that it is one, but for old ones, and for one that has signed itself alone. */
function mayIssue(cert: x509.X509Certificate, issued?: x509.X509Certificate): boolean {
  const constraints = cert.getExtension(x509.BasicConstraintsExtension);
  return (constraints?.ca ?? true) || (issued !== undefined && cert.equal(issued));
}

/** True, too, where WebCrypto does not know the algorithm: the names are the same, after all. */
async function isSignedWith(
  cert: x509.X509Certificate,
  publicKey: x509.PublicKey,
): Promise<boolean> {
  try {
    return await cert.verify({ publicKey, signatureOnly: true });
  } catch {
    return !isKnownAlgorithm(publicKey.algorithm);
  }
}

/** A key of a known kind that does not go with the signature's is an error, and no match. */
function isKnownAlgorithm(algorithm: Algorithm): boolean {
  return ["ECDSA", "RSASSA-PKCS1-v1_5", "Ed25519"].includes(algorithm.name);
}

/** RFC 5280 4.2.1.12: without the extension it may be used for everything. */
function checkUse({ name, cert }: Part, role: Role): void {
  const usages = cert.getExtension(x509.ExtendedKeyUsageExtension)?.usages;
  if (!usages || usages.includes(ANY_USAGE)) return;
  if (!usages.includes(x509.ExtendedKeyUsage[`${role}Auth`])) {
    throw new Unfit(`${name} is not a ${role} certificate`);
  }
}

function checkTime({ name, cert }: Part, renewBeforeDays: number): Lifetime {
  const now = Date.now();
  const [start, end] = [cert.notBefore.getTime(), cert.notAfter.getTime()];
  if (start > now) throw new Unfit(`${name} is not valid yet`);
  if (end <= now) throw new Unfit(`${name} has expired`);
  const isSoon = end - now <= Math.min(renewBeforeDays * MS_PER_DAY, (end - start) / 2);
  return { end, isSoon };
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
  const items = alternativeNames(cert);
  const missing = wanted.find((one) => !items.some((item) => covers(item, one)));
  if (missing) throw new Unfit(`${name} is not valid for ${missing.value}`);
}
