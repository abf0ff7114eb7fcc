/**
 * What a peer's certificates have to be beyond what OpenSSL asks of them: see docs/security.md. It is
 * what Deno's own TLS asks, too, so that all lanes take the same certificates.
 *
 * @module
 */
import { MAX_RSA_BITS, MIN_RSA_BITS, REFUSALS } from "../pem/policy.ts";
import { noteRefusal } from "./bindings/calls.ts";
import { EXFLAG, KU_DIGITAL_SIGNATURE, X509_V } from "./bindings/constants.ts";
import { cString, type OpenSsl } from "./bindings/library.ts";

// int (*SSL_verify_cb)(int preverify_ok, X509_STORE_CTX *x509_ctx)
const VERIFY = {
  parameters: ["i32", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/**
 * Looks at each certificate of a chain, from the authority's down, before its key is used for
 * anything (internal_verify() of crypto/x509/x509_vfy.c), and after OpenSSL has found it good.
 */
export function makeVerifier(lib: OpenSsl): Deno.UnsafeCallback<typeof VERIFY> {
  return new Deno.UnsafeCallback(VERIFY, (isGood, check) => {
    if (isGood !== 1) return Number(isRootWithoutCrl(lib, check));
    const x509 = lib.X509_STORE_CTX_get_current_cert(check);
    const isEnd = lib.X509_STORE_CTX_get_error_depth(check) === 0;
    const refusal = refusalOf(lib, x509, isEnd);
    if (refusal === null) return 1;
    noteRefusal(refusal);
    lib.X509_STORE_CTX_set_error(check, X509_V.CERT_REJECTED);
    return 0;
  });
}

/**
 * What is wrong with a certificate of a chain, as far as the certificate alone says it.
 *
 * @param isEnd whether it is the peer's own
 * @returns goes on after "the peer's certificate"; null where it passes
 */
export function refusalOf(
  lib: OpenSsl,
  x509: Deno.PointerValue,
  isEnd: boolean,
): string | null {
  const key = x509 && lib.X509_get0_pubkey(x509);
  if (key === null) return REFUSALS.unreadable;
  if (cString(lib.EVP_PKEY_get0_type_name(key))?.startsWith("RSA")) {
    const bits = lib.EVP_PKEY_get_bits(key);
    if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) return REFUSALS.rsaBits(bits);
  }
  return isEnd ? refusalOfEnd(lib, x509) : null;
}

/**
 * Whether what is missing is the list in which a certificate that has signed itself would be revoked
 * by itself: one that is believed as it is has none, and those below a root have asked for its list.
 */
function isRootWithoutCrl(lib: OpenSsl, check: Deno.PointerValue): boolean {
  if (lib.X509_STORE_CTX_get_error(check) !== X509_V.UNABLE_TO_GET_CRL) return false;
  if (lib.X509_self_signed(lib.X509_STORE_CTX_get_current_cert(check), 0) !== 1) return false;
  lib.X509_STORE_CTX_set_error(check, X509_V.OK);
  return true;
}

/** The peer's own; OpenSSL has looked at what its authorities may do. */
function refusalOfEnd(lib: OpenSsl, x509: Deno.PointerValue): string | null {
  // Version 3 is 2 there (RFC 5280 4.1.2.1).
  const version = Number(lib.X509_get_version(x509)) + 1;
  if (version !== 3) return REFUSALS.version(version);
  // One that has signed itself is believed as it is.
  const isAuthority = lib.X509_get_extension_flags(x509) & (EXFLAG.CA | EXFLAG.SELF_ISSUED);
  if (isAuthority === EXFLAG.CA) return REFUSALS.authorityAsEnd;
  // All bits are set where there is no such extension (X509_get_key_usage(3)).
  const isSigner = (lib.X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) !== 0;
  return isSigner ? null : REFUSALS.endKeyUsage;
}
