/**
 * Cipher suites beside OpenSSL's security level (SSL_CTX_set_security_level(3)): what is named and lies
 * below it is taken by the library, and then refuses every peer in silence; and the suites of small
 * devices, whose authentication tag has 8 bytes, lie below every level of newer libraries.
 *
 * @module
 */
import type { ContextTarget } from "./context_target.ts";
import { SSL_CTRL, VERSION } from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import { cString, type OpenSsl, toCString } from "./bindings/library.ts";
import { versionRange } from "./configure.ts";
import type { TlsSettings } from "./settings.ts";

/** Suites with a tag of 8 bytes: RFC 6655 for a key, RFC 7251 for certificates. */
const SHORT_TAG = { key: "PSK-AES128-CCM8", certificates: "ECDHE-ECDSA-AES128-CCM8" };

/** Suites whose finite field the server chooses: the level alone says how small it may be. */
const FINITE_FIELD = /^(?:DHE|EDH|ADH)-/;

/** As the library calls suites of version 1.3, which it keeps apart from the others. */
const NEWER = /^TLS_/;

/** What peers may sign with where the level does not say it: nothing with SHA-1, DSA or MD5. */
const SIGNATURES = [
  ...["ECDSA+SHA256", "ECDSA+SHA384", "ECDSA+SHA512", "ed25519", "ed448"],
  ...["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
  ...["rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"],
  ...["RSA+SHA256", "RSA+SHA384", "RSA+SHA512"],
].join(":");

// unsigned int (*SSL_psk_client_cb_func)(...); it is never called.
const NO_KEY = { parameters: [], result: "u32" } as const;

/**
 * Refuses lists of which nothing is left at the library's security level, and ones that name suites of
 * devices which that level does not let in.
 *
 * @throws {RangeError} saying which suite it is, and what to say to have it
 */
export function checkCiphers(target: ContextTarget, settings: TlsSettings): void {
  const { ciphers, cipherSuites } = settings;
  if (ciphers === undefined && cipherSuites === undefined) return;
  const { lib, ctx, datagram } = target;
  const level = lib.SSL_CTX_get_security_level(ctx);
  const allowed = new Set(allowedCiphers(target));
  const [older, newer] = parted(listedCiphers(target));
  const lost = (names: readonly string[]) => names.every((name) => !allowed.has(name));
  const refuse = (setting: string, name: string, remedy: string) => {
    throw new RangeError(
      `Cannot use the ${setting}: ${name} is below OpenSSL's security level ${level}, ` +
        `which would refuse every peer in silence; ${remedy}`,
    );
  };
  const [oldest, newest] = versionRange({ ...settings, datagram });
  const devices = older.find((name) => isShortTag(name) && !allowed.has(name));
  if (ciphers?.includes("CCM8") && devices !== undefined) {
    refuse("ciphers", devices, "ccm8Ciphers: true lets such suites in");
  }
  const usesOlder = datagram || oldest < VERSION.TLS1_3;
  if (ciphers !== undefined && usesOlder && older.length > 0 && lost(older)) {
    refuse("ciphers", older[0]!, "name stronger ones, or a lower level with @SECLEVEL");
  }
  const usesNewer = !datagram && newest >= VERSION.TLS1_3;
  if (cipherSuites !== undefined && usesNewer && newer.length > 0 && lost(newer)) {
    refuse(
      "cipherSuites",
      newer[0]!,
      "name stronger ones, or a lower level with @SECLEVEL in ciphers",
    );
  }
}

/**
 * Adds the suites of small devices to what is allowed without them, and nothing else: where the level
 * has to be lowered for them, what it kept out until then stays out.
 *
 * @param ways how the context's peers may authenticate
 * @throws {RangeError} where the library does not have them, and where a suite is among the others whose
 * group nothing but the level keeps from being small
 */
export function addShortTagCiphers(
  target: ContextTarget,
  ways: { key: boolean; certificates: boolean },
): void {
  const { lib, ctx } = target;
  const [older, newer] = parted(allowedCiphers(target));
  const field = older.find((name) => FINITE_FIELD.test(name));
  if (field !== undefined) {
    throw new RangeError(
      `Cannot use ccm8Ciphers beside ${field} in ciphers: they lower the level that alone ` +
        "keeps its group from being small; name suites with ECDHE",
    );
  }
  const wanted = (["key", "certificates"] as const).filter((way) => ways[way])
    .map((way) => SHORT_TAG[way]);
  const list = [...older.filter((name) => !wanted.includes(name)), ...wanted].join(":");
  if (lib.SSL_CTX_set_cipher_list(ctx, toCString(list)) !== 1) {
    throw takeError(lib, "use the ciphers");
  }
  const missing = wanted.find((name) => !listedCiphers(target).includes(name));
  if (missing !== undefined) {
    throw new RangeError(`Cannot use ccm8Ciphers: ${lib.versionText} does not have ${missing}`);
  }
  const lacks = () => {
    const allowed = allowedCiphers(target);
    return wanted.some((name) => !allowed.includes(name));
  };
  for (let level = lib.SSL_CTX_get_security_level(ctx); level > 0 && lacks();) {
    lowerLevel(target, --level, newer);
  }
}

/**
 * Lowers the security level for cipher suites alone. Versions, groups and compression are the
 * settings' own; what the level says of certificates, signatures and suites of 1.3 is said outright.
 *
 * @param newer the suites of 1.3 that were allowed
 */
export function lowerLevel(
  { lib, ctx }: ContextTarget,
  level: number,
  newer: readonly string[],
): void {
  const param = lib.SSL_CTX_get0_param(ctx);
  if (lib.X509_VERIFY_PARAM_get_auth_level(param) < 0) {
    lib.X509_VERIFY_PARAM_set_auth_level(param, lib.SSL_CTX_get_security_level(ctx));
  }
  lib.SSL_CTX_set_security_level(ctx, level);
  const signatures = Deno.UnsafePointer.of(toCString(SIGNATURES));
  const set = lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SIGALGS_LIST, 0n, signatures) === 1n &&
    lib.SSL_CTX_set_ciphersuites(ctx, toCString(newer.join(":"))) === 1;
  if (!set) throw takeError(lib, "use the ccm8Ciphers");
}

function isShortTag(name: string): boolean {
  return name.includes("CCM8");
}

/** Those up to version 1.2, and those of 1.3. */
function parted(names: readonly string[]): [older: string[], newer: string[]] {
  return [names.filter((name) => !NEWER.test(name)), names.filter((name) => NEWER.test(name))];
}

/** The suites that a context names, whatever its level. */
function listedCiphers({ lib, ctx }: ContextTarget): string[] {
  return namesIn(lib, lib.SSL_CTX_get_ciphers(ctx));
}

/** Those that it may agree on: SSL_get1_supported_ciphers(3). */
function allowedCiphers({ lib, ctx }: ContextTarget): string[] {
  using made = new DisposableStack();
  const ssl = lib.SSL_new(ctx);
  if (ssl === null) throw takeError(lib, "look at the ciphers");
  made.defer(() => lib.SSL_free(ssl));
  // Without one OpenSSL counts no suite with a key among them.
  const noKey = new Deno.UnsafeCallback(NO_KEY, () => 0);
  made.defer(() => noKey.close());
  lib.SSL_set_psk_client_callback(ssl, noKey.pointer);
  const list = lib.SSL_get1_supported_ciphers(ssl);
  made.defer(() => lib.OPENSSL_sk_free(list));
  return namesIn(lib, list);
}

function namesIn(lib: OpenSsl, list: Deno.PointerValue): string[] {
  // NULL has -1 entries.
  return Array.from(
    { length: Math.max(lib.OPENSSL_sk_num(list), 0) },
    (_, i) => cString(lib.SSL_CIPHER_get_name(lib.OPENSSL_sk_value(list, i)))!,
  );
}
