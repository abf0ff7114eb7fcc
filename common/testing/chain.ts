/**
 * A certificate whose authority is signed by another one, for tests.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A root, and a server's certificate followed by the intermediate authority's, PEM. */
export interface Chain {
  root: string;
  chain: string;
  key: string;
}

/** Makes a server's certificate for some names below an intermediate authority. */
export async function chainOf(names: readonly string[]): Promise<Chain> {
  const newKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const [rootKeys, middleKeys, ownKeys] = await Promise.all([newKeys(), newKeys(), newKeys()]);
  const validity = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: ALGORITHM,
  };
  const authority = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ];
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: "CN=root",
    keys: rootKeys,
    extensions: authority,
  });
  const middle = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: "CN=middle",
    issuer: root.subject,
    publicKey: middleKeys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions: authority,
  });
  const own = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: "CN=server",
    issuer: middle.subject,
    publicKey: ownKeys.publicKey,
    signingKey: middleKeys.privateKey,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: "dns" as const, value })),
      ),
    ],
  });
  const pem = (der: BufferSource, tag: string) => `${x509.PemConverter.encode(der, tag)}\n`;
  return {
    root: pem(root.rawData, "CERTIFICATE"),
    chain: pem(own.rawData, "CERTIFICATE") + pem(middle.rawData, "CERTIFICATE"),
    key: pem(await crypto.subtle.exportKey("pkcs8", ownKeys.privateKey), "PRIVATE KEY"),
  };
}
