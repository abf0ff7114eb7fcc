/**
 * Whom a TLS socket of `node:tls` speaks to, and what the two ends agreed on.
 *
 * @module
 */
import "reflect-metadata";
import { X509Certificate } from "@peculiar/x509";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { alternativeNames } from "../certs/alternative_names.ts";
import { covers, parseName, type SubjectName } from "../certs/names.ts";
import { RunError } from "../common/errors.ts";
import type { Security } from "../common/protocol.ts";

/** What the handshake of an open socket came to. */
export function securityOf(socket: TLSSocket): Security {
  // Deno leaves the group out, where Node names it.
  const key = socket.getEphemeralKeyInfo() as { name?: string } | null;
  return {
    version: socket.getProtocol(),
    cipher: socket.getCipher()?.name ?? null,
    group: key?.name ?? null,
    peer: formatSubject({ ...socket.getPeerCertificate()?.subject }),
    resumed: socket.isSessionReused(),
  };
}

/**
 * Checks that a server's certificate is for the name that the user wrote: one of those in its
 * subjectAltName extension (RFC 9525 6.3). They are read from the certificate itself: node:tls makes
 * one text of them, and splits it again where a name has a comma in it.
 *
 * @param hostname host name or IP address, in its canonical form
 * @returns an error that names the names it is for, or undefined
 */
export function checkHostname(hostname: string, certificate: PeerCertificate): Error | undefined {
  const names = namesOf(certificate);
  const wanted = nameOf(hostname);
  if (wanted && names.some((name) => covers(name, wanted))) return undefined;
  const list = names.map(({ value }) => value).join(", ") || "no name";
  return new RunError(`the server's certificate is for ${list}, not for ${hostname}`);
}

/** Some host names no certificate can have, such as those with an underscore. */
function nameOf(hostname: string): SubjectName | null {
  try {
    return parseName(hostname);
  } catch {
    return null;
  }
}

function namesOf({ raw }: PeerCertificate): SubjectName[] {
  try {
    return alternativeNames(new X509Certificate(Uint8Array.from(raw)));
  } catch {
    // What cannot be read is for nobody.
    return [];
  }
}

/**
 * A certificate's subject as text, last part first.
 *
 * @param subject its parts in the certificate's order
 * @returns text such as "CN=netpairs server,O=netpairs" (RFC 2253 2); null where there is no part
 */
export function formatSubject(
  subject: Readonly<Record<string, string | string[] | undefined>>,
): string | null {
  const parts = Object.entries(subject).flatMap(([type, values]) =>
    [values ?? []].flat().map((value) => `${type}=${escapeValue(value)}`)
  );
  return parts.reverse().join(",") || null;
}

/** RFC 2253 2.4. */
function escapeValue(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, "\\$&");
}
