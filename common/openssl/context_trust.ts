/**
 * What a context's connections believe their peers by.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { viewOf } from "../settings/kinds.ts";
import { identityBytes, pskName } from "./identity.ts";
import type { TrustSettings } from "./identity_settings.ts";
import type { PemSettings } from "./own_pem.ts";
import { clientCertificateOf, replacesAuthorities } from "./peer_settings.ts";
import type { TlsClientSettings, TlsContextOptions, TlsServerSettings } from "./settings.ts";
import { hasCertificate } from "./settings_together.ts";

const digest = (part: string | Uint8Array) => createHash("sha256").update(part).digest();

/**
 * What a server's clients are believed by, 64 hexadecimal digits: a session that another process has
 * begun, with the same keys for tickets, is resumed where it has asked for the same, with the same
 * ciphers. Whose key one began with stands in it, and is asked for again, as is the program's own
 * check.
 */
function serverTrustOf(settings: TlsServerSettings, pem: PemSettings): string {
  const demand = clientCertificateOf(settings);
  const hash = createHash("sha256").update("netpairs").update(digest(demand));
  // OpenSSL goes on with a session's suite, whether the server would agree on it now or not.
  const { ciphers, cipherSuites, ccm8Ciphers } = settings;
  hash.update(digest(JSON.stringify([ciphers, cipherSuites, ccm8Ciphers === true])));
  // Of a server with a certificate anybody has a session.
  if (settings.pskLookup && !hasCertificate(settings)) hash.update("a key alone");
  if (demand === "none") return hash.digest("hex");
  hash.update(replacesAuthorities(settings) ? "the program's own check" : "authorities");
  for (const part of pem.caCerts.toSorted()) hash.update(digest(part));
  addRest(hash, settings, pem);
  return hash.digest("hex");
}

/**
 * What a context's peers are believed by, and what a client is itself believed by, as a text that is
 * the same for the same settings: the authorities, fingerprints, a key, the program's own function, or
 * nothing; and its own certificate. The function is asked again whenever a session is resumed.
 *
 * @param pem what the settings hold, as PEM
 */
export function trustOf(options: TlsContextOptions, pem: PemSettings): string {
  if (options.role === "server") return serverTrustOf(options, pem);
  const { psk, ocsp = "none", unsafelySkipVerification } = options as TlsClientSettings;
  const { caCerts, cert = "" } = pem;
  const [kind, parts] = unsafelySkipVerification
    ? ["anything", []] as const
    : typeof psk === "function"
    // What it will choose nobody knows.
    ? ["psk of this context", [crypto.randomUUID()]] as const
    : psk
    ? ["psk", [identityBytes(pskName(psk)), viewOf(psk.key)!]] as const
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
  addRest(hash, options, pem);
  return hash.digest("hex");
}

/** The system's authorities, and what was revoked. */
function addRest(hash: Hash, { systemCaCerts }: TrustSettings, { crls }: PemSettings): void {
  if (systemCaCerts) hash.update("system");
  if (crls.length > 0) hash.update("crls");
  for (const one of crls.toSorted()) hash.update(digest(one));
}
