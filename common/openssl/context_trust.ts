/**
 * What a context's connections believe their peers by.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewOf } from "../settings/kinds.ts";
import { identityBytes, pskName } from "./identity.ts";
import type { TlsContextOptions, TlsServerSettings } from "./settings.ts";

const digest = (part: string | Uint8Array) => createHash("sha256").update(part).digest();

/**
 * What a server's clients are believed by, 64 hexadecimal digits: a session that another process has
 * begun, with the same keys for tickets, is resumed where it has asked for the same. Whose key one
 * began with stands in it, and is asked for again.
 */
function serverTrustOf({ clientCertificate = "none", caCerts = [] }: TlsServerSettings): string {
  const hash = createHash("sha256").update("netpairs").update(digest(clientCertificate));
  if (clientCertificate === "none") return hash.digest("hex");
  for (const part of [...caCerts].toSorted()) hash.update(digest(part));
  return hash.digest("hex");
}

/**
 * What a context's peers are believed by, and what it is itself believed by, as a text that is the
 * same for the same settings: the authorities, a key, or nothing; and its own certificate.
 */
export function trustOf(options: TlsContextOptions): string {
  if (options.role === "server") return serverTrustOf(options);
  const { psk, caCerts = [], cert = "", unsafelySkipVerification } = options;
  const [kind, parts] = unsafelySkipVerification
    ? ["anything", []] as const
    : typeof psk === "function"
    // What it will choose nobody knows.
    ? ["psk of this context", [crypto.randomUUID()]] as const
    : psk
    ? ["psk", [identityBytes(pskName(psk)), viewOf(psk.key)!]] as const
    : ["authorities", [...caCerts].toSorted()] as const;
  // The session is this end's own, too: with another certificate it would be another client's.
  const hash = createHash("sha256").update(kind).update(digest(cert));
  for (const part of parts) hash.update(digest(part));
  return hash.digest("hex");
}
