/**
 * What a context's connections believe their peers by.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewOf } from "../settings/kinds.ts";
import type { PemSettings } from "./own_pem.ts";
import { replacesAuthorities } from "./peer_settings.ts";
import type { TlsClientSettings, TlsContextOptions } from "./settings.ts";

/**
 * What a context's peers are believed by, and what a client is itself believed by, as a text that is
 * the same for the same settings: the authorities, fingerprints, a key, the program's own function, or
 * nothing; and its own certificate. The function is asked again whenever a session is resumed.
 *
 * @param pem what the settings hold, as PEM
 */
export function trustOf(
  options: TlsContextOptions,
  { caCerts, crls, cert = "" }: PemSettings,
): string {
  const { psk, ocsp = "none", unsafelySkipVerification } = options as TlsClientSettings;
  const digest = (part: string | Uint8Array) => createHash("sha256").update(part).digest();
  const [kind, parts] = unsafelySkipVerification
    ? ["anything", []] as const
    : psk
    ? ["psk", [psk.identity, viewOf(psk.key)!]] as const
    : replacesAuthorities(options)
    ? ["the program's own check", []] as const
    : ["authorities", [...caCerts].toSorted()] as const;
  // The session is this end's own, too: with another certificate it would be another client's.
  const hash = createHash("sha256").update(kind).update(digest(cert));
  for (const part of parts) hash.update(digest(part));
  const { peerFingerprints } = options;
  if (peerFingerprints) hash.update("fingerprints");
  for (const one of peerFingerprints?.toSorted() ?? []) hash.update(digest(one));
  if (ocsp !== "none") hash.update(`ocsp ${ocsp}`);
  if (options.systemCaCerts) hash.update("system");
  if (crls.length > 0) hash.update("crls");
  for (const one of crls.toSorted()) hash.update(digest(one));
  return hash.digest("hex");
}
