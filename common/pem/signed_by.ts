/**
 * Whether one certificate is signed with another's key.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  constants,
  createPublicKey,
  type KeyObject,
  verify,
  type VerifyKeyObjectInput,
} from "node:crypto";
import { objectId, readContents, readSequence } from "./der.ts";
import type { Fields } from "./fields.ts";

/** Hash functions by the identifiers of RSA and ECDSA with them: RFC 8017 A.2.4, RFC 5758 3.2. */
const ALGORITHMS: Readonly<Record<string, string | null>> = {
  "2a864886f70d01010b": "sha256",
  "2a864886f70d01010c": "sha384",
  "2a864886f70d01010d": "sha512",
  "2a8648ce3d040302": "sha256",
  "2a8648ce3d040303": "sha384",
  "2a8648ce3d040304": "sha512",
  // Ed25519 (RFC 8410 3) has its own.
  "2b6570": null,
};

/** id-RSASSA-PSS, and the hash functions that stand in its parameters: RFC 8017 A.2.3, B.1. */
const PSS = "2a864886f70d01010a";
const PSS_HASHES: Readonly<Record<string, readonly [name: string, saltBytes: number]>> = {
  "608648016503040201": ["sha256", 32],
  "608648016503040202": ["sha384", 48],
  "608648016503040203": ["sha512", 64],
};

/** False, too, for algorithms that TLS 1.3 has no scheme for (RFC 8446 4.2.3), such as SHA-1. */
export function isSignedBy(cert: Fields, authority: Fields): boolean {
  return verifySignature(cert, authority) ?? false;
}

/** The same; null where the algorithm, or the kind of the authority's key, is not known here. */
export function verifySignature(cert: Fields, authority: Fields): boolean | null {
  const [id, parameters] = readSequence(cert.algorithm.whole) ?? [];
  const name = objectId(id) ?? "";
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(authority.key), format: "der", type: "spki" });
  } catch {
    return null;
  }
  try {
    if (name !== PSS) {
      const hash = ALGORITHMS[name];
      return hash === undefined ? null : verify(hash, cert.signed, key, cert.signature);
    }
    // RSASSA-PSS-params begins with [0] hashAlgorithm; TLS has salts as long as the hash.
    const [tagged] = parameters ? readContents(parameters) ?? [] : [];
    const [algorithm] = tagged ? readContents(tagged) ?? [] : [];
    const [hashId] = algorithm ? readContents(algorithm) ?? [] : [];
    const [hash, saltLength] = PSS_HASHES[objectId(hashId) ?? ""] ?? [];
    if (hash === undefined) return null;
    const input: VerifyKeyObjectInput = {
      ...{ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
    };
    return verify(hash, cert.signed, input, cert.signature);
  } catch {
    // A key that goes with no such signature.
    return false;
  }
}
