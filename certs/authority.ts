/**
 * Makes certificates in memory: an authority, and what it signs.
 *
 * @module
 */
// The X.509 package registers its algorithms through decorators and needs this one before it.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { checkSettings, checkValue } from "../common/settings/check.ts";
import { DEFAULT_KEY_TYPE, type KeyType } from "./key_types.ts";
import { SUBJECT_TEXT } from "./kinds.ts";
import { MS_PER_DAY } from "../common/pem/kinds.ts";
import { formatPem } from "../common/pem/blocks.ts";
import { parseNames } from "../common/pem/names.ts";
import {
  AUTHORITY,
  type AuthorityOptions,
  GENERATE,
  type GenerateOptions,
  ISSUE,
  type IssueOptions,
  type Validity,
} from "./options.ts";
import { BUILT_IN_PROFILE, type Profile } from "./profile.ts";

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

const MS_PER_MINUTE = 60_000;

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
 * @throws {TypeError} naming an option that is unknown or of the wrong kind
 * @throws {RangeError} naming an option whose value cannot be used: a name, the number of days, dates
 * that are not in order
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
  const action = "make certificates";
  const checked = checkSettings(GENERATE, options, action);
  const { keyType = DEFAULT_KEY_TYPE, profile = BUILT_IN_PROFILE } = checked;
  const names = parseNames(checked.names ?? profile.server.names);
  const usual = usualValidity(profile, checked.days ?? profile.validityDays);
  const validity = inOrder({
    notBefore: checked.notBefore ?? usual.notBefore,
    notAfter: checked.notAfter ?? usual.notAfter,
  }, action);
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
    this.cert = formatPem("CERTIFICATE", new Uint8Array(certificate.rawData));
    this.#certificate = certificate;
    this.#signingKey = signingKey;
    this.#organization = organization;
    this.#keyType = keyType;
  }

  /**
   * Makes a self-signed authority that signs end entities only: pathLenConstraint 0 (RFC 5280
   * section 4.2.1.9), key usages keyCertSign and cRLSign (section 4.2.1.3). It has no authority
   * key identifier, which a self-signed certificate may omit (section 4.2.1.1).
   *
   * @throws {TypeError} naming an option that is unknown, missing or of the wrong kind
   * @throws {RangeError} naming an option whose value cannot be used
   */
  static async create(commonName: string, options: AuthorityOptions): Promise<Authority> {
    const action = "make an authority";
    const name = checkValue(SUBJECT_TEXT, commonName, "commonName", action);
    const { organization, keyType, validity } = checkSettings(AUTHORITY, options, action);
    inOrder(validity, action);
    const keys = await generateKeys(keyType, { extractable: false });
    const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: subject(name, organization),
      ...validity,
      keys,
      signingAlgorithm: KEY_ALGORITHMS[keyType],
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys.privateKey, { organization, keyType });
  }

  /**
   * Makes a key pair and signs an end-entity certificate for it (RFC 5280 section 4.2).
   *
   * @throws {TypeError} naming an option that is unknown, missing or of the wrong kind
   * @throws {RangeError} naming an option whose value cannot be used
   */
  async issue(options: IssueOptions): Promise<CertificatePair> {
    const action = "issue a certificate";
    const checked = checkSettings(ISSUE, options, action);
    const { role, commonName, names = [], keyType = this.#keyType } = checked;
    const validity = inOrder(checked.validity, action);
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
      subject: subject(commonName, this.#organization),
      issuer: this.#certificate.subjectName,
      ...validity,
      publicKey: keys.publicKey,
      signingKey: this.#signingKey,
      signingAlgorithm: KEY_ALGORITHMS[this.#keyType],
      extensions,
    });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    return {
      cert: formatPem("CERTIFICATE", new Uint8Array(certificate.rawData)),
      key: formatPem("PRIVATE KEY", new Uint8Array(pkcs8)),
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

function inOrder(validity: Validity, action: string): Validity {
  if (validity.notBefore < validity.notAfter) return validity;
  throw new RangeError(`Cannot ${action}: notBefore must be an earlier date than notAfter`);
}

/** As UTF8String outright: in a plain string the package gives quotes and `#` a meaning. */
function subject(commonName: string, organization: string): x509.Name {
  return new x509.Name([{ O: [{ utf8String: organization }] }, {
    CN: [{ utf8String: commonName }],
  }]);
}
