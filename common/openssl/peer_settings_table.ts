/**
 * What each setting about a peer's certificate may be, and what goes with what.
 *
 * @module
 */
import { setting, type SettingsTable } from "../settings/check.ts";
import { callback, listOf, oneOf } from "../settings/kinds.ts";
import { FINGERPRINT } from "./fingerprints.ts";
import { type PeerSettings, replacesAuthorities } from "./peer_settings.ts";
import type { TlsClientSettings, TlsServerSettings } from "./settings.ts";

/** See {@linkcode PeerSettings}. */
export const PEER: SettingsTable<PeerSettings> = {
  peerFingerprints: setting(
    listOf(FINGERPRINT, 1),
    "fingerprints one of which the peer's certificate has; without `caCerts` they alone count",
    "none",
  ),
  verifyPeer: setting(
    callback<NonNullable<PeerSettings["verifyPeer"]>>(),
    "judges the peer's certificates after all other checks; an Error that it returns or throws refuses the peer",
    "none",
  ),
  peerAuthentication: setting(
    oneOf(["authorities", "verifyPeer"]),
    "what a peer is believed by; `verifyPeer` can be what alone decides",
    '"authorities"',
  ),
};

/**
 * Checks what settings say of the peer's certificate together.
 *
 * @param refuse throws, given what is wrong
 */
export function checkPeerSettings(
  settings: TlsClientSettings & TlsServerSettings,
  refuse: (why: string) => void,
): void {
  const { peerFingerprints, verifyPeer, peerAuthentication, clientCertificate } = settings;
  const alone = 'peerAuthentication "verifyPeer"';
  if (peerAuthentication === "verifyPeer") {
    if (!verifyPeer) refuse(`${alone} needs a verifyPeer`);
    if (settings.caCerts !== undefined) refuse(`${alone} goes without caCerts`);
    if (settings.systemCaCerts) refuse(`${alone} goes without systemCaCerts`);
  }
  const name = peerFingerprints ? "peerFingerprints" : verifyPeer ? "verifyPeer" : null;
  if (name === null) return;
  for (const key of ["psk", "pskLookup"] as const) {
    if (settings[key]) refuse(`${name} goes without ${key}: a key shows no certificate`);
  }
  if (settings.unsafelySkipVerification) refuse(`${name} goes without unsafelySkipVerification`);
  const isDemanded = peerFingerprints || replacesAuthorities(settings);
  const who = peerFingerprints ? name : isDemanded ? alone : name;
  if (clientCertificate === "none" || isDemanded && clientCertificate === "request") {
    refuse(`${who} does not go with clientCertificate "${clientCertificate}"`);
  }
}
