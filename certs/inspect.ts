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
import { type Fields, readFields } from "../common/pem/fields.ts";
import { findWay, isFor, saysNoAuthority } from "../common/pem/policy.ts";
import { verifySignature } from "../common/pem/signed_by.ts";
import { PemError } from "../common/pem/errors.ts";
import { alternativeNames } from "../common/pem/alternative_names.ts";
import type { KeyType } from "./key_types.ts";
import { MS_PER_DAY } from "../common/pem/kinds.ts";
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

/**
 * Checks that certificates and keys can be read, belong together, are valid now and are what is
 * wanted. This is no path validation of RFC 5280 section 6, which is left to the TLS libraries: what
 * cannot be told here passes.
 *
 * @param files contents by the names of {@linkcode FILES}
 */
export function inspectCertificates(
  files: ReadonlyMap<string, Uint8Array>,
  wanted: Wanted,
): Verdict {
  const ends: Lifetime[] = [];
  try {
    for (const role of wanted.roles) {
      const { chain, caCerts } = readEnd(files, role, wanted.keyPassphrase);
      const name = ownFiles(role).cert;
      const own = x509Of(chain[0]!);
      const [fields, authorities] = [fieldsOf(chain), fieldsOf(caCerts)];
      if (!own || !fields || !authorities) continue;
      const way = wayOf(name, fields, authorities);
      if (!isFor(fields[0]!, role)) throw new Unfit(`${name} is not a ${role} certificate`);
      checkKeyType(name, own, wanted.keyType);
      if (role === "server") checkNames(name, own, wanted.names);
      for (const one of way) {
        const file = authorities.includes(one) ? FILES.ca : name;
        ends.push(checkTime(file, one, wanted.renewBeforeDays));
      }
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
    const own = x509Of(readCertificates(file, FILES.serverCert)[0]!);
    return own ? alternativeNames(own) : [];
  } catch (error) {
    if (error instanceof PemError) return [];
    throw error;
  }
}

/** Why certificates cannot be used; does not leave this module. */
class Unfit extends Error {}

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
function x509Of({ der }: Certificate): x509.X509Certificate | null {
  try {
    return new x509.X509Certificate(der);
  } catch {
    return null;
  }
}

/** Null where one of them has not the form that is known here. */
function fieldsOf(certificates: readonly Certificate[]): Fields[] | null {
  const all = certificates.map(({ der }) => readFields(der)).filter((one) => one !== null);
  return all.length === certificates.length ? all : null;
}

/**
 * From an end's certificate to an authority in ca.pem, by way of the certificates that stand behind
 * the end's own (RFC 8446 4.4.2).
 *
 * @returns what it leads over, the end's own first
 */
function wayOf(name: string, [own, ...between]: Fields[], authorities: Fields[]) {
  const way = findWay(own!, {
    roots: authorities,
    between,
    // Where it cannot be told, the names are the same, after all.
    isSignedBy: (cert, authority) => verifySignature(cert, authority) ?? true,
    accepts: ([_own, ...above]) => !above.some(saysNoAuthority),
  });
  if (way) return way;
  if (authorities.every(saysNoAuthority)) throw new Unfit(`${FILES.ca} is not an authority`);
  const chain = between.length > 0 ? ", by way of the chain in it" : "";
  throw new Unfit(`${name} was not signed by an authority in ${FILES.ca}${chain}`);
}

function checkTime(name: string, { notBefore, notAfter }: Fields, renewBeforeDays: number) {
  const now = Date.now();
  if (notBefore > now) throw new Unfit(`${name} is not valid yet`);
  if (notAfter <= now) throw new Unfit(`${name} has expired`);
  const soonMs = Math.min(renewBeforeDays * MS_PER_DAY, (notAfter - notBefore) / 2);
  return { end: notAfter, isSoon: notAfter - now <= soonMs };
}

function checkKeyType(
  name: string,
  { publicKey }: x509.X509Certificate,
  wanted: KeyType | undefined,
): void {
  if (wanted === undefined) return;
  const algorithm: Algorithm & { namedCurve?: string; modulusLength?: number } =
    publicKey.algorithm;
  const fits = {
    p256: algorithm.namedCurve === "P-256",
    rsa2048: algorithm.modulusLength === 2048,
    ed25519: algorithm.name === "Ed25519",
  };
  if (!fits[wanted]) throw new Unfit(`${name} has no ${wanted} key`);
}

function checkNames(
  name: string,
  cert: x509.X509Certificate,
  wanted: readonly SubjectName[],
): void {
  const items = alternativeNames(cert);
  const missing = wanted.find((one) => !items.some((item) => covers(item, one)));
  if (missing) throw new Unfit(`${name} is not valid for ${missing.value}`);
}
