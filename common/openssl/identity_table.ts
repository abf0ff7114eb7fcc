/**
 * What each setting about certificates that are shown may be, and what goes with what.
 *
 * @module
 */
import { certificateName, parseHost } from "../base/addresses.ts";
import { group, setting, type SettingsTable } from "../settings/check.ts";
import { type Kind, Misfit, OBJECTS, wrongKind } from "../settings/kind.ts";
import { byteString, detached, flag, listOf, text, viewOf } from "../settings/kinds.ts";
import type {
  OwnCertificate,
  PemOrDer,
  ServerIdentity,
  TrustSettings,
} from "./identity_settings.ts";

const none = "none";

/** So long no file of certificates is, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/** DER in a setting of its own; a copy is kept. */
export const DER: Kind<Uint8Array<ArrayBuffer>> = byteString(1, MAX_BYTES);

/** PEM as a text, or bytes of PEM or DER, which are copied. */
export function pemOrDer(what: string): Kind<PemOrDer> {
  const allowed = `${what} as PEM text, or bytes of PEM or DER`;
  const words = text({ what: allowed });
  const wrongKinds = words.wrongKinds.filter((wrong) => viewOf(wrong) === null);
  return {
    allowed,
    read(value) {
      if (typeof value === "string") return words.read(value);
      if (viewOf(value) === null) wrongKind(words.allowed, value);
      return DER.read(value);
    },
    good: [],
    wrongKinds: [...wrongKinds, ...detached(1)],
    wrongValues: [...words.wrongValues, ...DER.wrongValues],
  };
}

/** A name that a client may ask for, or all names of one label more; in lower case, without its dot. */
const NAME_PATTERN: Kind<string> = {
  allowed: 'a host name, or "*." and a host name',
  read(value) {
    if (typeof value !== "string") wrongKind(this.allowed, value);
    const [, star = "", rest = value] = /^(\*\.)(.*)$/s.exec(value) ?? [];
    try {
      const host = parseHost(rest);
      if (host.kind === "name") return star + certificateName(host);
    } catch (error) {
      throw new Misfit(true, (error as Error).message);
    }
    throw new Misfit(true, `must be ${this.allowed}: clients ask for no address (RFC 6066 3)`);
  },
  good: ["server.example", "*.example", "xn--bcher-kva.example", "localhost"],
  wrongKinds: [...OBJECTS, 1, true],
  wrongValues: ["", "*", "*.", "a.*.example", "f*.example", "127.0.0.1", "::1", "*.1.2.3.4", "a b"],
};

/** Certificate and key, in two settings or in one. */
export const OWN: SettingsTable<OwnCertificate> = {
  cert: setting(pemOrDer("a certificate"), "own certificate, with its chain", none),
  key: setting(pemOrDer("a private key"), "own private key", none),
  keyPassphrase: setting(
    text({ max: 1024 }),
    "passphrase of an encrypted `key` or `pkcs12`",
    none,
  ),
  pkcs12: setting(DER, "certificate, chain and key in one (RFC 7292), instead of both", none),
};

/** Lists of what authorities have revoked. */
export const CRLS: Kind<readonly PemOrDer[]> = listOf(pemOrDer("lists of revoked certificates"));

/** Whom one end believes besides `caCerts`, and what of it no more. */
export const TRUST: SettingsTable<TrustSettings> = {
  systemCaCerts: setting(flag(), "believes the system's authorities, too", "false"),
  crls: setting(
    CRLS,
    "lists of revoked certificates; where there are some, every authority of a chain needs one",
    none,
  ),
};

/** Of a server's certificate. */
export const ocspResponse = setting(
  byteString(1, 0xff_ffff),
  "what the authority's OCSP responder has said of the certificate, in DER, for clients that ask",
  none,
);

const SAMPLE: ServerIdentity = { names: ["server.example"], cert: "PEM", key: "PEM" };

/** One of a server's identities. */
export const IDENTITY: Kind<ServerIdentity> = group<ServerIdentity>({
  names: setting(
    listOf(NAME_PATTERN, 1),
    'names it is for, such as "server.example" or "*.example"',
    "all others, and clients that say none",
  ),
  ...OWN,
  ocspResponse,
}, SAMPLE);

/**
 * Checks what an identity, or the settings of one end, say of a certificate together.
 *
 * @param refuse throws, given what is wrong
 */
export function checkOwn(
  { cert, key, keyPassphrase, pkcs12 }: OwnCertificate,
  refuse: (why: string) => void,
): void {
  if (pkcs12 !== undefined) {
    const beside = cert !== undefined ? "cert" : key !== undefined ? "key" : null;
    if (beside) refuse(`pkcs12 has certificate and key in it, and goes without ${beside}`);
    return;
  }
  if (cert !== undefined && key === undefined) refuse("cert needs its key");
  if (key !== undefined && cert === undefined) refuse("key needs its cert");
  if (keyPassphrase !== undefined && key === undefined) {
    refuse("keyPassphrase needs a key or a pkcs12");
  }
}

/**
 * Checks identities together.
 *
 * @throws {TypeError} where one has no certificate, or half of one
 * @throws {RangeError} where two are for the same name, or for all others
 */
export function checkIdentities(identities: readonly ServerIdentity[], action: string): void {
  const owners = new Map<string, number>();
  for (const [i, identity] of identities.entries()) {
    const place = `Cannot ${action}: identities[${i}]`;
    const refuse = (why: string) => {
      throw new TypeError(`${place}: ${why}`);
    };
    checkOwn(identity, refuse);
    if (identity.cert === undefined && identity.pkcs12 === undefined) {
      refuse("cert with its key, or pkcs12, is wanted");
    }
    for (const name of identity.names ?? [DEFAULT]) {
      const owner = owners.get(name);
      owners.set(name, i);
      if (owner === undefined) continue;
      const what = name === DEFAULT ? "are without names: one may be" : `are both for ${name}`;
      throw new RangeError(
        owner === i ? `${place} has ${name} twice` : `${place} and identities[${owner}] ${what}`,
      );
    }
  }
}

/** What stands for all other names; no name is empty. */
export const DEFAULT = "";
