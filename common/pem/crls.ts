/**
 * Lists of revoked certificates out of PEM.
 *
 * @module
 */
import { formatPem, parsePem } from "./blocks.ts";
import { listLabels } from "./certificates.ts";
import { derKind } from "./der.ts";
import { PemError } from "./errors.ts";

const LABEL = "X509 CRL";

/**
 * Reads all lists of revoked certificates of a text (RFC 5280 5, RFC 7468 6), in their order.
 *
 * @param source what to call it in an error
 * @returns one or more, each as PEM with nothing else in it
 * @throws {PemError} where there is none, or one is damaged
 */
export function readCrls(input: string, source: string): string[] {
  const blocks = parsePem(input, source);
  const crls = blocks.filter(({ label }) => label === LABEL);
  if (crls.length === 0) {
    throw new PemError(source, `no ${LABEL} is in it, but ${listLabels(blocks)}`);
  }
  return crls.map(({ bytes, line }) => {
    // Three values in a row, as a certificate is (RFC 5280 4.1 and 5.1).
    if (derKind(bytes) === "certificate") return formatPem(LABEL, bytes);
    throw new PemError(source, `the ${LABEL} block that begins in line ${line} is damaged`);
  });
}
