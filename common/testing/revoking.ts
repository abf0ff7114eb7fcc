/**
 * An authority that revokes what it has signed, for tests.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Role } from "../model/protocol.ts";
import { formatPem } from "../pem/blocks.ts";
import { MS_PER_DAY } from "../pem/kinds.ts";
import { authority, end } from "./authority_chain.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate, its key, and the number that it is revoked by; PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly serialNumber: string;
}

/** An authority with a key of its own. */
export class RevokingAuthority {
  readonly #name: string;
  readonly #keys: CryptoKeyPair;
  /** Its own certificate, PEM. */
  readonly cert: string;
  /** Its private key, PKCS#8 as PEM. */
  readonly key: string;
  #issued = 1;

  private constructor(name: string, keys: CryptoKeyPair, cert: string, key: string) {
    this.#name = name;
    this.#keys = keys;
    this.cert = cert;
    this.key = key;
  }

  /** A root, or one that another has signed. */
  static async make(name: string, issuer?: RevokingAuthority): Promise<RevokingAuthority> {
    const keys = await newKeys();
    const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
    const [constraints] = authority();
    const extensions = [constraints!, new x509.KeyUsagesExtension(usages, true)];
    const subject = `CN=${name}`;
    const signer = issuer ?? { sign: sign.bind(null, subject, keys.privateKey) };
    const cert = await signer.sign(subject, keys.publicKey, extensions, "01");
    return new RevokingAuthority(name, keys, cert, await keyText(keys));
  }

  /** Signs a certificate; PEM. */
  sign(
    subject: string,
    publicKey: CryptoKey,
    extensions: x509.Extension[],
    serialNumber = this.#next(),
  ): Promise<string> {
    const issuer = `CN=${this.#name}`;
    return sign(issuer, this.#keys.privateKey, subject, publicKey, extensions, serialNumber);
  }

  /** A certificate for localhost. */
  async issue(role: Role, more: x509.Extension[] = []): Promise<Issued> {
    const keys = await newKeys();
    const serialNumber = this.#next();
    const extensions = [...end(role), ...more];
    const cert = await this.sign("CN=localhost", keys.publicKey, extensions, serialNumber);
    return { cert, key: await keyText(keys), serialNumber };
  }

  /**
   * What it has revoked, PEM.
   *
   * @param days from now until a newer list is due
   */
  async crl(revoked: readonly Pick<Issued, "serialNumber">[], days = 1): Promise<string> {
    const crl = await x509.X509CrlGenerator.create({
      issuer: `CN=${this.#name}`,
      thisUpdate: new Date(Date.now() - 10 * MS_PER_DAY),
      nextUpdate: new Date(Date.now() + days * MS_PER_DAY),
      entries: revoked.map(({ serialNumber }) => ({ serialNumber })),
      signingAlgorithm: P256,
      signingKey: this.#keys.privateKey,
    });
    return formatPem("X509 CRL", new Uint8Array(crl.rawData));
  }

  #next(): string {
    return (++this.#issued).toString(16).padStart(2, "0");
  }
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(P256, true, ["sign", "verify"]) as CryptoKeyPair;
}

async function keyText({ privateKey }: CryptoKeyPair): Promise<string> {
  const bytes = await crypto.subtle.exportKey("pkcs8", privateKey);
  return formatPem("PRIVATE KEY", new Uint8Array(bytes));
}

async function sign(
  issuer: string,
  signingKey: CryptoKey,
  subject: string,
  publicKey: CryptoKey,
  extensions: x509.Extension[],
  serialNumber: string,
): Promise<string> {
  const made = await x509.X509CertificateGenerator.create({
    ...{ subject, issuer, publicKey, signingKey, signingAlgorithm: P256, extensions, serialNumber },
    notBefore: new Date(Date.now() - MS_PER_DAY),
    notAfter: new Date(Date.now() + MS_PER_DAY),
  });
  return formatPem("CERTIFICATE", new Uint8Array(made.rawData));
}
