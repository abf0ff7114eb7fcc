/**
 * What one end shows and whom it believes, read out of PEM in one way for every TLS engine.
 *
 * @module
 */
import { type Certificate, readCertificates } from "./certificates.ts";
import { PemError } from "./errors.ts";
import { type PassphraseWords, type PrivateKey, readPrivateKey } from "./private_key.ts";

/** PEM as it comes: texts of a program, or the bytes of files. */
export interface CredentialInput {
  /** Each with one authority or more. */
  readonly caCerts?: readonly (string | Uint8Array)[] | undefined;
  /** Own certificate, then its chain. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** Opens the key where it is encrypted. */
  readonly keyPassphrase?: string | undefined;
}

/** What the parts are called in errors. */
export interface CredentialNames {
  readonly caCerts: (index: number) => string;
  readonly cert: string;
  readonly key: string;
  readonly passphrase: PassphraseWords;
}

/** The same, read and found to belong together. */
export interface Credentials {
  readonly caCerts: readonly Certificate[];
  /** The own one first; empty where there is none. */
  readonly chain: readonly Certificate[];
  readonly key: PrivateKey | null;
}

/** The settings of the libraries. */
export const SETTING_NAMES: CredentialNames = {
  caCerts: (index) => `caCerts[${index}]`,
  cert: "cert",
  key: "key",
  passphrase: { missing: "keyPassphrase is wanted", wrong: "keyPassphrase does not open it" },
};

/**
 * Reads certificates and key.
 *
 * @param names default are the libraries' settings
 * @throws {PemError} naming the one that cannot be used
 * @throws {TypeError} where there is a certificate without its key, or a key without a certificate
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../certs/generate.ts";
 *
 * const { ca, server } = await generateCertificates();
 * const { chain, key } = readCredentials({ caCerts: [ca], ...server });
 * if (chain.length !== 1 || !key?.pem.startsWith("-----BEGIN PRIVATE KEY")) throw new Error("none");
 * ```
 */
export function readCredentials(
  input: CredentialInput,
  names: CredentialNames = SETTING_NAMES,
): Credentials {
  const { caCerts = [], cert, key, keyPassphrase } = input;
  const authorities = caCerts.flatMap((text, i) => readCertificates(text, names.caCerts(i)));
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError(
      "Cannot use a certificate without its key, or a key without its certificate",
    );
  }
  if (cert === undefined || key === undefined) {
    return { caCerts: authorities, chain: [], key: null };
  }
  const chain = readCertificates(cert, names.cert);
  const privateKey = readPrivateKey(key, names.key, keyPassphrase, names.passphrase);
  checkPair(chain, privateKey, names);
  return { caCerts: authorities, chain, key: privateKey };
}

/** Where Deno does not know the kind of key, OpenSSL makes this check. */
function checkPair(
  chain: readonly Certificate[],
  { object }: PrivateKey,
  names: CredentialNames,
): void {
  if (!object) return;
  const belongs = ({ x509 }: Certificate) => {
    try {
      return x509.checkPrivateKey(object);
    } catch {
      // The certificate's key is of a kind that Deno does not know, and this key is of another.
      return false;
    }
  };
  const place = chain.findIndex(belongs);
  if (place === 0) return;
  const instead = place > 0
    ? `, but of certificate ${place + 1} in it, which has to be the first`
    : "";
  throw new PemError(names.key, `it is not the private key of ${names.cert}${instead}`);
}
