/**
 * Makes certificates in memory: an authority, and what it signs.
 *
 * @module
 */
// The X.509 package registers its algorithms through decorators and needs this one before it.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { parseNames, type SubjectName } from "./names.ts";
import { BUILT_IN_PROFILE, checkDays, type Profile } from "./profile.ts";

/** Kinds of key: ECDSA on P-256, RSA with 2048 bits, Ed25519. */
export const KEY_TYPES = ["p256", "rsa2048", "ed25519"] as const;

/** One of {@linkcode KEY_TYPES}. */
export type KeyType = typeof KEY_TYPES[number];

/** A certificate and its private key (PKCS#8), both in PEM. */
export interface CertificatePair {
  cert: string;
  key: string;
}

/** What a server and a client need to trust each other, all in PEM. */
export interface CertificateSet {
  /** Certificate of the authority that signed the other two. */
  ca: string;
  server: CertificatePair;
  client: CertificatePair;
}

/** When a certificate is valid. */
export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

/** What {@linkcode generateCertificates} is told. */
export interface GenerateOptions {
  /** Kind of all three keys. Default `p256`. */
  keyType?: KeyType;
  /** DNS names and IP addresses of the server, all of them. Default: the profile's. */
  names?: readonly string[];
  /** Lifetime in days from now. Default: the profile's. */
  days?: number;
  /** Start of the server's and the client's lifetime. Default: now, less the clock skew. */
  notBefore?: Date;
  /** End of the server's and the client's lifetime. Default: `days` from now. */
  notAfter?: Date;
  /** Default: the built-in one. */
  profile?: Profile;
}

/** What {@linkcode Authority.issue} is told. */
export interface IssueOptions {
  /** What the certificate is for: its extended key usage. */
  role: "server" | "client";
  commonName: string;
  validity: Validity;
  /** Entries of the subjectAltName extension; none, and the extension is left out. */
  names?: readonly SubjectName[];
  /** Kind of its key. Default: the authority's. */
  keyType?: KeyType;
}

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;

const KEY_ALGORITHMS = {
  p256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa2048: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: "SHA-256",
  },
  ed25519: { name: "Ed25519" },
} as const;

/**
 * Makes an authority, a server certificate and a client certificate, and writes nothing. Every
 * call makes another authority, whose private key is forgotten on return.
 *
 * The authority's lifetime covers now and the lifetime of the other two, so that a certificate
 * that has expired, or is not valid yet, is the only fault of its chain.
 *
 * @throws {RangeError} where a name, the number of days, or the order of the dates is wrong
 *
 * @example An expired server certificate for another name
 * ```ts
 * import { generateCertificates } from "./generate.ts";
 *
 * const { ca, server } = await generateCertificates({
 *   names: ["wrong.example"],
 *   notBefore: new Date("2020-01-01"),
 *   notAfter: new Date("2020-02-01"),
 * });
 * console.assert(ca.startsWith("-----BEGIN CERTIFICATE-----"));
 * console.assert(server.key.startsWith("-----BEGIN PRIVATE KEY-----"));
 * ```
 */
export async function generateCertificates(options: GenerateOptions = {}): Promise<CertificateSet> {
  const { keyType = "p256", profile = BUILT_IN_PROFILE } = options;
  const names = parseNames(options.names ?? profile.server.names);
  if (names.length === 0) throw new RangeError("names must hold at least one name");
  const usual = usualValidity(profile, checkDays(options.days ?? profile.validityDays, "days"));
  const validity = checkValidity({
    notBefore: options.notBefore ?? usual.notBefore,
    notAfter: options.notAfter ?? usual.notAfter,
  });
  const authority = await Authority.create(profile.ca.commonName, {
    organization: profile.organization,
    keyType,
    validity: {
      notBefore: new Date(Math.min(+validity.notBefore, +usual.notBefore)),
      notAfter: new Date(Math.max(+validity.notAfter, +usual.notAfter)),
    },
  });
  const [server, client] = await Promise.all([
    authority.issue({ role: "server", commonName: profile.server.commonName, names, validity }),
    authority.issue({ role: "client", commonName: profile.client.commonName, validity }),
  ]);
  return { ca: authority.cert, server, client };
}

/**
 * A certificate authority that lives in memory only. Its private key cannot be exported; once the
 * object is gone, nothing more can be signed in its name.
 */
export class Authority {
  /** Its own certificate in PEM. */
  readonly cert: string;
  readonly #certificate: x509.X509Certificate;
  readonly #signingKey: CryptoKey;
  readonly #organization: string;
  readonly #keyType: KeyType;

  private constructor(
    certificate: x509.X509Certificate,
    signingKey: CryptoKey,
    { organization, keyType }: { organization: string; keyType: KeyType },
  ) {
    this.cert = toPem(certificate.rawData, "CERTIFICATE");
    this.#certificate = certificate;
    this.#signingKey = signingKey;
    this.#organization = organization;
    this.#keyType = keyType;
  }

  /**
   * Makes a self-signed authority that signs end entities only: pathLenConstraint 0 (RFC 5280
   * section 4.2.1.9), key usages keyCertSign and cRLSign (section 4.2.1.3). It has no authority
   * key identifier, which a self-signed certificate may omit (section 4.2.1.1).
   */
  static async create(
    commonName: string,
    options: { organization: string; keyType: KeyType; validity: Validity },
  ): Promise<Authority> {
    const keys = await generateKeys(options.keyType, { extractable: false });
    const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: subject(commonName, options.organization),
      ...options.validity,
      keys,
      signingAlgorithm: KEY_ALGORITHMS[options.keyType],
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys.privateKey, options);
  }

  /** Makes a key pair and signs an end-entity certificate for it (RFC 5280 section 4.2). */
  async issue(options: IssueOptions): Promise<CertificatePair> {
    const { role, names = [], keyType = this.#keyType } = options;
    const keys = await generateKeys(keyType, { extractable: true });
    const extensions: x509.Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsages(keyType), true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${role}Auth`]]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
    ];
    if (names.length > 0) {
      extensions.push(new x509.SubjectAlternativeNameExtension([...names]));
    }
    const certificate = await x509.X509CertificateGenerator.create({
      subject: subject(options.commonName, this.#organization),
      issuer: this.#certificate.subjectName,
      ...options.validity,
      publicKey: keys.publicKey,
      signingKey: this.#signingKey,
      signingAlgorithm: KEY_ALGORITHMS[this.#keyType],
      extensions,
    });
    return {
      cert: toPem(certificate.rawData, "CERTIFICATE"),
      key: toPem(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
    };
  }
}

async function generateKeys(
  keyType: KeyType,
  { extractable }: { extractable: boolean },
): Promise<CryptoKeyPair> {
  const algorithm: Algorithm = KEY_ALGORITHMS[keyType];
  const keys = await crypto.subtle.generateKey(algorithm, extractable, ["sign", "verify"]);
  if ("privateKey" in keys) return keys;
  throw new TypeError(`${algorithm.name} has no key pairs`);
}

/**
 * TLS signs with the key; only RSA also takes part in key exchange, up to TLS 1.2 (RFC 5246
 * section 7.4.2). ECDSA and Ed25519 keys do nothing but sign (RFC 8422 section 5.3, RFC 8410
 * section 5).
 */
function keyUsages(keyType: KeyType): x509.KeyUsageFlags {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  return keyType === "rsa2048" ? digitalSignature | keyEncipherment : digitalSignature;
}

function usualValidity(profile: Profile, days: number): Validity {
  const now = Date.now();
  return {
    notBefore: new Date(now - profile.clockSkewMinutes * MS_PER_MINUTE),
    notAfter: new Date(now + days * MS_PER_DAY),
  };
}

function checkValidity(validity: Validity): Validity {
  // An invalid date is not a number and fails every comparison.
  if (validity.notBefore < validity.notAfter) return validity;
  throw new RangeError("notBefore must be an earlier date than notAfter");
}

/** As UTF8String outright: in a plain string the package gives quotes and `#` a meaning. */
function subject(commonName: string, organization: string): x509.Name {
  return new x509.Name([{ O: [{ utf8String: organization }] }, {
    CN: [{ utf8String: commonName }],
  }]);
}

function toPem(der: BufferSource, tag: string): string {
  return `${x509.PemConverter.encode(der, tag)}\n`;
}
