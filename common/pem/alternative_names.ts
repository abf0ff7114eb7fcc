/**
 * The names in a certificate's subjectAltName extension, read from its structure.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { parseName, type SubjectName } from "./names.ts";

/** DNS names and addresses of the extension (RFC 5280 4.2.1.6); what is neither is left out. */
export function alternativeNames(cert: x509.X509Certificate): SubjectName[] {
  const items = cert.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return items.flatMap(({ type, value }) => {
    try {
      const name = parseName(value);
      return name.type === type ? [name] : [];
    } catch {
      return [];
    }
  });
}
