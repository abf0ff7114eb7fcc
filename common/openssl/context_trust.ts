/**
 * What a context's connections believe their peers by.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewOf } from "../settings/kinds.ts";
import { replacesAuthorities } from "./peer_settings.ts";
import type { TlsContextOptions } from "./settings.ts";

/**
 * What a context's peers are believed by, and what it is itself believed by, as a text that is the
 * same for the same settings: the authorities, fingerprints, a key, the program's own function, or
 * nothing; and its own certificate. The function is asked again whenever a session is resumed.
 */
export function trustOf(options: TlsContextOptions): string {
  if (options.role === "server") return "";
  const { psk, caCerts = [], cert = "", unsafelySkipVerification } = options;
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
  return hash.digest("hex");
}
