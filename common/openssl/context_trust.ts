/**
 * What a context's connections believe their peers by.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewOf } from "../settings/kinds.ts";
import { identityBytes, pskName } from "./identity.ts";
import type { TlsContextOptions } from "./settings.ts";

/**
 * What a context's peers are believed by, and what it is itself believed by, as a text that is the
 * same for the same settings: the authorities, a key, or nothing; and its own certificate.
 */
export function trustOf(options: TlsContextOptions): string {
  if (options.role === "server") return "";
  const { psk, caCerts = [], cert = "", unsafelySkipVerification } = options;
  const digest = (part: string | Uint8Array) => createHash("sha256").update(part).digest();
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
