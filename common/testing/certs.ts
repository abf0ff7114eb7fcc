/**
 * Certificates for tests. They are kept in a file: making them, and loading what makes them, takes a
 * fifth of a second in each of a hundred files. To make them anew:
 *
 *     deno run --allow-write=common/testing --allow-read common/testing/certs_make.ts
 *
 * @module
 */
import type { CertificateSet } from "../../certs/generate.ts";
import { FILES } from "../pem/certificate_files.ts";
import kept from "./certs.json" with { type: "json" };

/** What a kind of certificates is for; every one has an authority of its own. */
export type CertificateKind = keyof typeof kept;

/** The certificates of one kind, in PEM. */
export function testCertificates(kind: CertificateKind = "good"): Promise<CertificateSet> {
  return Promise.resolve(kept[kind]);
}

/** The files of a set, by their names. */
export function textsOf({ ca, server, client }: CertificateSet): Record<string, string> {
  return {
    [FILES.ca]: ca,
    [FILES.serverCert]: server.cert,
    [FILES.serverKey]: server.key,
    [FILES.clientCert]: client.cert,
    [FILES.clientKey]: client.key,
  };
}
