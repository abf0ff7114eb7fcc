/**
 * How OpenSSL is told what a program says about its connections.
 *
 * @module
 */
import type { Certificate } from "../pem/certificates.ts";
import type { Credentials } from "../pem/credentials.ts";
import { MAX_INTERMEDIATES } from "../pem/policy.ts";
import type { Callback, ContextTarget } from "./context_target.ts";
import {
  SSL_CTRL,
  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
  SSL_OP,
  SSL_SESS_CACHE,
  SSL_VERIFY,
  VERSION,
} from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import { toCString } from "./bindings/library.ts";
import { checkGroups, noGroup } from "./groups.ts";
import { makeVerifier } from "./peer_policy.ts";
import {
  type DtlsSettings,
  SESSION_CACHE_SIZE,
  SESSION_TIMEOUT_SECONDS,
  type TlsServerSettings,
  type TlsSettings,
  type TlsVersion,
} from "./settings.ts";

/** The versions that each transport knows. */
const VERSIONS: Readonly<Record<"tls" | "dtls", Readonly<Partial<Record<TlsVersion, number>>>>> = {
  tls: { "TLSv1.2": VERSION.TLS1_2, "TLSv1.3": VERSION.TLS1_3 },
  dtls: { "DTLSv1.2": VERSION.DTLS1_2, "DTLSv1.3": VERSION.DTLS1_3 },
};

/** Suites of pre-shared keys; they are for contexts that have one. */
const PSK_CIPHERS = "kECDHEPSK+CHACHA20:kPSK+AESGCM";

/**
 * Where nothing else is said: AEAD alone, as with the others OpenSSL lets a single forged datagram
 * end a DTLS session that authenticates after it encrypts; keys by ECDHE alone, as RSA's has no
 * forward secrecy, and the group of a finite field is the server's choice, up to 10,000 bits
 * (RFC 9325 4.1 and 4.2).
 */
const USUAL_CIPHERS = `ECDHE+AESGCM:ECDHE+CHACHA20:${PSK_CIPHERS}`;

/**
 * Where a pre-shared key is the only way to authenticate. In TLS 1.3 a key that is made from plain
 * bytes goes with SHA-256 (RFC 8446 4.2.11).
 */
const PSK_ALGORITHMS = {
  ciphers: PSK_CIPHERS,
  cipherSuites: "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256",
};

/**
 * Groups where nothing else is said, the first list that the library knows: each costs a server less
 * than its signature does, where a share of ffdhe8192 costs 149 ms. From 3.5 on an asterisk stands
 * before what a client sends shares of, and a slash after what a server prefers to all that follows.
 * X25519MLKEM768 is a group of TLS 1.3 alone; a library that is bound to FIPS 140 may lack X25519.
 */
const USUAL_GROUPS = {
  tls: ["*X25519MLKEM768/*X25519:P-256:P-384", "X25519:P-256:P-384", "P-256:P-384"],
  dtls: ["X25519:P-256:P-384", "P-256:P-384"],
} as const;

/** By its name in node:crypto. */
const P521 = "secp521r1";

/**
 * What is none of a program's business: see docs/security.md. A server chooses the cipher suite by
 * its own order, but for a client that has no AES of its hardware's and so prefers ChaCha20.
 */
const OPTIONS = SSL_OP.NO_RENEGOTIATION | SSL_OP.NO_QUERY_MTU | SSL_OP.NO_COMPRESSION |
  SSL_OP.NO_RX_CERTIFICATE_COMPRESSION | SSL_OP.CIPHER_SERVER_PREFERENCE |
  SSL_OP.PRIORITIZE_CHACHA;

/**
 * Longest list of certificates that a client may send, in bytes: SSL_CTX_set_max_cert_list(3). Some
 * RSA-4096 certificates fit; the library's own limit, 100 KiB, is what any client can make it keep.
 */
const MAX_CERT_LIST_BYTES = 32 * 1024;

/** Sets what no program says, of either end. */
export function applyOptions({ lib, ctx }: ContextTarget, role: "client" | "server"): void {
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.MODE, BigInt(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), null);
  lib.SSL_CTX_set_options(ctx, OPTIONS);
  if (role === "client") return;
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_MAX_CERT_LIST, BigInt(MAX_CERT_LIST_BYTES), null);
}

/**
 * The oldest and the newest version a context may agree on, as OpenSSL numbers them. DTLS 1.3 is
 * never agreed on by itself: no libssl that has it could be tried.
 */
export function versionRange(
  { datagram, minVersion, maxVersion }: TlsSettings & { datagram: boolean },
): readonly [oldest: number, newest: number] {
  const numbers = VERSIONS[datagram ? "dtls" : "tls"];
  const known = Object.values(numbers);
  const oldest = minVersion ? numbers[minVersion]! : known[0]!;
  const newest = datagram ? oldest : known.at(-1)!;
  return [oldest, maxVersion ? numbers[maxVersion]! : newest];
}

/**
 * Sets the versions.
 *
 * @throws {RangeError} where the library does not know one
 */
export function applyVersions({ lib, ctx, datagram }: ContextTarget, settings: TlsSettings): void {
  const [oldest, newest] = versionRange({ ...settings, datagram });
  const set = (control: number, version: number, name: string) => {
    if (lib.SSL_CTX_ctrl(ctx, control, BigInt(version), null) === 1n) return;
    throw new RangeError(`Cannot use ${name}: ${lib.versionText} does not know it`);
  };
  set(SSL_CTRL.SET_MIN_PROTO_VERSION, oldest, `minVersion ${settings.minVersion}`);
  if (settings.maxVersion === undefined && !datagram) return;
  set(SSL_CTRL.SET_MAX_PROTO_VERSION, newest, `maxVersion ${settings.maxVersion}`);
}

/**
 * Sets cipher suites. What a program says is not shown in an error: it may be a key that stands in
 * the wrong place.
 *
 * @param keyAlone whether a pre-shared key is the only way to authenticate
 * @throws {OpenSslError} where the library knows none of them
 */
export function applyAlgorithms(
  { lib, ctx }: ContextTarget,
  settings: TlsSettings & DtlsSettings,
  keyAlone: boolean,
): void {
  const { srtpProfiles } = settings;
  const usual = { ciphers: USUAL_CIPHERS, cipherSuites: undefined };
  const otherwise = keyAlone ? PSK_ALGORITHMS : usual;
  const { ciphers = otherwise.ciphers, cipherSuites = otherwise.cipherSuites } = settings;
  if (ciphers !== undefined && lib.SSL_CTX_set_cipher_list(ctx, toCString(ciphers)) !== 1) {
    throw takeError(lib, "use the ciphers");
  }
  if (
    cipherSuites !== undefined && lib.SSL_CTX_set_ciphersuites(ctx, toCString(cipherSuites)) !== 1
  ) {
    throw takeError(lib, "use the cipherSuites");
  }
  // 0 is success here (SSL_CTX_set_tlsext_use_srtp(3)); a library can be built without it.
  const useSrtp = lib.SSL_CTX_set_tlsext_use_srtp;
  if (srtpProfiles !== undefined && useSrtp?.(ctx, toCString(srtpProfiles)) !== 0) {
    throw takeError(lib, "use the srtpProfiles");
  }
}

/**
 * Sets the key exchange groups. Up to version 1.2 the curve of a peer's certificate has to be among
 * them, too (RFC 8422 5.1): P-521 is, where the own certificate or an authority is on it.
 *
 * @param credentials what the context shows and believes
 * @throws {RangeError} where the library does not know one, or the versions cannot use it
 * @throws {OpenSslError} where it is no list of groups
 */
export function applyGroups(
  target: ContextTarget,
  settings: TlsSettings,
  { chain, caCerts }: Pick<Credentials, "chain" | "caCerts">,
): void {
  const { lib, ctx, datagram } = target;
  const { groups } = settings;
  const unknown = groups === undefined
    ? null
    : checkGroups(target, groups, versionRange({ ...settings, datagram }));
  const set = (names: string) => {
    const list = Deno.UnsafePointer.of(toCString(names));
    return lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_GROUPS_LIST, 0n, list) === 1n;
  };
  const more = [...chain, ...caCerts].some((one) => curveOf(one) === P521) ? ":P-521" : "";
  const usual = USUAL_GROUPS[datagram ? "dtls" : "tls"].map((list) => `${list}${more}`);
  const isSet = groups === undefined ? usual.some(set) : set(groups);
  if (!isSet && unknown !== null) throw noGroup(lib, unknown);
  if (!isSet) throw takeError(lib, "use the groups");
  // Lists that the library did not take.
  lib.ERR_clear_error();
}

/** The curve of a certificate's key by its name in node:crypto, where that knows it. */
function curveOf({ x509 }: Certificate): string | undefined {
  try {
    return x509.publicKey.asymmetricKeyDetails?.namedCurve;
  } catch {
    return undefined;
  }
}

/**
 * Sets whose certificate is asked for, and that it has to pass.
 *
 * @returns what is called back for each certificate; null where none has to pass
 */
export function applyVerification(
  { lib, ctx }: ContextTarget,
  clientCertificate: "none" | "request" | "require" | undefined,
  verifies: boolean,
): Callback | null {
  const { NONE, PEER, FAIL_IF_NO_PEER_CERT } = SSL_VERIFY;
  const mode = !verifies
    ? NONE
    : clientCertificate === "require"
    ? PEER | FAIL_IF_NO_PEER_CERT
    : PEER;
  const verifier = verifies ? makeVerifier(lib) : null;
  lib.SSL_CTX_set_verify(ctx, mode, verifier?.pointer ?? null);
  lib.SSL_CTX_set_verify_depth(ctx, MAX_INTERMEDIATES);
  return verifier;
}

/**
 * Sets how a server lets its clients resume.
 *
 * @param trust what its clients are believed by: sessions of any other are not resumed
 */
export function applyResumption(
  { lib, ctx }: ContextTarget,
  settings: TlsServerSettings,
  trust: string,
): void {
  const {
    sessionTickets = true,
    sessionCacheSize = SESSION_CACHE_SIZE,
    sessionTimeoutSeconds = SESSION_TIMEOUT_SECONDS,
  } = settings;
  // With client certificates, resumption fails without one (SSL_CTX_set_session_id_context(3)).
  const id = Uint8Array.fromHex(trust);
  lib.SSL_CTX_set_session_id_context(ctx, id, id.length);
  if (!sessionTickets) lib.SSL_CTX_set_options(ctx, SSL_OP.NO_TICKET);
  // A size of 0 would be no limit (SSL_CTX_sess_set_cache_size(3)).
  const mode = sessionCacheSize > 0 ? SSL_SESS_CACHE.SERVER : SSL_SESS_CACHE.OFF;
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_MODE, BigInt(mode), null);
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_SIZE, BigInt(sessionCacheSize), null);
  lib.SSL_CTX_set_timeout(ctx, BigInt(sessionTimeoutSeconds));
}
