/**
 * A run's certificates as options of `node:tls`, loaded and checked once.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { loadCertificates } from "../common/certificates.ts";
import { RunError } from "../common/errors.ts";
import type { Role } from "../common/protocol.ts";
import { join } from "../common/std.ts";

/** Options of `node:tls`, for both ends. */
export interface Credentials {
  /** Authorities that are believed, one certificate each, in PEM. */
  ca: string[];
  /** This end's certificate in PEM. */
  cert: string;
  /** Its private key in PEM. */
  key: string;
  minVersion: "TLSv1.2";
}

/** A certificate in PEM (RFC 7468 2), without what may stand around it. */
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Loads one end's certificate and key, and whom it believes.
 *
 * What cannot be used is refused here: Deno passes over an authority it cannot read, and takes any
 * fault of the rest for a wrong version of the protocol, as late as in a handshake.
 *
 * @throws {RunError} naming the file that is missing or cannot be used
 */
export async function loadCredentials(dir: string, role: Role): Promise<Credentials> {
  const { caCerts, cert, key } = await loadCertificates(dir, role);
  const [certName, keyName] = [`${role}-cert.pem`, `${role}-key.pem`];
  const ca = caCerts.flatMap((text) => text.match(PEM_CERTIFICATE) ?? [text]);
  for (const text of ca) parse(dir, "ca.pem", "certificate", () => new X509Certificate(text));
  const certificate = parse(dir, certName, "certificate", () => new X509Certificate(cert));
  const privateKey = parse(dir, keyName, "private key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw unusable(dir, keyName, `not the private key of ${certName}`);
  }
  return { ca, cert, key, minVersion: "TLSv1.2" };
}

function parse<T>(dir: string, name: string, wanted: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unusable(dir, name, `not a ${wanted} in PEM`, cause);
  }
}

function unusable(dir: string, name: string, what: string, cause?: unknown): RunError {
  const mend = "make certificates with: deno task certs";
  return new RunError(`cannot use ${join(dir, name)}: ${what}; ${mend}`, { cause });
}
