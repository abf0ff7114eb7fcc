/**
 * The errors of libraries in the words of a pair's command line: which option is wrong, and what to
 * do about certificates.
 *
 * @module
 */
import { describe, RunError, UsageError } from "../base/errors.ts";
import { shownArgument } from "../base/visible.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { REFUSALS } from "../pem/policy.ts";

type Named = Pick<PairOptions, "protocol" | "tlsVersion" | "ciphers" | "groups">;

/**
 * Says an error of making a client or a server in terms of its options.
 *
 * @returns the error itself where it is about no option
 */
export function namingOption(
  error: unknown,
  { protocol, tlsVersion, ciphers, groups }: Named,
): unknown {
  if (!(error instanceof Error)) return error;
  const [, setting, why] = /^Cannot use (?:the )?(\w+)\b.*?: (.*)$/.exec(error.message) ?? [];
  if (tlsVersion !== null && (setting === "minVersion" || setting === "maxVersion")) {
    const name = `${protocol.toUpperCase()} ${tlsVersion}`;
    const text = `--tls-version ${tlsVersion}: ${why!.replace(/\bit$/, name)}`;
    return new UsageError(text, { cause: error });
  }
  if (ciphers !== null && (setting === "ciphers" || setting === "cipherSuites")) {
    const text = `--ciphers ${shownArgument(ciphers)}: ${why}; openssl-ciphers(1) has their names`;
    return new UsageError(text, { cause: error });
  }
  if (groups !== null && setting === "groups") {
    const text = `--groups ${shownArgument(groups)}: ${why}; such as X25519:P-256, with colons`;
    return new UsageError(text, { cause: error });
  }
  return error;
}

/** What X509_verify_cert_error_string(3) says where the authority is not one that is believed. */
const NO_AUTHORITY = new RegExp(
  "is refused: (?:unable to get (?:local )?issuer certificate|certificate signature failure|" +
    "self[- ]signed certificate(?: in certificate chain)?|unable to verify the first certificate)",
);

/** What a peer says for the same reason (RFC 8446 6.2: unknown_ca). */
const UNKNOWN_CA = /\bunknown ?ca\b/i;

const ONE_AUTHORITY = "make certificates once and copy certs/pem to both machines";

/** A line about a certificate, the same for all engines, with what to do about a wrong authority. */
export function withCertificateHint(line: string): string {
  const same = line.replace(NO_AUTHORITY, REFUSALS.unknown);
  const isAboutAuthority = same.includes(REFUSALS.unknown) || UNKNOWN_CA.test(same);
  return isAboutAuthority ? `${same}; ${ONE_AUTHORITY}` : line;
}

/** The same for an error that has ended a run. */
export function withHint(error: unknown): unknown {
  if (error instanceof UsageError) return error;
  const line = describe(error);
  const hinted = withCertificateHint(line);
  return hinted === line ? error : new RunError(hinted, { cause: error });
}
