/**
 * Everything that a function with settings has to refuse, made from its table.
 *
 * @module
 */
import type { Setting } from "../settings/check.ts";
import type { CertificatePair } from "../../certs/generate.ts";

/** A table of settings, whatever they are for. */
export type AnyTable = Readonly<Record<string, Setting<unknown>>>;

/** Settings that have to be refused. */
export interface Wrong {
  /** What is wrong with them, for people. */
  readonly what: string;
  readonly options: unknown;
  readonly error: typeof TypeError | typeof RangeError;
  /** What the message has to name. */
  readonly names: string;
}

/** Wrong values of one setting, in settings that are good otherwise. */
export function wrongValues(table: AnyTable, base: object, name: string): Wrong[] {
  const { wrongKinds, wrongValues, absent } = table[name]!;
  const kinds = new Set([null, ...wrongKinds]);
  const wrong = [
    ...[...kinds].map((value) => ({ value, error: TypeError })),
    ...wrongValues.map((value) => ({ value, error: RangeError })),
  ].flatMap(({ value, error }, i) => [
    { what: `${error.name} ${i}`, options: { ...base, [name]: value }, error, names: name },
    { what: `getter ${i}`, options: fickle(base, name, value, undefined), error, names: name },
  ]);
  if (absent !== undefined) return wrong;
  const missing = [without(base, name), { ...base, [name]: undefined }];
  return [
    ...wrong,
    ...missing.map((options) => ({ what: "missing", options, error: TypeError, names: name })),
  ];
}

/** Settings one of which is one thing when it is read first, and another one later. */
export function fickle(base: object, name: string, first: unknown, later: unknown): object {
  let reads = 0;
  const get = () => reads++ === 0 ? first : later;
  return Object.defineProperty({ ...base }, name, { get, enumerable: true });
}

/** Settings that a table does not know: misspelt, of another kind of name, or hidden. */
export function unknownSettings(table: AnyTable, base: object): Wrong[] {
  const names = Object.keys(table);
  const misspelt = names.flatMap((name) => [name.toUpperCase(), `${name}s`, name.slice(1)]);
  const others = [
    "",
    "0",
    "toString",
    "constructor",
    "__proto__",
    "hasOwnProperty",
    "rejectUnauthorized",
  ];
  const keys: (string | symbol)[] = [
    ...[...misspelt, ...others].filter((name) => !Object.hasOwn(table, name)),
    Symbol("port"),
    Symbol.iterator,
  ];
  return keys.flatMap((key) =>
    [true, false].map((enumerable) => ({
      what: `key ${String(key)}`,
      options: Object.defineProperty({ ...base }, key, { value: 1, enumerable }),
      error: TypeError,
      names: `${String(key)} is no setting`,
    }))
  );
}

/** What is no object with settings, though JavaScript takes some of it for one. */
export function noSettings(): Wrong[] {
  const values = [
    undefined,
    null,
    0,
    "text",
    true,
    1n,
    Symbol("options"),
    [],
    [{}],
    () => ({}),
    Promise.resolve({}),
    new Map(),
    new Set(),
    new Date(),
    /x/,
    new Error("no"),
    new Uint8Array(0),
    new ArrayBuffer(0),
    new AbortController().signal,
    new Headers(),
    new URLSearchParams(),
    Object("text"),
  ];
  return values.map((options) => ({
    what: Object.prototype.toString.call(options),
    options,
    error: TypeError,
    names: "the options must be an object with settings",
  }));
}

/** Settings, what is said of them, and the error's class, if it is no TypeError. */
type Clash = [object, string, (typeof TypeError | typeof RangeError)?];

/** Settings each of which is good, and which do not go together, as far as a table knows them. */
export function clashes(table: AnyTable, base: object, pair: CertificatePair, ca: string): Wrong[] {
  const psk = { identity: "sensor-7", key: new Uint8Array(16) };
  const alone = { psk: undefined, pskLookup: undefined };
  const pskLookup = () => psk.key;
  const bytes = new Uint8Array(1);
  const verifyPeer = () => {};
  const peerFingerprints = [`sha-256 ${Array(32).fill("AB").join(":")}`];
  const dtls = "mtu" in table || "srtpProfiles" in table;
  const [minVersion, maxVersion] = dtls ? ["DTLSv1.3", "DTLSv1.2"] : ["TLSv1.3", "TLSv1.2"];
  const alpnProtocols = Array.from({ length: 260 }, () => "x".repeat(255));
  const all: Clash[] = [
    [{ ...alone, cert: pair.cert }, "cert needs its key"],
    [{ ...alone, key: pair.key }, "key needs its cert"],
    [{ keyPassphrase: "secret" }, "keyPassphrase needs a key or a pkcs12"],
    [
      { ...alone, ...pair, pkcs12: bytes },
      "pkcs12 has certificate and key in it, and goes without cert",
    ],
    [{ psk, ocsp: "require" }, "psk authenticates both ends, and goes without ocsp"],
    [{ psk, crls: [] }, "psk authenticates both ends, and goes without crls"],
    [{ psk, systemCaCerts: true }, "psk authenticates both ends, and goes without systemCaCerts"],
    [{ ...alone, ...pair, peerFingerprints, crls: [] }, "crls say what authorities have revoked"],
    [{ psk: undefined, peerFingerprints, ocsp: "request" }, "ocsp asks for an authority's word"],
    [
      { psk: undefined, peerAuthentication: "verifyPeer", verifyPeer, ocsp: "require" },
      "ocsp asks for an authority's word",
    ],
    [{ ocspResponse: bytes, pskLookup }, "ocspResponse needs the cert"],
    [{ psk, pkcs12: bytes }, "psk authenticates both ends, and goes without pkcs12"],
    [
      { ...alone, ...pair, identities: [pair] },
      "identities have their certificates in them, and go without cert",
    ],
    [{ ...alone, identities: [{ key: pair.key }] }, "identities[0]: key needs its cert"],
    [{ ...alone, identities: [{}] }, "identities[0]: cert with its key, or pkcs12, is wanted"],
    [
      { ...alone, identities: [pair, pair] },
      "identities[1] and identities[0] are without names",
      RangeError,
    ],
    [
      { ...alone, identities: [{ names: ["a.b", "A.b."], ...pair }] },
      "identities[0] has a.b twice",
      RangeError,
    ],
    ...[{ caCerts: [ca] }, { systemCaCerts: true }, { crls: ["PEM"] }].map((believed): Clash => {
      const [name] = Object.keys(believed);
      const asked = 'clientCertificate "request" or "require"';
      return [{ ...pair, ...believed, pskLookup }, `${name} goes with ${asked}`];
    }),
    [
      { ...pair, crls: ["PEM"], clientCertificate: "none" },
      "crls goes with clientCertificate",
    ],
    [{ clientCertificate: "require", pskLookup }, "clientCertificate needs a cert"],
    [{ clientCertificate: "request", pskLookup }, "clientCertificate needs a cert"],
    [{ ...pair, pskLookup: undefined, pskHint: "me" }, "pskHint needs a pskLookup"],
    [{ pskLookup: undefined }, "cert with its key, or pskLookup"],
    [{ ticketKeys: [new Uint8Array(80)], sessionTickets: false }, "ticketKeys goes without"],
    [{ psk, caCerts: [ca] }, "psk authenticates both ends, and goes without caCerts"],
    [{ psk, ...pair }, "psk authenticates both ends, and goes without cert"],
    [{ psk, unsafelySkipVerification: true }, "goes without unsafelySkipVerification"],
    [{ psk, cipherSuites: "TLS_AES_256_GCM_SHA384" }, "cipherSuites beside psk"],
    [{ ...alone, ...pair, peerAuthentication: "verifyPeer" }, "needs a verifyPeer"],
    [
      { ...alone, ...pair, peerAuthentication: "verifyPeer", verifyPeer, caCerts: [] },
      'peerAuthentication "verifyPeer" goes without caCerts',
    ],
    [
      { ...alone, ...pair, peerAuthentication: "verifyPeer", verifyPeer, systemCaCerts: true },
      'peerAuthentication "verifyPeer" goes without systemCaCerts',
    ],
    ...[{ peerFingerprints }, { verifyPeer }].flatMap((asked): Clash[] => {
      const [name] = Object.keys(asked);
      return [
        [{ ...asked, psk }, `${name} goes without psk`],
        [{ ...asked, ...pair, pskLookup }, `${name} goes without pskLookup`],
        [
          { ...asked, psk: undefined, unsafelySkipVerification: true },
          `${name} goes without unsafelySkipVerification`,
        ],
        [
          { ...asked, ...pair, pskLookup: undefined, clientCertificate: "none" },
          `${name} does not go with clientCertificate "none"`,
        ],
      ];
    }),
    [
      { peerFingerprints, ...pair, pskLookup: undefined, clientCertificate: "request" },
      'peerFingerprints does not go with clientCertificate "request"',
    ],
    [
      {
        ...{ verifyPeer, peerAuthentication: "verifyPeer", ...pair },
        ...{ pskLookup: undefined, clientCertificate: "request" },
      },
      'peerAuthentication "verifyPeer" does not go with clientCertificate "request"',
    ],
    [{ minVersion, maxVersion }, `minVersion ${minVersion} is newer than maxVersion`, RangeError],
    [{ alpnProtocols }, "alpnProtocols has 66560 bytes", RangeError],
  ];
  return all.map(([settings, names, error = TypeError]) => ({ settings, names, error }))
    .map(({ settings, ...rest }) => ({ ...rest, settings: known(table, settings) }))
    .filter(({ settings }) => settings !== null)
    .map(({ settings, names, error }) => ({
      what: names,
      options: { ...base, ...settings },
      error,
      names,
    }));
}

/** The settings that are said, where a table knows them all. */
function known(table: AnyTable, settings: object): object | null {
  const said = Object.entries(settings).filter(([name, value]) =>
    value !== undefined || Object.hasOwn(table, name)
  );
  return said.length > 0 && said.every(([name]) => Object.hasOwn(table, name))
    ? Object.fromEntries(said)
    : null;
}

function without(base: object, name: string): object {
  return Object.fromEntries(Object.entries(base).filter(([one]) => one !== name));
}
