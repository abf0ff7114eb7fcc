/**
 * Certificates out of PEM.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { formatPem, parsePem, type PemBlock } from "./blocks.ts";
import { derKind } from "./der.ts";
import { PemError } from "./errors.ts";

/** One certificate. */
export interface Certificate {
  /** Nothing but this certificate, in the form that every engine reads. */
  readonly pem: string;
  /** The same in DER. */
  readonly der: Uint8Array<ArrayBuffer>;
  /** The same, read. */
  readonly x509: X509Certificate;
}

/** Both are what `openssl x509` has called it: PEM_read_bio_X509(3), RFC 7468 5.1. */
const LABELS = ["CERTIFICATE", "X509 CERTIFICATE"];

/** What is refused even beside certificates, as it would be left out in silence. */
const REFUSED: Readonly<Record<string, string>> = {
  // Its trust settings stand behind the certificate and say what it may not be used for.
  "TRUSTED CERTIFICATE":
    "it is a TRUSTED CERTIFICATE of OpenSSL; to make a plain one: openssl x509 -in OLD -out NEW",
  "PKCS7": "it is PKCS#7; to convert it: openssl pkcs7 -print_certs -in OLD -out NEW",
  "CMS": "it is CMS; to convert it: openssl pkcs7 -print_certs -in OLD -out NEW",
  "CERTIFICATE REQUEST": "it is a request, which an authority has to sign first",
  "NEW CERTIFICATE REQUEST": "it is a request, which an authority has to sign first",
};

/**
 * Reads all certificates of a text or a file, in their order. Keys and parameters that stand beside
 * them are passed over.
 *
 * @param source what to call it in an error: a setting or a file
 * @returns one or more
 * @throws {PemError} where there is none, or one is damaged
 */
export function readCertificates(input: string | Uint8Array, source: string): Certificate[] {
  const blocks = parsePem(input, source);
  for (const { label } of blocks) {
    if (Object.hasOwn(REFUSED, label)) throw new PemError(source, REFUSED[label]!);
  }
  const certificates = blocks.filter(({ label }) => LABELS.includes(label));
  if (certificates.length === 0) {
    throw new PemError(source, `no certificate is in it, but ${listLabels(blocks)}`);
  }
  return certificates.map((block) => readOne(block, source));
}

/** What there is instead of what is wanted. */
export function listLabels(blocks: readonly PemBlock[]): string {
  return [...new Set(blocks.map(({ label }) => label))].join(", ");
}

function readOne({ bytes, line }: PemBlock, source: string): Certificate {
  const problem = `the certificate that begins in line ${line} is damaged`;
  if (derKind(bytes) !== "certificate") throw new PemError(source, problem);
  try {
    const x509 = new X509Certificate(bytes);
    return { pem: formatPem("CERTIFICATE", bytes), der: bytes, x509 };
  } catch (cause) {
    throw new PemError(source, problem, { cause });
  }
}
