/**
 * Certificates and keys in OpenSSL's hands.
 *
 * @module
 */
import { type CredentialInput, type Credentials, readCredentials } from "../pem/credentials.ts";
import type { ContextTarget } from "./context_target.ts";
import { SSL_CTRL, VERSION } from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import { cString } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { readX509 } from "./bindings/x509.ts";

/**
 * Sets what a context shows, and what it says of whom it believes.
 *
 * @param withSystem whether it believes the system's authorities, too
 * @returns what was read of them
 * @throws {RangeError} where a text is no usable PEM, or the key is not the certificate's
 * @throws {TypeError} where there is a certificate without its key, or a key without a certificate
 * @throws {OpenSslError} where OpenSSL does not take what was read
 */
export function applyCredentials(
  target: ContextTarget,
  role: "client" | "server",
  settings: CredentialInput,
  withSystem: boolean,
): Credentials {
  const credentials = readCredentials(settings);
  const { caCerts, chain, key } = credentials;
  // A list without the system's would have clients hold back what those have signed.
  if (role === "server" && !withSystem) { for (const { pem } of caCerts) announce(target, pem); }
  const [own, ...rest] = chain;
  if (own) useCertificate(target, own.pem);
  for (const { pem } of rest) addToChain(target, pem);
  if (key) useKey(target, key.pem);
  return credentials;
}

/** The names a server sends with its request, so that a client can choose (RFC 5246 7.4.4). */
function announce({ lib, ctx }: ContextTarget, pem: string): void {
  const x509 = ownX509(lib, pem, "trust an authority of caCerts");
  lib.SSL_CTX_add_client_CA(ctx, x509);
  lib.X509_free(x509);
}

function useCertificate({ lib, ctx }: ContextTarget, pem: string): void {
  const x509 = ownX509(lib, pem, "use cert");
  const used = lib.SSL_CTX_use_certificate(ctx, x509);
  lib.X509_free(x509);
  if (used !== 1) throw takeError(lib, "use cert");
}

/** The context then owns it: SSL_CTX_add_extra_chain_cert(3). */
function addToChain({ lib, ctx }: ContextTarget, pem: string): void {
  const x509 = ownX509(lib, pem, "use the chain in cert");
  if (lib.SSL_CTX_ctrl(ctx, SSL_CTRL.EXTRA_CHAIN_CERT, 0n, x509) === 1n) return;
  lib.X509_free(x509);
  throw takeError(lib, "use the chain in cert");
}

function useKey(target: ContextTarget, pem: string): void {
  const { lib, ctx } = target;
  const key = ownKey(target, pem, "key");
  const used = lib.SSL_CTX_use_PrivateKey(ctx, key);
  lib.EVP_PKEY_free(key);
  if (used !== 1 || lib.SSL_CTX_check_private_key(ctx) !== 1) throw takeError(lib, "use key");
}

/**
 * Reads a private key; the caller owns it.
 *
 * @param source what to call it in an error
 */
export function ownKey(
  { lib, versions }: ContextTarget,
  pem: string,
  source: string,
): Deno.PointerObject {
  using bio = new MemoryBio(lib, pem);
  // An empty passphrase: without one OpenSSL would ask for it on the terminal.
  const key = lib.PEM_read_bio_PrivateKey(bio.pointer, null, null, new Uint8Array(1));
  if (key === null) throw takeError(lib, `use ${source}`);
  const type = cString(lib.EVP_PKEY_get0_type_name(key)) ?? "";
  const [, newest] = versions;
  if (newest === VERSION.DTLS1_2 && /^ED/i.test(type)) {
    lib.EVP_PKEY_free(key);
    throw new RangeError(
      `Cannot use an ${type} key on DTLS: OpenSSL has no cipher suite for it in DTLS 1.2; ` +
        "P-256 and RSA keys can be used",
    );
  }
  return key;
}

/** Reads a certificate; the caller owns it. */
export function ownX509(
  lib: ContextTarget["lib"],
  pem: string,
  action: string,
): Deno.PointerObject {
  using bio = new MemoryBio(lib, pem);
  const x509 = readX509(lib, bio);
  if (x509 === null) throw takeError(lib, action);
  return x509;
}
