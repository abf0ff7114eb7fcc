/**
 * Whom a TLS socket of `node:tls` speaks to, and what the two ends agreed on.
 *
 * @module
 */
import type { PeerCertificate, TLSSocket } from "node:tls";
import { checkServerIdentity } from "node:tls";
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
 * Checks that a server's certificate is for the name that the user wrote.
 *
 * @param hostname host name or IP address, in its canonical form
 * @returns an error that names the names it is for, or undefined
 */
export function checkHostname(hostname: string, certificate: PeerCertificate): Error | undefined {
  const cause = checkServerIdentity(hostname, certificate);
  if (!cause) return undefined;
  const names = certificate.subjectaltname?.replace(/\b(DNS|IP Address):/g, "") || "no name";
  return new RunError(`the server's certificate is for ${names}, not for ${hostname}`, { cause });
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
