/**
 * Which settings of a context go together.
 *
 * @module
 */
import { checkIdentities, checkOwn } from "./identity_table.ts";
import { clientCertificateOf, replacesAuthorities } from "./peer_settings.ts";
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

/**
 * Checks what a server says of its clients' certificates together: whom it believes counts for nothing
 * where it asks for none, and a program that says so wants them asked for.
 *
 * @throws {TypeError} naming two settings that do not go together
 */
export function checkClientsTrust(settings: TlsServerSettings, action: string): void {
  if (clientCertificateOf(settings) !== "none") return;
  const { clientCertificate, crls = [], caCerts = [], systemCaCerts } = settings;
  const refuse = (name: string, remedy: string) => {
    throw new TypeError(
      `Cannot ${action}: ${name} goes with clientCertificate "request" or "require"${remedy}`,
    );
  };
  if (crls.length > 0) refuse("crls", ": no client's certificate is asked for otherwise");
  // Where it is said that none is asked for, they complete the server's own chain.
  if (clientCertificate !== undefined) return;
  const name = caCerts.length > 0 ? "caCerts" : systemCaCerts ? "systemCaCerts" : null;
  if (name) refuse(name, `, or with "none" where it is to complete the server's own chain alone`);
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
