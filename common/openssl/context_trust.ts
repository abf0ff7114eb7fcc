/**
 * What a context's connections believe their peers by.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewOf } from "../settings/kinds.ts";
import type { PemSettings } from "./own_pem.ts";
import type { TlsClientSettings, TlsContextOptions } from "./settings.ts";

/**
 * What a context's peers are believed by, and what a client is itself believed by, as a text that is
 * the same for the same settings: the authorities, a key, or nothing; and its own certificate.
 *
 * @param pem what the settings hold, as PEM
 */
export function trustOf(
  options: TlsContextOptions,
  { caCerts, cert = "" }: PemSettings,
): string {
  const { psk, unsafelySkipVerification } = options as TlsClientSettings;
  const digest = (part: string | Uint8Array) => createHash("sha256").update(part).digest();
  const [kind, parts] = unsafelySkipVerification
    ? ["anything", []] as const
    : psk
    ? ["psk", [psk.identity, viewOf(psk.key)!]] as const
    : ["authorities", [...caCerts].toSorted()] as const;
  // The session is this end's own, too: with another certificate it would be another client's.
  const hash = createHash("sha256").update(kind).update(digest(cert));
  for (const part of parts) hash.update(digest(part));
  return hash.digest("hex");
}
