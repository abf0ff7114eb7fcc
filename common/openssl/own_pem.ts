/**
 * What a program hands in as PEM, DER or PKCS#12, as PEM: everything else reads that alone.
 *
 * @module
 */
import { formatPem } from "../pem/blocks.ts";
import { type DerKind, derKind, readSequence, TAG } from "../pem/der.ts";
import { PemError } from "../pem/errors.ts";
import { viewOf } from "../settings/kinds.ts";
import type { OpenSsl } from "./bindings/library.ts";
import type { OwnCertificate, PemOrDer } from "./identity_settings.ts";
import { readPkcs12 } from "./pkcs12.ts";
import type { TlsContextOptions } from "./settings.ts";

/** Labels of RFC 7468 for what DER holds. */
const LABELS: Readonly<Record<Exclude<DerKind, "pkcs12">, string>> = {
  certificate: "CERTIFICATE",
  pkcs1: "RSA PRIVATE KEY",
  sec1: "EC PRIVATE KEY",
  pkcs8: "PRIVATE KEY",
  encrypted: "ENCRYPTED PRIVATE KEY",
};

/**
 * PEM of a text or of bytes.
 *
 * @param source what to call it in an error
 * @param label what three values in a row are, of which DER does not say whether they are a
 * certificate or a list of revoked ones
 * @throws {PemError} where it is PKCS#12, or neither DER nor a text
 */
export function pemOf(
  value: PemOrDer,
  source: string,
  label: "CERTIFICATE" | "X509 CRL" = "CERTIFICATE",
): string {
  if (typeof value === "string") return value;
  const bytes = viewOf(value)!;
  const kind = derKind(bytes);
  if (kind === "pkcs12") throw new PemError(source, "it is PKCS#12, which goes into pkcs12");
  if (kind !== null) return formatPem(kind === "certificate" ? label : LABELS[kind], bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const isDer = readSequence(bytes) !== null || bytes[0] === TAG.SEQUENCE;
    const problem = isDer
      ? "it is DER of an unknown kind, or damaged"
      : "it is neither PEM nor DER";
    throw new PemError(source, problem, { cause });
  }
}

/** What one end shows, in PEM. */
export interface OwnPem {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly keyPassphrase?: string | undefined;
}

/**
 * What one end shows, as PEM.
 *
 * @param place what stands before the settings' names in an error, such as "identities[0]."
 * @throws {PemError} naming the one that cannot be used
 */
export function ownPem(
  lib: OpenSsl,
  { cert, key, keyPassphrase, pkcs12 }: OwnCertificate,
  place = "",
): OwnPem {
  if (pkcs12 !== undefined) {
    // Copied: C reads it, and the check has made it this library's own.
    return readPkcs12(lib, new Uint8Array(viewOf(pkcs12)!), keyPassphrase, `${place}pkcs12`);
  }
  return {
    cert: cert === undefined ? undefined : pemOf(cert, `${place}cert`),
    key: key === undefined ? undefined : pemOf(key, `${place}key`),
    keyPassphrase,
  };
}

/** Whom one end believes, and what a client shows, in PEM. */
export interface PemSettings extends OwnPem {
  readonly caCerts: readonly string[];
  readonly crls: readonly string[];
}

/**
 * The settings of a context as PEM; what a server shows is left out.
 *
 * @throws {PemError} naming the one that cannot be used
 */
export function pemSettings(lib: OpenSsl, options: TlsContextOptions): PemSettings {
  const { caCerts = [], crls = [], role } = options;
  return {
    caCerts: caCerts.map((one, i) => pemOf(one, `caCerts[${i}]`)),
    crls: crlTexts(crls),
    ...role === "client" ? ownPem(lib, options) : {},
  };
}

/** Lists of revoked certificates as PEM. */
export function crlTexts(crls: readonly PemOrDer[]): string[] {
  return crls.map((one, i) => pemOf(one, `crls[${i}]`, "X509 CRL"));
}
