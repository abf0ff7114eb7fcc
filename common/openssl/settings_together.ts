/**
 * Which settings of a context go together.
 *
 * @module
 */
import { checkIdentities, checkOwn } from "./identity_table.ts";
import { replacesAuthorities } from "./peer_settings.ts";
import { checkPeerSettings } from "./peer_settings_table.ts";
import type { TlsClientSettings, TlsServerSettings } from "./settings.ts";

/**
 * Checks what settings of a context say together.
 *
 * @throws {TypeError} where one does not go with another
 * @throws {RangeError} where there is no version between the oldest and the newest
 */
export function checkTogether(
  settings: TlsClientSettings & TlsServerSettings,
  action: string,
): void {
  const refuse = (why: string) => {
    throw new TypeError(`Cannot ${action}: ${why}`);
  };
  const { minVersion, maxVersion, alpnProtocols = [] } = settings;
  checkOwn(settings, refuse);
  if (settings.identities) checkServerIdentities(settings, refuse, action);
  if ((settings.clientCertificate ?? "none") !== "none" && !hasCertificate(settings)) {
    refuse("clientCertificate needs a cert of the server's own");
  }
  if (settings.ocspResponse !== undefined && !hasCertificate(settings)) {
    refuse("ocspResponse needs the cert that it is about");
  }
  if (settings.pskHint !== undefined && !settings.pskLookup) refuse("pskHint needs a pskLookup");
  if (settings.ticketKeys && settings.sessionTickets === false) {
    refuse("ticketKeys goes without sessionTickets: false");
  }
  if (settings.psk) checkPsk(settings, refuse);
  checkPeerSettings(settings, refuse);
  if (settings.crls && replacesAuthorities(settings)) {
    refuse("crls say what authorities have revoked, and there are none that are believed");
  }
  if ((settings.ocsp ?? "none") !== "none" && replacesAuthorities(settings)) {
    refuse("ocsp asks for an authority's word, and there is none that is believed");
  }
  if (minVersion && maxVersion && minVersion > maxVersion) {
    throw new RangeError(
      `Cannot ${action}: minVersion ${minVersion} is newer than maxVersion ${maxVersion}`,
    );
  }
  // RFC 7301 3.1: the list's length has 16 bits.
  const bytes = alpnProtocols.reduce(
    (sum, name) => sum + new TextEncoder().encode(name).length + 1,
    0,
  );
  if (bytes > 0xffff) {
    throw new RangeError(`Cannot ${action}: alpnProtocols has ${bytes} bytes, more than 65535`);
  }
}

function checkServerIdentities(
  { identities = [], ...settings }: TlsServerSettings,
  refuse: (why: string) => void,
  action: string,
): void {
  const beside = (["cert", "key", "pkcs12", "ocspResponse"] as const).find((name) =>
    settings[name] !== undefined
  );
  if (beside) refuse(`identities have their certificates in them, and go without ${beside}`);
  checkIdentities(identities, action);
}

/** Whether an end has a certificate of its own. */
export function hasCertificate({ cert, pkcs12, identities }: TlsServerSettings): boolean {
  return cert !== undefined || pkcs12 !== undefined || identities !== undefined;
}

function checkPsk(
  {
    caCerts = [],
    systemCaCerts,
    crls,
    ocsp,
    cert,
    pkcs12,
    unsafelySkipVerification,
    cipherSuites = "",
  }: TlsClientSettings,
  refuse: (why: string) => void,
): void {
  const beside = caCerts.length > 0
    ? "caCerts"
    : systemCaCerts
    ? "systemCaCerts"
    : crls !== undefined
    ? "crls"
    : (ocsp ?? "none") !== "none"
    ? "ocsp"
    : cert !== undefined
    ? "cert"
    : pkcs12 !== undefined
    ? "pkcs12"
    : unsafelySkipVerification
    ? "unsafelySkipVerification"
    : null;
  if (beside) refuse(`psk authenticates both ends, and goes without ${beside}`);
  const other = cipherSuites.split(":").find((name) => name !== "" && !name.endsWith("_SHA256"));
  if (other !== undefined) refuse("cipherSuites beside psk are those that end in _SHA256");
}
