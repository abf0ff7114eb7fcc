/**
 * Certificates for tests, made once a test file: a key and a certificate cost 20 ms.
 *
 * @module
 */
import { FILES } from "../pem/certificate_files.ts";
import { type CertificateSet, generateCertificates } from "../../certs/generate.ts";

/** Every one is signed by an authority of its own. */
const KINDS = {
  /** For localhost, 127.0.0.1 and ::1. */
  good: {},
  /** As good as the others, from an authority they do not know. */
  stranger: {},
  /** The server is another one. */
  wrongName: { names: ["wrong.example", "192.0.2.1", "2001:db8::1"] },
  /** The same, without an address of IPv6. */
  elsewhere: { names: ["elsewhere.example", "192.0.2.1"] },
  /** The server's and the client's lifetime is over. */
  expired: { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") },
} as const;

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

const made = new Map<CertificateKind, Promise<CertificateSet>>();

/** One of them. */
export type CertificateKind = keyof typeof KINDS;

/** The certificates of one kind, in PEM; the same ones for every call. */
export function testCertificates(kind: CertificateKind = "good"): Promise<CertificateSet> {
  const kept = made.get(kind) ?? generateCertificates(KINDS[kind]);
  made.set(kind, kept);
  return kept;
}
