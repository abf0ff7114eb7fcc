/**
 * Fingerprints of certificates, as session descriptions have them: RFC 8122 5.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { parsePem } from "../pem/blocks.ts";
import { type Kind, Misfit, OBJECTS, wrongKind } from "../settings/kind.ts";

/** Hash functions that are taken, by their names in RFC 8122 5, with their lengths in bytes. */
const LENGTHS: Readonly<Record<string, number>> = { "sha-256": 32, "sha-384": 48, "sha-512": 64 };

/** Those of RFC 8122 5 besides: another certificate with the same fingerprint can be made, or may be. */
const WEAK: readonly string[] = ["md2", "md5", "sha-1", "sha-224"];

const FORM = /^([!-~]+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)$/;

const NAMES = Object.keys(LENGTHS).join(", ");

/** A fingerprint; it is given back in one spelling: "sha-256 AB:CD:...". */
export const FINGERPRINT: Kind<string> = {
  allowed: 'a fingerprint as in RFC 8122, such as "sha-256 12:AB:..."',
  read(value) {
    if (typeof value !== "string") wrongKind(FINGERPRINT.allowed, value);
    const [, hash = "", digits = ""] = FORM.exec(value) ?? [];
    if (hash === "") throw new Misfit(true, `must be ${FINGERPRINT.allowed}`);
    const name = hash.toLowerCase();
    if (WEAK.includes(name)) {
      throw new Misfit(true, `must not be of ${name}, which is too weak; ${NAMES} are taken`);
    }
    const length = Object.hasOwn(LENGTHS, name) ? LENGTHS[name] : undefined;
    if (length === undefined) throw new Misfit(true, `must be of one of ${NAMES}`);
    const bytes = digits.split(":").length;
    if (bytes !== length) {
      throw new Misfit(true, `must have ${length} bytes for ${name}, not ${bytes}`);
    }
    return `${name} ${digits.toUpperCase()}`;
  },
  good: Object.entries(LENGTHS).map(([name, length]) =>
    `${name} ${digitsOf(new Uint8Array(length))}`
  ),
  wrongKinds: [...OBJECTS, 1, true, new Uint8Array(32)],
  wrongValues: [
    "",
    "sha-256",
    "sha-256 AB",
    digitsOf(new Uint8Array(32)),
    `sha-256 ${"AB".repeat(32)}`,
    `sha-256  ${digitsOf(new Uint8Array(32))}`,
    `sha-256 ${digitsOf(new Uint8Array(32))} `,
    `sha-256 ${digitsOf(new Uint8Array(33))}`,
    `sha-512 ${digitsOf(new Uint8Array(32))}`,
    `sha-1 ${digitsOf(new Uint8Array(20))}`,
    `MD5 ${digitsOf(new Uint8Array(16))}`,
    `toString ${digitsOf(new Uint8Array(32))}`,
  ],
};

/**
 * The fingerprint of a certificate.
 *
 * @param pem the certificate
 * @param hash one of the names that {@linkcode FINGERPRINT} takes, in small letters
 */
export function fingerprintOf(pem: string, hash: string): string {
  const [block] = parsePem(pem, "a certificate");
  const digest = createHash(hash.replace("-", "")).update(block!.bytes).digest();
  return `${hash} ${digitsOf(digest)}`;
}

/** The name of a fingerprint's hash function. */
export function hashOf(fingerprint: string): string {
  return fingerprint.slice(0, fingerprint.indexOf(" "));
}

function digitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":").toUpperCase();
}
