/**
 * A run's certificates as options of `node:tls`, loaded and checked once.
 *
 * @module
 */
import type { KeyObject } from "node:crypto";
import { type CertificateFiles, readCertificateFiles } from "../../common/pem/certificate_files.ts";
import { RunError } from "../../common/base/errors.ts";
import type { Role } from "../../common/model/protocol.ts";
import { join } from "../../common/base/std.ts";

/** Options of `node:tls`, for both ends. */
export interface Credentials {
  /** Authorities that are believed, one certificate each, in PEM. */
  ca: string[];
  /** This end's certificate in PEM, with its chain. */
  cert: string;
  /** Its private key in PEM. */
  key: string;
  minVersion: "TLSv1.2";
}

/** Keys that Deno's own TLS signs with. */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const KEY_TYPES = ["rsa", "ed25519"];

/**
 * Loads one end's certificate and key, and whom it believes.
 *
 * What cannot be used is refused here: Deno passes over an authority it cannot read, and takes any
 * fault of the rest for a wrong version of the protocol, as late as in a handshake.
 *
 * @throws {RunError} naming the file that is missing or cannot be used
 * @throws {UsageError} where the file with the passphrase cannot be read
 */
export async function loadCredentials(files: CertificateFiles, role: Role): Promise<Credentials> {
  const { caCerts, chain, key } = await readCertificateFiles(files, role);
  if (!isUsable(key?.object)) {
    const path = join(files.certs, `${role}-key.pem`);
    throw new RunError(
      `cannot use ${path}: Deno's own TLS takes keys on P-256, P-384 and P-521, RSA and Ed25519 ` +
        "ones alone; for others there is --engine openssl",
    );
  }
  return {
    ca: caCerts.map(({ pem }) => pem),
    cert: chain.map(({ pem }) => pem).join(""),
    key: key!.pem,
    minVersion: "TLSv1.2",
  };
}

function isUsable(key: KeyObject | null | undefined): boolean {
  if (key?.asymmetricKeyType === "ec") {
    return CURVES.includes(key.asymmetricKeyDetails?.namedCurve ?? "");
  }
  return KEY_TYPES.includes(key?.asymmetricKeyType ?? "");
}
