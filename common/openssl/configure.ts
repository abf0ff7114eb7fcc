/**
 * How OpenSSL is told what a program says about its connections.
 *
 * @module
 */
import { SSL_CTRL, SSL_OP, SSL_SESS_CACHE, SSL_VERIFY, VERSION } from "./constants.ts";
import { takeError } from "./errors.ts";
import { type OpenSsl, toCString } from "./library.ts";
import type { TlsServerSettings, TlsSettings, TlsVersion } from "./settings.ts";

/** The versions that each transport knows. */
const VERSIONS: Readonly<Record<"tls" | "dtls", Readonly<Partial<Record<TlsVersion, number>>>>> = {
  tls: { "TLSv1.2": VERSION.TLS1_2, "TLSv1.3": VERSION.TLS1_3 },
  dtls: { "DTLSv1.2": VERSION.DTLS1_2, "DTLSv1.3": VERSION.DTLS1_3 },
};

/** SSL_SESSION_CACHE_MAX_SIZE_DEFAULT of openssl/ssl.h. */
const SESSION_CACHE_SIZE = 1024 * 20;

/**
 * DTLS takes AEAD suites alone where nothing else is said: with the others, OpenSSL lets a single
 * forged record end a session that authenticates after it encrypts.
 */
const DTLS_CIPHERS = "DEFAULT:!SHA1:!SHA256:!SHA384";

/** An SSL_CTX that is being set up. */
export interface ContextTarget {
  readonly lib: OpenSsl;
  readonly ctx: Deno.PointerObject;
  readonly datagram: boolean;
}

/**
 * Sets the versions.
 *
 * @throws {RangeError} where the transport or the library does not know one
 */
export function applyVersions(target: ContextTarget, settings: TlsSettings): void {
  const transport = target.datagram ? "dtls" : "tls";
  const oldest = target.datagram ? "DTLSv1.2" : "TLSv1.2";
  const set = (control: number, version: TlsVersion) => {
    const number = Object.hasOwn(VERSIONS[transport], version) && VERSIONS[transport][version];
    const { lib, ctx } = target;
    const done = number && lib.SSL_CTX_ctrl(ctx, control, BigInt(number), null);
    if (done !== 1n) {
      const names = Object.keys(VERSIONS[transport]).join(" or ");
      throw new RangeError(
        `Cannot use the version ${version}: ${names} can be asked for, as far as the library has it`,
      );
    }
  };
  set(SSL_CTRL.SET_MIN_PROTO_VERSION, settings.minVersion ?? oldest);
  if (settings.maxVersion) set(SSL_CTRL.SET_MAX_PROTO_VERSION, settings.maxVersion);
}

/**
 * Sets cipher suites and groups.
 *
 * @throws {OpenSslError} where the library knows none of them
 */
export function applyAlgorithms(
  { lib, ctx, datagram }: ContextTarget,
  settings: TlsSettings,
): void {
  const { cipherSuites, groups, srtpProfiles } = settings;
  const ciphers = settings.ciphers ?? (datagram ? DTLS_CIPHERS : undefined);
  if (ciphers !== undefined && lib.SSL_CTX_set_cipher_list(ctx, toCString(ciphers)) !== 1) {
    throw takeError(lib, `use the ciphers ${ciphers}`);
  }
  if (
    cipherSuites !== undefined && lib.SSL_CTX_set_ciphersuites(ctx, toCString(cipherSuites)) !== 1
  ) {
    throw takeError(lib, `use the cipher suites ${cipherSuites}`);
  }
  // 0 is success here (SSL_CTX_set_tlsext_use_srtp(3)); a library can be built without it.
  const useSrtp = lib.SSL_CTX_set_tlsext_use_srtp;
  if (srtpProfiles !== undefined && useSrtp?.(ctx, toCString(srtpProfiles)) !== 0) {
    throw takeError(lib, `use the SRTP profiles ${srtpProfiles}`);
  }
  if (groups !== undefined) {
    const list = toCString(groups);
    const done = lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_GROUPS_LIST, 0n, Deno.UnsafePointer.of(list));
    if (done !== 1n) throw takeError(lib, `use the groups ${groups}`);
  }
}

/** Sets whose certificate is asked for, and that it has to pass. */
export function applyVerification(
  { lib, ctx }: ContextTarget,
  clientCertificate: "none" | "request" | "require" | undefined,
  verifies: boolean,
): void {
  const { NONE, PEER, FAIL_IF_NO_PEER_CERT } = SSL_VERIFY;
  const mode = !verifies
    ? NONE
    : clientCertificate === "require"
    ? PEER | FAIL_IF_NO_PEER_CERT
    : PEER;
  lib.SSL_CTX_set_verify(ctx, mode, null);
}

/**
 * Sets how a server lets its clients resume.
 *
 * @throws {RangeError} where a number cannot be used
 */
export function applyResumption({ lib, ctx }: ContextTarget, settings: TlsServerSettings): void {
  const { sessionTickets = true, sessionCacheSize = SESSION_CACHE_SIZE, sessionTimeoutSeconds } =
    settings;
  checkCount("session cache size", sessionCacheSize, 0);
  // With client certificates, resumption fails without one (SSL_CTX_set_session_id_context(3)).
  const id = new TextEncoder().encode("netpairs");
  lib.SSL_CTX_set_session_id_context(ctx, id, id.length);
  if (!sessionTickets) lib.SSL_CTX_set_options(ctx, BigInt(SSL_OP.NO_TICKET));
  // A size of 0 would be no limit (SSL_CTX_sess_set_cache_size(3)).
  const mode = sessionCacheSize > 0 ? SSL_SESS_CACHE.SERVER : SSL_SESS_CACHE.OFF;
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_MODE, BigInt(mode), null);
  lib.SSL_CTX_ctrl(ctx, SSL_CTRL.SET_SESS_CACHE_SIZE, BigInt(sessionCacheSize), null);
  if (sessionTimeoutSeconds !== undefined) {
    checkCount("session timeout", sessionTimeoutSeconds, 1);
    lib.SSL_CTX_set_timeout(ctx, BigInt(sessionTimeoutSeconds));
  }
}

function checkCount(what: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= 0x7fffffff) return;
  throw new RangeError(`Cannot use a ${what} of ${value}: a whole number from ${min} is wanted`);
}
